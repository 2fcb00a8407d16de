package dev.baton.qnn;

import dev.baton.delegate.DelegateState;
import dev.baton.qnn.payload.CallSignature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Buffers that a graph reads and writes in place. They begin as zeros: what the program's own
 * buffers began with is not in the payload.
 */
final class KeptBuffers implements DelegateState {
  private static final long ALIGNMENT = 64;

  private final List<MemorySegment> buffers = new ArrayList<>();
  private long byteSize;

  KeptBuffers(List<CallSignature.MutableBuffer> described, Arena arena) {
    for (CallSignature.MutableBuffer buffer : described) {
      long size = buffer.input().byteSize();
      buffers.add(arena.allocate(size, ALIGNMENT));
      byteSize += size;
    }
  }

  MemorySegment buffer(int index) {
    return buffers.get(index);
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public void reset() {
    buffers.forEach(buffer -> buffer.fill((byte) 0));
  }

  @Override
  public void snapshot(MemorySegment into) {
    long at = 0;
    for (MemorySegment buffer : buffers) {
      into.asSlice(at, buffer.byteSize()).copyFrom(buffer);
      at += buffer.byteSize();
    }
  }

  @Override
  public void restore(MemorySegment from) {
    long at = 0;
    for (MemorySegment buffer : buffers) {
      buffer.copyFrom(from.asSlice(at, buffer.byteSize()));
      at += buffer.byteSize();
    }
  }
}
