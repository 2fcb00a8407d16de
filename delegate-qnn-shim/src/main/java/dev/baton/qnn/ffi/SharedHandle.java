package dev.baton.qnn.ffi;

/**
 * Something of the library's that several own: it is freed when the last has closed it. The library
 * itself does not count, and frees what is still in use.
 */
public abstract class SharedHandle implements AutoCloseable {
  private int owners = 1;

  SharedHandle() {}

  /**
   * Adds an owner, unless there is none any more.
   *
   * @return false if it is freed already
   */
  public final synchronized boolean retain() {
    if (owners == 0) {
      return false;
    }
    owners++;
    return true;
  }

  /** Takes one owner away. */
  @Override
  public final void close() {
    synchronized (this) {
      if (owners == 0) {
        throw new IllegalStateException("freed before");
      }
      if (--owners > 0) {
        return;
      }
    }
    free();
  }

  /** Called once. */
  abstract void free();
}
