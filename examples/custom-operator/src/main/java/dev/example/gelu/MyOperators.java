package dev.example.gelu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.CustomOperators;
import dev.baton.runtime.kernel.KernelException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The operators that {@code export.py} gives to PyTorch. */
public final class MyOperators extends CustomOperators {
  public MyOperators() {
    super("my");
    define(
        "my::gelu2(Tensor x, float scale=1.702) -> Tensor",
        call -> {
          if (call.type("x").dtype() != DType.FLOAT) {
            throw new KernelException("expected float32, not " + call.type("x"));
          }
          return List.of(call.type("x"));
        },
        call -> {
          MemorySegment x = call.input("x").data();
          MemorySegment y = call.output(0).data();
          double scale = call.number("scale");
          return () -> {
            for (long at = 0; at < x.byteSize(); at += Float.BYTES) {
              float v = x.get(JAVA_FLOAT, at);
              y.set(JAVA_FLOAT, at, (float) (v / (1 + Math.exp(-scale * v))));
            }
          };
        });
  }
}
