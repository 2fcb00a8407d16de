package dev.baton.runtime.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A shared arena whose bytes are counted, by purpose, for the process. Safe for use by several
 * threads.
 */
public final class CountedArena implements Arena {
  private static final Map<String, AtomicLong> LIVE = new ConcurrentHashMap<>();

  private final Arena arena = Arena.ofShared();
  private final AtomicLong total;
  private final AtomicLong bytes = new AtomicLong();

  public CountedArena(String purpose) {
    this.total = LIVE.computeIfAbsent(purpose, p -> new AtomicLong());
  }

  /** Bytes that are allocated now, by purpose. */
  public static Map<String, Long> liveBytes() {
    Map<String, Long> live = new TreeMap<>();
    LIVE.forEach((purpose, count) -> live.put(purpose, count.get()));
    return live;
  }

  /** Zeroed memory. */
  @Override
  public MemorySegment allocate(long byteSize, long byteAlignment) {
    MemorySegment segment = arena.allocate(byteSize, byteAlignment);
    bytes.addAndGet(byteSize);
    total.addAndGet(byteSize);
    return segment;
  }

  /** Bytes allocated from this arena. */
  public long byteSize() {
    return bytes.get();
  }

  @Override
  public MemorySegment.Scope scope() {
    return arena.scope();
  }

  /** Frees everything; throws {@link IllegalStateException} if called twice. */
  @Override
  public void close() {
    arena.close();
    total.addAndGet(-bytes.getAndSet(0));
  }
}
