package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;

/** Writes one kind of operation: reads its arguments, applies operators, gives its results. */
interface OperatorWriter {
  /**
   * @throws UnsupportedOperation if this use of it has no operators in the vocabulary
   * @throws DelegateException if the payload is damaged
   */
  void write(OperationCall call) throws DelegateException, UnsupportedOperation;
}
