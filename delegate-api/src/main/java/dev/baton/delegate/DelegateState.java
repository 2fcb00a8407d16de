package dev.baton.delegate;

import java.lang.foreign.MemorySegment;

/**
 * State that a delegate keeps between runs. Called between runs only, from one thread at a time.
 */
public interface DelegateState {
  /** Bytes of a snapshot; the same for the life of the execution. */
  long byteSize();

  /** Back to the state before the first run. */
  void reset() throws DelegateException;

  /**
   * @param into at least {@link #byteSize()} bytes
   */
  void snapshot(MemorySegment into) throws DelegateException;

  /**
   * @param from what {@link #snapshot} wrote, in this execution or another of the same subgraph
   */
  void restore(MemorySegment from) throws DelegateException;
}
