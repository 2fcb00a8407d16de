package dev.baton.runtime.flight;

import jdk.jfr.FlightRecorder;

/** Whether the JVM may be recording. */
public final class Flight {
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private Flight() {}

  /**
   * False as long as nothing in this process was ever recorded, or the JVM has no recorder. Costs a
   * nanosecond, and loads no event.
   */
  public static boolean isOn() {
    return PRESENT && FlightRecorder.isInitialized();
  }
}
