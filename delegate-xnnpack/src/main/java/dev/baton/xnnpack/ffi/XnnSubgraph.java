package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A subgraph while a runtime is made from it; used by one thread. */
public final class XnnSubgraph implements AutoCloseable {
  private static final int INVALID_ID = -1;
  private static final int INT4_ZERO_POINT = 8;

  private final XnnLibrary library;
  private final Arena arena;
  private final long address;

  /** Says where the data of a static value is, by its id. */
  @FunctionalInterface
  interface Addresses {
    long of(int id);
  }

  XnnSubgraph(XnnLibrary library, XnnGraph graph, Arena arena, Addresses addresses)
      throws XnnException {
    this.library = library;
    this.arena = arena;
    MemorySegment out = arena.allocate(JAVA_LONG);
    int external = graph.externalCount();
    library.call(XnnFunction.CREATE_SUBGRAPH, h -> (int) h.invokeExact(external, 0, out.address()));
    address = XnnLibrary.pointer(out);
    XnnLibrary.LIVE.incrementAndGet();
    try {
      for (int id = 0; id < graph.values().size(); id++) {
        define(id, id < external ? id : INVALID_ID, graph.values().get(id), addresses);
      }
      for (XnnNode node : graph.nodes()) {
        node.define(this);
      }
    } catch (XnnException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void define(int id, int externalId, XnnValue value, Addresses addresses)
      throws XnnException {
    long count = value.dims().length;
    long dims = longs(value.dims());
    long bytes = value.data() == null ? 0 : addresses.of(id);
    int flags = value.role().flag;
    MemorySegment out = arena.allocate(JAVA_INT);
    int code = value.type().code().value;
    switch (value.type()) {
      case XnnType.Plain _ ->
          define(
              XnnFunction.DEFINE_TENSOR_VALUE,
              h ->
                  (int)
                      h.invokeExact(
                          address, code, count, dims, bytes, externalId, flags, out.address()));
      case XnnType.PerTensor q -> {
        int zero = q.zeroPoint();
        float scale = q.scale();
        define(
            XnnFunction.DEFINE_QUANTIZED_TENSOR_VALUE,
            h ->
                (int)
                    h.invokeExact(
                        address,
                        code,
                        zero,
                        scale,
                        count,
                        dims,
                        bytes,
                        externalId,
                        flags,
                        out.address()));
      }
      case XnnType.PerChannel q -> {
        int zero = q.zeroPoint();
        long channel = q.channelDim();
        long scales = arena.allocateFrom(JAVA_FLOAT, q.scales()).address();
        define(
            XnnFunction.DEFINE_CHANNELWISE_QUANTIZED_TENSOR_VALUE,
            h ->
                (int)
                    h.invokeExact(
                        address,
                        code,
                        zero,
                        scales,
                        count,
                        channel,
                        dims,
                        bytes,
                        externalId,
                        flags,
                        out.address()));
      }
      case XnnType.PerGroup q -> {
        long group = q.groupSize();
        long scales = arena.allocateFrom(JAVA_SHORT, q.scales()).address();
        define(
            XnnFunction.DEFINE_BLOCKWISE_QUANTIZED_TENSOR_VALUE,
            h ->
                (int)
                    h.invokeExact(
                        address,
                        code,
                        INT4_ZERO_POINT,
                        scales,
                        count,
                        0L,
                        group,
                        dims,
                        bytes,
                        externalId,
                        flags,
                        out.address()));
      }
      case XnnType.Dynamic q -> {
        long row = q.rowDims();
        define(
            XnnFunction.DEFINE_DYNAMICALLY_QUANTIZED_TENSOR_VALUE,
            h ->
                (int)
                    h.invokeExact(
                        address, code, count, row, dims, externalId, flags, out.address()));
      }
    }
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
