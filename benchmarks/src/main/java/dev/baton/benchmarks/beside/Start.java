package dev.baton.benchmarks.beside;

import java.util.Map;

/**
 * What a process tells of its beginning. A figure that it does not tell is NaN.
 *
 * @param loadMillis from the file to a method that can run
 * @param firstMillis of the first run after that, with nothing warm
 * @param arenaMegabytes of one execution's activations in Baton's hands, in MiB
 * @param constantMegabytes that the method holds beside the file: packed and copied, in MiB
 */
record Start(
    double loadMillis, double firstMillis, double arenaMegabytes, double constantMegabytes) {
  static Start of(Map<String, Object> json) {
    return new Start(
        Answers.number(json, "loadMillis"),
        Answers.number(json, "firstRunMillis"),
        Answers.megabytes(json, "arenaBytes"),
        Answers.megabytes(json, "constantBytes"));
  }
}
