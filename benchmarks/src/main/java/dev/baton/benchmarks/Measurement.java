package dev.baton.benchmarks;

import java.util.Map;

/**
 * What one process measured.
 *
 * @param loadMillis from the file to a method that can run
 * @param medianMicros of the runs after warming up
 * @param peakMegabytes the most memory that the process had at one time; NaN if it does not tell
 */
record Measurement(double loadMillis, double medianMicros, double peakMegabytes) {
  /** Reads a number of a JSON object; NaN if it is not there. */
  static double number(Map<String, Object> json, String key) {
    return json.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }
}
