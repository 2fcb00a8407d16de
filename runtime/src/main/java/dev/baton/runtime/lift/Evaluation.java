package dev.baton.runtime.lift;

import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Computes single nodes whose arguments are known before the program runs. */
public final class Evaluation {
  private static final NodeCall.Facts LITERALS = NodeCall.declaredTypes();

  private Evaluation() {}

  /**
   * The results of a node, contiguous, each with readable bytes after its end.
   *
   * @param inputs the operand of each tensor that the node reads
   * @param arena of the results
   * @param maxBytes of scratch, and of the arrays of a kernel
   * @throws KernelException if the kernel refuses the arguments, needs more, or gives other types
   *     than the program declares
   */
  public static List<Operand> run(
      Kernel kernel, Node node, Function<Value, Operand> inputs, Arena arena, long maxBytes) {
    List<TensorType> types = kernel.infer(new NodeCall(node, LITERALS));
    List<Operand> results = new ArrayList<>();
    Map<Value, Operand> operands = new HashMap<>();
    for (int r = 0; r < types.size(); r++) {
      TensorType type = types.get(r);
      Value result = node.results().get(r);
      if (!type.shape().equals(result.shape()) || type.dtype() != result.dtype()) {
        throw new KernelException("inferred " + type + ", the program says " + result.type());
      }
    }
    for (int r = 0; r < types.size(); r++) {
      TensorType type = types.get(r);
      long bytes = type.byteSize();
      MemorySegment data = arena.allocate(bytes + Constants.SLACK, 64).asSlice(0, bytes);
      results.add(new Operand(data, type.dtype(), type.shape()));
      operands.put(node.results().get(r), results.get(r));
    }
    try (Arena temporary = Arena.ofConfined()) {
      kernel
          .bind(
              new BoundNodeCall(
                  node,
                  LITERALS,
                  new BoundNodeCall.Buffers() {
                    private long taken;

                    @Override
                    public Operand operand(Value value) {
                      return operands.computeIfAbsent(value, inputs);
                    }

                    @Override
                    public MemorySegment scratch(long bytes) {
                      heap(bytes);
                      return temporary.allocate(bytes, 64);
                    }

                    @Override
                    public void heap(long bytes) {
                      if (bytes > maxBytes - taken) {
                        throw new KernelException("more than " + maxBytes + " bytes of memory");
                      }
                      taken += bytes;
                    }

                    @Override
                    public void resize(Value result, int... sizes) {
                      throw new KernelException("a folded operator resizes its result");
                    }
                  }))
          .run();
    }
    return results;
  }
}
