package dev.baton.tck.conformance;

import dev.baton.delegate.HostContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a delegate allocates of the host, counted; one allocation may fail. Safe for use by several
 * threads.
 */
final class WatchedMemory {
  private final int failing;
  private final AtomicInteger allocations = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();

  /**
   * @param failing number of the allocation that fails, counted from 1; 0 for none
   */
  WatchedMemory(int failing) {
    this.failing = failing;
  }

  /** How many there were. */
  int allocations() {
    return allocations.get();
  }

  /** Arenas that are not closed. */
  int open() {
    return open.get();
  }

  /** The host's context, whose arenas are watched. */
  ForwardingContext watch(HostContext host) {
    return new ForwardingContext(host) {
      @Override
      public Arena newArena() {
        open.incrementAndGet();
        return new Watched(super.newArena());
      }
    };
  }

  private final class Watched implements Arena {
    private final Arena arena;

    Watched(Arena arena) {
      this.arena = arena;
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
      int number = allocations.incrementAndGet();
      if (number == failing) {
        throw new OutOfMemoryError("injected: allocation " + number + " fails");
      }
      return arena.allocate(byteSize, byteAlignment);
    }

    @Override
    public MemorySegment.Scope scope() {
      return arena.scope();
    }

    @Override
    public void close() {
      arena.close();
      open.decrementAndGet();
    }
  }
}
