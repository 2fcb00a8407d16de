package dev.baton.runtime.execute;

import dev.baton.graph.TensorType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Mutable buffers that executions of a program's methods have in common, by their place in the
 * file's memory plan. The last execution that is closed frees them; one at a time uses them.
 */
public final class SharedState {
  /** More than delegates ask for: who comes later may have others than the first. */
  private static final int ALIGNMENT = 4096;

  private record Buffer(TensorType type, MemorySegment bytes) {}

  interface Allocator {
    MemorySegment allocate(long bytes, int alignment);
  }

  private final CountedArena arena = new CountedArena("inputs, outputs and state");
  private final Map<TensorSpec.Allocation, Buffer> buffers = new HashMap<>();
  private final Set<Variable> made = Collections.newSetFromMap(new IdentityHashMap<>());
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

  /** The buffer of a variable, made for the first who asks. */
  synchronized MemorySegment memory(Variable variable, long slack, Allocator allocator) {
    TensorSpec.@Nullable Allocation place = variable.shared();
    TensorType type = (TensorType) variable.type();
    if (place == null) {
      throw new IllegalArgumentException(variable.name() + " is not shared");
    }
    Buffer known = buffers.get(place);
    if (known == null) {
      known =
          new Buffer(
              type, allocator.allocate(type.byteSize() + Math.max(slack, ALIGNMENT), ALIGNMENT));
      buffers.put(place, known);
      made.add(variable);
    } else if (!known.type().equals(type)) {
      throw new BatonException(
          "state that methods share is %s in one of them, and %s ('%s') in another, at byte %d of memory %d"
              .formatted(known.type(), type, variable.name(), place.offset(), place.memoryId()));
    }
    return known.bytes();
  }

  /** True if the variable's buffer was made for it, or it has none here. */
  synchronized boolean isNew(Variable variable) {
    return variable.shared() == null || made.remove(variable);
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
