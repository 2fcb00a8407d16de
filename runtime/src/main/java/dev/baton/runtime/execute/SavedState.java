package dev.baton.runtime.execute;

import dev.baton.graph.Shape;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.placement.Unit;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A copy of an execution's state. For one thread at a time; its memory is made by the first save,
 * and used again by later ones.
 */
public final class SavedState implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private record Tensor(MemorySegment bytes, Shape shape) {}

  private final CountedArena arena = new CountedArena("saved state");
  private final Map<Variable, Tensor> tensors = new IdentityHashMap<>();
  private final Map<Unit, MemorySegment> ofDelegates = new IdentityHashMap<>();
  private final Set<Unit> saved = new HashSet<>();
  private boolean complete;

  void begin() {
    complete = false;
    saved.clear();
  }

  void end() {
    complete = true;
  }

  void requireComplete() {
    if (!complete) {
      throw new IllegalStateException("the snapshot holds no state: saving it has failed");
    }
  }

  void put(Variable variable, MemorySegment bytes, Shape shape) {
    Tensor known = tensors.get(variable);
    MemorySegment own = known == null ? allocate(bytes.byteSize()) : known.bytes();
    own.copyFrom(bytes);
    tensors.put(variable, new Tensor(own, shape));
  }

  private Tensor of(Variable variable) {
    Tensor known = tensors.get(variable);
    if (known == null) {
      throw new IllegalArgumentException("the snapshot has no " + variable.name());
    }
    return known;
  }

  MemorySegment data(Variable variable) {
    return of(variable).bytes();
  }

  Shape shape(Variable variable) {
    return of(variable).shape();
  }

  private MemorySegment allocate(long bytes) {
    try {
      return arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);
    } catch (OutOfMemoryError e) {
      throw new BatonException(
          bytes + " bytes of native memory for a copy of the state are not to be had", e);
    }
  }

  /** Where a delegate writes its state. */
  MemorySegment delegate(Unit unit, long bytes) {
    MemorySegment known = ofDelegates.get(unit);
    MemorySegment own = known == null || known.byteSize() != bytes ? allocate(bytes) : known;
    ofDelegates.put(unit, own);
    saved.add(unit);
    return own;
  }

  /** Whose delegate has saved state. */
  Set<Unit> delegates() {
    return saved;
  }

  /** What a delegate has saved; null if it had not run yet. */
  @Nullable MemorySegment delegate(Unit unit) {
    MemorySegment bytes = ofDelegates.get(unit);
    return bytes == null || !saved.contains(unit) ? null : bytes.asReadOnly();
  }

  /** Bytes that it holds. */
  public long byteSize() {
    return arena.byteSize();
  }

  @Override
  public void close() {
    arena.close();
  }
}
