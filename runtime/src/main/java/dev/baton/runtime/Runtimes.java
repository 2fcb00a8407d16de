package dev.baton.runtime;

import dev.baton.runtime.kernel.Kernels;

/** What the process has: found once, when first needed. */
final class Runtimes {
  private Runtimes() {}

  private static final class Found {
    static final Kernels KERNELS = Kernels.load();
    static final Delegates DELEGATES = Delegates.load();
  }

  static Kernels kernels() {
    return Found.KERNELS;
  }

  static Delegates delegates() {
    return Found.DELEGATES;
  }
}
