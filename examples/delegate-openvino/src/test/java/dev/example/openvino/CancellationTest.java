package dev.example.openvino;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Shape;
import dev.example.openvino.ffi.CompiledModel;
import dev.example.openvino.ffi.ElementType;
import dev.example.openvino.ffi.OpenvinoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A long run ends when its caller gives up, and can be run again. */
class CancellationTest {
  private static final int SIZE = 512;
  private static final int PRODUCTS = 100;

  /** The input, squared again and again. */
  private static String chain() {
    String matrix = "<dim>%d</dim><dim>%d</dim>".formatted(SIZE, SIZE);
    StringBuilder layers =
        new StringBuilder(
            "<layer id=\"0\" name=\"in0\" type=\"Parameter\" version=\"opset1\"><data shape=\"%d,%d\" element_type=\"f32\"/>"
                    .formatted(SIZE, SIZE)
                + "<output><port id=\"0\" precision=\"FP32\" names=\"in0\">"
                + matrix
                + "</port></output></layer>");
    StringBuilder edges = new StringBuilder();
    for (int i = 1; i <= PRODUCTS + 1; i++) {
      boolean last = i > PRODUCTS;
      layers.append(
          "<layer id=\"%d\" name=\"n%d\" type=\"%s\" version=\"opset1\">"
              .formatted(i, i, last ? "Result" : "MatMul"));
      layers.append(last ? "" : "<data transpose_a=\"false\" transpose_b=\"false\"/>");
      for (int port = 0; port < (last ? 1 : 2); port++) {
        edges.append(
            "<edge from-layer=\"%d\" from-port=\"%d\" to-layer=\"%d\" to-port=\"%d\"/>"
                .formatted(i - 1, i == 1 ? 0 : 2, i, port));
      }
      layers.append(
          last
              ? "<input><port id=\"0\"/></input>"
              : "<input><port id=\"0\"/><port id=\"1\"/></input>"
                  + "<output><port id=\"2\" precision=\"FP32\"/></output>");
      layers.append("</layer>");
    }
    return "<?xml version=\"1.0\"?><net name=\"chain\" version=\"11\"><layers>%s</layers><edges>%s</edges></net>"
        .formatted(layers, edges);
  }

  private record Buffers(MemorySegment in, MemorySegment out) implements Bindings {
    static final Shape SHAPE = Shape.of(SIZE, SIZE);

    @Override
    public int inputCount() {
      return 1;
    }

    @Override
    public int outputCount() {
      return 1;
    }

    @Override
    public MemorySegment input(int index) {
      return in;
    }

    @Override
    public Shape inputShape(int index) {
      return SHAPE;
    }

    @Override
    public MemorySegment output(int index) {
      return out;
    }

    @Override
    public Shape outputShape(int index) {
      return SHAPE;
    }
  }

  private static final class Asked implements RunContext {
    int times;

    @Override
    public boolean isCancelled() {
      return times++ > 0; // not before the run
    }
  }

  @Test
  void longRunsEndWhenTheCallerGivesUp() throws OpenvinoException, DelegateException {
    List<ElementType> one = List.of(ElementType.F32);
    try (Arena arena = Arena.ofShared();
        CompiledModel model =
            Libraries.installed()
                .compile(chain(), MemorySegment.NULL, 0, OpenvinoSubgraph.properties(1));
        OpenvinoExecution execution =
            new OpenvinoExecution("chain", model.newRequest(), one, one, true)) {
      MemorySegment in = arena.allocate(4L * SIZE * SIZE, 64);
      for (long i = 0; i < SIZE; i++) {
        in.setAtIndex(ValueLayout.JAVA_FLOAT, i * SIZE + i, -1);
      }
      MemorySegment out = arena.allocate(in.byteSize(), 64);
      execution.bind(new Buffers(in, out));
      execution.run(new RunContext() {});
      long start = System.nanoTime();
      execution.run(new RunContext() {});
      long whole = System.nanoTime() - start;

      start = System.nanoTime();
      DelegateException given =
          assertThrows(DelegateException.class, () -> execution.run(new Asked()));
      long part = System.nanoTime() - start;
      assertEquals(DelegateException.Kind.CANCELLED, given.kind(), given::toString);
      assertTrue(part < whole / 2, part + " of " + whole + " ns");

      out.fill((byte) 0);
      execution.run(new RunContext() {});
      for (long i = 0; i < SIZE; i++) {
        assertEquals(1, out.getAtIndex(ValueLayout.JAVA_FLOAT, i * SIZE + i), "the diagonal");
      }
    }
  }
}
