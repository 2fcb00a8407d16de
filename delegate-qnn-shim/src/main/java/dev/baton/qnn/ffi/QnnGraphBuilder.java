package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A graph that is being written. Not for several threads at a time. */
public final class QnnGraphBuilder {
  private final QnnContext context;
  private final long handle;

  /**
   * @param name unique in the context
   */
  public QnnGraphBuilder(QnnContext context, String name) throws QnnException {
    this.context = context;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      long configurations =
          context.library().backendId() == QnnLibrary.HTP ? halfPrecision(arena).address() : 0;
      this.handle =
          context
              .library()
              .ask(
                  BackendFunction.GRAPH_CREATE,
                  (h, out) ->
                      (long) h.invokeExact(context.handle(), text.address(), configurations, out));
    }
  }

  /** Float32 tensors are computed in the float16 that the processor has. */
  private static MemorySegment halfPrecision(Arena arena) {
    MemorySegment precision = arena.allocate(Layouts.GRAPH_CONFIG_BYTES, 8);
    precision.set(JAVA_INT, 0, Layouts.GRAPH_PRECISION);
    precision.set(JAVA_INT, Layouts.GRAPH_CONFIG_VALUE, Layouts.PRECISION_HALF);
    return Configurations.custom(precision, arena);
  }

  /**
   * Tells the library of a tensor.
   *
   * @param data of a constant, in native memory, which the library copies; null for others
   * @return the tensor with the id that it is known by
   */
  public QnnTensor define(QnnTensor tensor, @Nullable MemorySegment data) throws QnnException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment at = arena.allocate(Layouts.TENSOR_BYTES, 8);
      tensor.write(at, data, arena);
      context
          .library()
          .call(BackendFunction.GRAPH_TENSOR, h -> (long) h.invokeExact(handle, at.address()));
      return tensor.withId(at.get(JAVA_INT, Layouts.TENSOR_ID));
    }
  }

  /** Adds an operator, whose tensors are defined. */
  public void add(QnnNode node) throws QnnException {
    try (Arena arena = Arena.ofConfined()) {
      List<QnnTensor> parameters = new ArrayList<>();
      List<QnnNode.Parameter.Integers> integers =
          node.parameters().stream()
              .filter(QnnNode.Parameter.Integers.class::isInstance)
              .map(QnnNode.Parameter.Integers.class::cast)
              .toList();
      List<QnnTensor> tensors = node.parameterTensors();
      for (int i = 0; i < tensors.size(); i++) {
        MemorySegment data = arena.allocateFrom(JAVA_INT, integers.get(i).values());
        parameters.add(define(tensors.get(i), data));
      }
      MemorySegment description = node.write(parameters, arena);
      context
          .library()
          .call(BackendFunction.GRAPH_ADD_NODE, h -> (long) h.invokeExact(handle, description));
    }
  }

  /** Compiles the graph. */
  public QnnGraph finish() throws QnnException {
    QnnGraph graph = new QnnGraph(context, handle);
    graph.finish();
    return graph;
  }
}
