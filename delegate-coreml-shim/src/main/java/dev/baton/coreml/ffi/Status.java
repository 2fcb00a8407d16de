package dev.baton.coreml.ffi;

/** What functions of the shim return, in the order of its codes. */
public enum Status {
  OK,
  INVALID,
  NOT_FOUND,
  COMPILE,
  LOAD,
  UNSUPPORTED,
  PREDICT,
  MISMATCH,
  EXCEPTION,
  PENDING;

  static Status of(int code) {
    return code >= 0 && code < values().length ? values()[code] : EXCEPTION;
  }
}
