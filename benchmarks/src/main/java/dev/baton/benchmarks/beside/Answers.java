package dev.baton.benchmarks.beside;

import java.util.Map;

/** Figures in the objects that processes write, with the names of {@code baton bench --json}. */
final class Answers {
  private static final double MEGABYTE = 1 << 20;

  private Answers() {}

  /** NaN if it is not told. */
  static double number(Map<String, Object> json, String key) {
    return json.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  /** Bytes in MiB; NaN if they are not told. */
  static double megabytes(Map<String, Object> json, String key) {
    return number(json, key) / MEGABYTE;
  }
}
