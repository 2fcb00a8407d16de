package dev.baton.coreml.mil;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import org.jspecify.annotations.Nullable;

/** The ways in which a payload is refused, worded alike. */
public final class Failures {
  private static final String EXPORT_AGAIN =
      "The file is damaged, or was not written by ExecuTorch: export the program again.";

  private Failures() {}

  /** The payload contradicts itself, or ends too early. */
  public static DelegateException damaged(String problem) {
    return damaged(problem, null);
  }

  public static DelegateException damaged(String problem, @Nullable Throwable cause) {
    return new DelegateException(
        Kind.BAD_PAYLOAD, "Core ML payload: " + problem, EXPORT_AGAIN, cause);
  }

  /** The payload is sound, and needs what is not there. */
  public static DelegateException missing(String problem, String remedy) {
    return new DelegateException(Kind.BAD_PAYLOAD, "Core ML payload: " + problem, remedy, null);
  }

  /** The payload is sound, and Baton cannot write it as operators. */
  public static DelegateException unsupported(String problem, String remedy) {
    return new DelegateException(Kind.UNSUPPORTED, "Core ML payload: " + problem, remedy, null);
  }
}
