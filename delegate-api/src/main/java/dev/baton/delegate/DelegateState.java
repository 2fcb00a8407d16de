package dev.baton.delegate;

import java.lang.foreign.MemorySegment;

/**
 * State that a delegate keeps between runs. Called between runs only, also before the first {@link
 * DelegateExecution#bind}, from one thread at a time.
 */
public interface DelegateState {
  /** Bytes of a snapshot; the same for the life of the execution. */
  long byteSize();

  /** Back to the state before the first run. */
  void reset() throws DelegateException;

  /**
   * Writes a copy of the state, which stays as it is.
   *
   * @param into {@link #byteSize()} bytes, valid during the call
   * @throws DelegateException of {@link DelegateException.Kind#UNSUPPORTED} if the state cannot be
   *     copied, as this method's own body does: the host tells the caller who asked for the copy
   */
  default void snapshot(MemorySegment into) throws DelegateException {
    throw new DelegateException(
        DelegateException.Kind.UNSUPPORTED, "the state cannot be copied out of the delegate");
  }

  /**
   * Puts a copy in the place of the state.
   *
   * @param from what {@link #snapshot} wrote, in this execution or another of the same subgraph;
   *     read-only, valid during the call
   * @throws DelegateException if that failed; the state is then undefined until the next {@link
   *     #reset} or restore
   */
  default void restore(MemorySegment from) throws DelegateException {
    throw new DelegateException(
        DelegateException.Kind.UNSUPPORTED, "the state cannot be copied into the delegate");
  }
}
