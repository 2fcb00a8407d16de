package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A subgraph while a runtime is made from it; used by one thread. */
public final class XnnSubgraph implements AutoCloseable {
  private static final int DATATYPE_FP32 = 1;
  private static final int INVALID_ID = -1;

  private final XnnLibrary library;
  private final Arena arena;
  private final long address;

  XnnSubgraph(XnnLibrary library, XnnGraph graph, Arena arena) throws XnnException {
    this.library = library;
    this.arena = arena;
    MemorySegment out = arena.allocate(JAVA_LONG);
    int external = graph.externalCount();
    library.call(XnnFunction.CREATE_SUBGRAPH, h -> (int) h.invokeExact(external, 0, out.address()));
    address = XnnLibrary.pointer(out);
    XnnLibrary.LIVE.incrementAndGet();
    try {
      for (int id = 0; id < graph.values().size(); id++) {
        define(id, id < external ? id : INVALID_ID, graph.values().get(id));
      }
      for (XnnNode node : graph.nodes()) {
        node.define(this);
      }
    } catch (XnnException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void define(int id, int externalId, XnnValue value) throws XnnException {
    long count = value.dims().length;
    long dims = longs(value.dims());
    XnnValue.StaticData data = value.data();
    long bytes = data == null ? 0 : data.address(arena);
    int flags = value.role().flag;
    MemorySegment out = arena.allocate(JAVA_INT);
    define(
        XnnFunction.DEFINE_TENSOR_VALUE,
        h ->
            (int)
                h.invokeExact(
                    address, DATATYPE_FP32, count, dims, bytes, externalId, flags, out.address()));
    if (out.get(JAVA_INT, 0) != id) {
      throw new IllegalStateException("value " + id + " became " + out.get(JAVA_INT, 0));
    }
  }

  XnnLibrary library() {
    return library;
  }

  long address() {
    return address;
  }

  void define(XnnFunction function, XnnLibrary.Call call) throws XnnException {
    library.call(function, call);
  }

  long longs(long... values) {
    return values.length == 0 ? 0 : arena.allocateFrom(JAVA_LONG, values).address();
  }

  long floats(List<Float> values) {
    MemorySegment segment = arena.allocate(JAVA_FLOAT, values.size());
    for (int i = 0; i < values.size(); i++) {
      segment.setAtIndex(JAVA_FLOAT, i, values.get(i));
    }
    return segment.address();
  }

  long doubles(double... values) {
    return arena.allocateFrom(JAVA_DOUBLE, values).address();
  }

  @Override
  public void close() {
    Handles.delete(library, XnnFunction.DELETE_SUBGRAPH, address);
  }
}
