package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.graph.GraphBuilder;
import dev.baton.xnnpack.payload.schema.Buffer;
import dev.baton.xnnpack.payload.schema.ConstantDataOffset;
import dev.baton.xnnpack.payload.schema.XNNGraph;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The bytes of a payload's constants. A payload without a header has them in its tables, one with a
 * header behind them or in the program's named data.
 */
final class ConstantData {
  private static final long NAMED = -1;
  private static final long COPY_SLACK_BYTES = 1 << 20;

  private final GraphBuilder into;
  private final Payload payload;
  private final PayloadContainer container;
  private final XNNGraph graph;
  private final Map<String, MemorySegment> named = new HashMap<>();
  private final Map<Long, MemorySegment> found = new HashMap<>();
  private long copyable;

  ConstantData(Payload payload, PayloadContainer container, XNNGraph graph, GraphBuilder into) {
    this.into = into;
    this.payload = payload;
    this.container = container;
    this.graph = graph;
    this.copyable = COPY_SLACK_BYTES + 2 * payload.bytes().byteSize();
  }

  /**
   * The data of a constant, at least as long as needed, and aligned for elements of a width.
   *
   * @param user what needs it, for messages
   */
  MemorySegment bytes(long index, long needed, int elementBytes, String user)
      throws DelegateException {
    MemorySegment all = found.get(index);
    if (all == null) {
      all = find(index, user);
      found.put(index, all);
    }
    if (all.byteSize() < needed) {
      throw Failures.damaged(
          "%s needs %d bytes of constant data, entry %d has %d"
              .formatted(user, needed, index, all.byteSize()));
    }
    MemorySegment bytes = all.asSlice(0, needed);
    boolean aligned =
        bytes.maxByteAlignment() >= elementBytes && bytes.address() % elementBytes == 0;
    return aligned ? bytes : copy(bytes, user);
  }

  /** Room for a rearranged constant, alive as long as the graph. */
  MemorySegment allocate(long bytes, String user) throws DelegateException {
    copyable -= bytes;
    if (copyable < 0) {
      throw Failures.damaged(
          user + " would copy " + bytes + " bytes more than there are constants to copy");
    }
    try {
      return into.allocate(bytes, 64);
    } catch (OutOfMemoryError e) {
      throw new DelegateException(
          DelegateException.Kind.RESOURCES,
          "XNNPACK payload: there is no memory for "
              + bytes
              + " bytes of "
              + user
              + ": "
              + e.getMessage(),
          "Allow more (LoadOptions.withMaxMemoryBytes), or free some.",
          e);
    }
  }

  private MemorySegment copy(MemorySegment source, String user) throws DelegateException {
    return allocate(source.byteSize(), user).copyFrom(source).asReadOnly();
  }

  private MemorySegment find(long index, String user) throws DelegateException {
    int offsets = container.hasHeader() ? graph.constantDataLength() : 0;
    int buffers = container.hasHeader() ? 0 : graph.constantBufferLength();
    if (index < offsets) {
      return located(graph.constantData((int) index), user);
    }
    if (index < buffers) {
      Buffer buffer = graph.constantBuffer((int) index);
      return buffer.storageLength() == 0
          ? MemorySegment.NULL
          : MemorySegment.ofBuffer(buffer.storageAsByteBuffer());
    }
    throw Failures.damaged(
        "%s refers to constant data %d, there are %d".formatted(user, index, offsets + buffers));
  }

  private MemorySegment located(ConstantDataOffset entry, String user) throws DelegateException {
    MemorySegment source;
    long offset;
    String key = entry.namedKey();
    if (key != null && !key.isEmpty()) {
      if (entry.offset() != NAMED) {
        throw Failures.damaged(user + ": its constant data has both a name and an offset");
      }
      source = namedData(key, user);
      offset = 0;
    } else {
      source = container.constants();
      offset = entry.offset();
    }
    long size = entry.size();
    if (offset < 0 || size < 0 || offset > source.byteSize() || size > source.byteSize() - offset) {
      throw Failures.damaged(
          "%s: its constant data is at byte %s, %s bytes; there are %d"
              .formatted(
                  user,
                  Long.toUnsignedString(offset),
                  Long.toUnsignedString(size),
                  source.byteSize()));
    }
    return source.asSlice(offset, size);
  }

  private MemorySegment namedData(String key, String user) throws DelegateException {
    MemorySegment known = named.get(key);
    if (known == null) {
      Optional<MemorySegment> found = payload.namedData(key);
      if (found.isEmpty()) {
        throw Failures.damaged(
            user + ": its data '" + key + "' is not in the program",
            "If the program was exported with external data, load it with its .ptd files.");
      }
      known = found.get();
      named.put(key, known);
      copyable += 2 * known.byteSize();
    }
    return known;
  }
}
