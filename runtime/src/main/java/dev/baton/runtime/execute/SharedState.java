package dev.baton.runtime.execute;

import dev.baton.graph.TensorType;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Mutable buffers that executions of a program's methods have in common, by their place in the
 * file's memory plan. The last execution that is closed frees them; one at a time uses them.
 */
public final class SharedState {
  /** More than delegates ask for: who comes later may have others than the first. */
  private static final int ALIGNMENT = 4096;

  interface Allocator {
    MemorySegment allocate(long bytes, int alignment);
  }

  private final CountedArena arena = new CountedArena("inputs, outputs and state");
  private final Map<TensorSpec.Allocation, MemorySegment> buffers = new HashMap<>();
  private final AtomicBoolean busy = new AtomicBoolean();
  private int users = 1;

  SharedState() {}

  synchronized SharedState retain() {
    if (users == 0) {
      throw new IllegalStateException("the execution to share state with is closed");
    }
    users++;
    return this;
  }

  synchronized void release() {
    users--;
    if (users == 0) {
      arena.close();
    }
  }

  CountedArena arena() {
    return arena;
  }

  /** The buffer of a variable, made for the first who asks, with its first content. */
  synchronized MemorySegment memory(Variable variable, long slack, Allocator allocator) {
    TensorSpec.@Nullable Allocation place = variable.shared();
    TensorType type = (TensorType) variable.type();
    if (place == null) {
      throw new IllegalArgumentException(variable.name() + " is not shared");
    }
    MemorySegment known = buffers.get(place);
    if (known == null) {
      known = allocator.allocate(type.byteSize() + Math.max(slack, ALIGNMENT), ALIGNMENT);
      ExecutionCore.fill(known.asSlice(0, type.byteSize()), variable);
      buffers.put(place, known);
    }
    return known;
  }

  /** Begins a use of the buffers; false if another execution uses them. */
  public boolean enter() {
    return busy.compareAndSet(false, true);
  }

  /** Ends the use. */
  public void leave() {
    busy.set(false);
  }
}
