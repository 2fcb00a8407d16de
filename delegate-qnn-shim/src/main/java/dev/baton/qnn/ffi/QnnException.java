package dev.baton.qnn.ffi;

/** The library refused a call. */
public final class QnnException extends Exception {
  private static final long serialVersionUID = 1;

  /** Code where the table lacks the function. */
  public static final int NOT_OFFERED = -1;

  public static final int OUT_OF_MEMORY = 1002;
  public static final int SUBSYSTEM_RESTARTED = 1007;
  public static final int SUBSYSTEM_LOST = 1011;
  public static final int BINARY_UNREADABLE = 5000;
  public static final int BINARY_FOR_ANOTHER_DEVICE = 5005;
  public static final int DEVICE_CONFIGURATION = 14001;

  private final int code;

  /**
   * @param code the lower 16 bits of what the function returned
   * @param text what the library calls the code, and what it logged; may be empty
   */
  QnnException(TableEntry function, int code, String text) {
    super(
        code == NOT_OFFERED
            ? "the library does not offer " + function.symbol()
            : function.symbol() + " returned " + code + (text.isEmpty() ? "" : " (" + text + ")"));
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** The device restarted, or is gone: whatever was made on it is of no use any more. */
  public boolean isDeviceLost() {
    return code == SUBSYSTEM_RESTARTED || code == SUBSYSTEM_LOST;
  }
}
