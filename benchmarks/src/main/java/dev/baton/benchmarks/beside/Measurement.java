package dev.baton.benchmarks.beside;

import java.util.Map;

/**
 * What one process measured. A figure that it does not tell is NaN.
 *
 * @param loadMillis from the file to a method that can run
 * @param firstMillis of the first run after that, with nothing warm
 * @param medianMicros of the runs after warming up
 * @param peakMegabytes the most memory that the process had at one time, in MiB
 * @param heapBytesPerRun that the calling thread allocated, after warming up
 * @param arenaMegabytes of one execution's activations in Baton's hands, in MiB
 * @param constantMegabytes that the method holds beside the file: packed and copied, in MiB
 */
record Measurement(
    double loadMillis,
    double firstMillis,
    double medianMicros,
    double peakMegabytes,
    double heapBytesPerRun,
    double arenaMegabytes,
    double constantMegabytes) {
  private static final double MEGABYTE = 1 << 20;

  /** From the object that {@code baton bench --json} writes, of which others write a part. */
  static Measurement of(Map<String, Object> json) {
    return new Measurement(
        number(json, "loadMillis"),
        number(json, "firstRunMillis"),
        number(json, "medianMicros"),
        number(json, "peakResidentBytes") / MEGABYTE,
        number(json, "heapBytesPerRun"),
        number(json, "arenaBytes") / MEGABYTE,
        number(json, "constantBytes") / MEGABYTE);
  }

  private static double number(Map<String, Object> json, String key) {
    return json.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }
}
