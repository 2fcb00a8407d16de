package dev.baton.xnnpack.ffi;

/** Deletes native objects. */
final class Handles {
  private Handles() {}

  /** A refusal to delete would be a defect of this package. */
  static void delete(XnnLibrary library, XnnFunction function, long address) {
    try {
      library.call(function, h -> (int) h.invokeExact(address));
    } catch (XnnException e) {
      throw new IllegalStateException(e);
    } finally {
      XnnLibrary.LIVE.decrementAndGet();
    }
  }
}
