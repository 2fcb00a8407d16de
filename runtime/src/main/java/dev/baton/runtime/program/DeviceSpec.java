package dev.baton.runtime.program;

/**
 * Where a tensor or a planned buffer is meant to live.
 *
 * @param index which device of that kind; 0 is the first
 */
public record DeviceSpec(Kind kind, int index) {
  public static final DeviceSpec CPU = new DeviceSpec(Kind.CPU, 0);

  /** In the order of their codes. */
  public enum Kind {
    CPU,
    CUDA
  }
}
