package dev.example.openvino.ffi;

/** OpenVINO refused a call. */
public final class OpenvinoException extends Exception {
  private static final long serialVersionUID = 1;

  /** What {@code INFER_CANCELLED} of {@code ov_status_e} is. */
  private static final int CANCELLED = -13;

  private final int status;

  OpenvinoException(String call, int status, String text) {
    super(call + " gave " + status + (text.isEmpty() ? "" : ": " + text));
    this.status = status;
  }

  /** An {@code ov_status_e}; never 0. */
  public int status() {
    return status;
  }

  /** True if the run ended because it was cancelled. */
  public boolean isCancelled() {
    return status == CANCELLED;
  }
}
