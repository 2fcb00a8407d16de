package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class FailuresTest {
  @Test
  void whichSdkIsNewer() {
    assertTrue(Failures.isNewer("v2.49.40.260810104044", "v2.47.0.260601114230"));
    assertTrue(Failures.isNewer("v2.49.40", "v2.49.0"));
    assertTrue(Failures.isNewer("2.50.0", "v2.49.40.1"));
    assertFalse(Failures.isNewer("v2.9.0", "v2.10.0"));
    assertFalse(Failures.isNewer("v2.49.40.2", "v2.49.40.1"));
    assertFalse(Failures.isNewer("", "v2.49.40"));
    assertFalse(Failures.isNewer("emulator", "v2.49.40"));
  }
}
