package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;

/** The ways in which lifting fails, worded alike. */
final class Failures {
  private static final String EXPORT_AGAIN =
      "The file is damaged, or was not written by ExecuTorch: export the program again.";

  private Failures() {}

  /** One node cannot be written; the others are looked at before the payload is refused. */
  static final class UnsupportedNode extends Exception {
    private static final long serialVersionUID = 1;

    UnsupportedNode(String reason) {
      super(reason, null, false, false);
    }
  }

  static DelegateException damaged(String problem) {
    return damaged(problem, EXPORT_AGAIN);
  }

  static DelegateException damaged(String problem, String remedy) {
    return new DelegateException(Kind.BAD_PAYLOAD, "XNNPACK payload: " + problem, remedy, null);
  }

  static DelegateException damaged(String problem, Throwable cause) {
    return new DelegateException(
        Kind.BAD_PAYLOAD, "XNNPACK payload: " + problem, EXPORT_AGAIN, cause);
  }

  /** The same failure, with the place where it came up. */
  static DelegateException at(String place, DelegateException e) {
    String problem = String.valueOf(e.getMessage());
    String prefix = "XNNPACK payload: ";
    String bare = problem.startsWith(prefix) ? problem.substring(prefix.length()) : problem;
    return new DelegateException(e.kind(), prefix + place + ": " + bare, e.remedy(), e.getCause());
  }

  static DelegateException unsupported(String problem) {
    String remedy =
        "Export these operators outside of the XNNPACK partition, or run the program with a"
            + " newer Baton.";
    return new DelegateException(Kind.UNSUPPORTED, "XNNPACK payload: " + problem, remedy, null);
  }
}
