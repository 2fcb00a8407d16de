package dev.baton.benchmarks.beside;

import java.util.Map;

/**
 * What a process measured in one turn. A figure that it does not tell is NaN.
 *
 * @param medianMicros of the turn's runs
 * @param heapBytesPerRun that all threads of the process allocated
 * @param peakMegabytes the most memory that the process has had at one time so far, in MiB
 */
record Turn(double medianMicros, double heapBytesPerRun, double peakMegabytes) {
  static Turn of(Map<String, Object> json) {
    return new Turn(
        Answers.number(json, "medianMicros"),
        Answers.number(json, "heapBytesPerRun"),
        Answers.megabytes(json, "peakResidentBytes"));
  }
}
