package dev.baton.nativelib;

import java.io.IOException;
import java.io.Serial;

/** A file that is not a whole, well-formed shared library. */
public final class NativeImageException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong with the bytes. */
  public enum Fault {
    /**
     * No format that an operating system loads: an archive, a text, an executable, an empty file.
     */
    NOT_A_LIBRARY,
    /** The headers name bytes past the end of the file. */
    TRUNCATED,
    /** The headers contradict themselves or the format. */
    MALFORMED
  }

  private final Fault fault;

  NativeImageException(Fault fault, String message) {
    super(message);
    this.fault = fault;
  }

  static NativeImageException truncated(long needs, long has) {
    return new NativeImageException(
        Fault.TRUNCATED,
        "truncated: needs "
            + (needs < 0 ? "more than " + Long.MAX_VALUE : needs)
            + " bytes, has "
            + has);
  }

  static NativeImageException malformed(String message) {
    return new NativeImageException(Fault.MALFORMED, "malformed: " + message);
  }

  static NativeImageException notALibrary(String message) {
    return new NativeImageException(Fault.NOT_A_LIBRARY, "not a shared library: " + message);
  }

  /** What is wrong with the bytes, never null. */
  public Fault fault() {
    return fault;
  }
}
