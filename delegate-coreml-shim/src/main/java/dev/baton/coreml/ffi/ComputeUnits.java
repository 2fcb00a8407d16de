package dev.baton.coreml.ffi;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a model may run on, in the order of the shim's codes. */
public enum ComputeUnits {
  CPU_ONLY,
  CPU_AND_GPU,
  ALL,
  CPU_AND_NE;

  /** What users and programs call them: {@code cpu_only}. */
  public static String[] names() {
    return Stream.of(values()).map(ComputeUnits::label).toArray(String[]::new);
  }

  /** Those of a name, if there are. */
  public static Optional<ComputeUnits> of(String name) {
    return Stream.of(values()).filter(units -> units.label().equals(name)).findFirst();
  }

  private String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
