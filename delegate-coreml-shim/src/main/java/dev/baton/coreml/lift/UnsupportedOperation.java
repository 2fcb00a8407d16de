package dev.baton.coreml.lift;

/** One operation cannot be written; the others are looked at before the payload is refused. */
final class UnsupportedOperation extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param reason completes "it"
   */
  UnsupportedOperation(String reason) {
    super(reason, null, false, false);
  }
}
