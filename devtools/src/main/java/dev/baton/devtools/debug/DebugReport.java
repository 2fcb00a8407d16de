package dev.baton.devtools.debug;

import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.Profile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What {@link Debugger} found.
 *
 * @param suspect who runs what in the placement that is looked at, in words
 * @param reference in words
 * @param placement of the suspect
 * @param outputs each output of each call against the reference, errors of all operators together
 * @param goldens the same against stored outputs; empty if there are none
 * @param steps of the placement, each on the reference's inputs
 * @param operators each alone in a step, each on the reference's inputs
 * @param notes what could not be compared, and why
 */
public record DebugReport(
    String method,
    String suspect,
    String reference,
    Verdict verdict,
    Placement placement,
    List<OutputError> outputs,
    List<OutputError> goldens,
    List<StepError> steps,
    List<StepError> operators,
    Optional<Culprit> culprit,
    Optional<SubModel> subModel,
    List<String> notes) {
  /** In short. */
  public enum Verdict {
    /** Nothing differs by more than rounding. */
    NO_DEPARTURE,
    /** {@link #culprit} is to blame. */
    FOUND,
    /**
     * {@link #culprit} departs as a step of its own, and no step of the placement as it was loaded
     * does, nor its subgraph up to it.
     */
    FOUND_ALONE,
    /** Outputs differ, and what lies between could not be compared, or does not explain it. */
    OUTPUTS_ONLY,
    /** The reference departs from the goldens as well: no placement is to blame. */
    REFERENCE_DEPARTS
  }

  /**
   * An output of a call.
   *
   * @param departs true if it differs by more than rounding in all operators
   */
  public record OutputError(int call, int output, TensorDifference error, boolean departs) {}

  public DebugReport {
    outputs = List.copyOf(outputs);
    goldens = List.copyOf(goldens);
    steps = List.copyOf(steps);
    operators = List.copyOf(operators);
    notes = List.copyOf(notes);
  }

  /** One line. */
  public String sentence() {
    return switch (verdict) {
      case NO_DEPARTURE ->
          "no departure: "
              + count(steps.size(), "step")
              + " and "
              + count(operators.size(), "operator")
              + " differ from the reference by rounding alone";
      case FOUND, FOUND_ALONE -> culprit.map(c -> sentence(c, verdict == Verdict.FOUND)).orElse("");
      case OUTPUTS_ONLY -> "outputs depart from the reference, and no single step does";
      case REFERENCE_DEPARTS ->
          "the reference departs from the goldens as well: it is no delegate's fault";
    };
  }

  private static String count(int count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /**
   * @param placed false if the placement as it was loaded does not depart
   */
  static String sentence(Culprit culprit, boolean placed) {
    String what = names(culprit.operators());
    return what
        + (culprit.operators().size() > 1
            ? culprit.alone() ? " (claimed as one)" : " (only together)"
            : "")
        + " departs in "
        + culprit.runner()
        + (culprit.subgraph().isEmpty() ? "" : ", subgraph " + culprit.subgraph())
        + (placed ? "" : ", as a step of its own and not as it was placed")
        + ": "
        + text(culprit.error())
        + format(", rounding explains %.1e", culprit.bound());
  }

  static String names(List<Profile.Operation> operators) {
    return operators.stream()
        .map(o -> o.name() + " (operator " + o.position() + ", " + o.origin() + ")")
        .collect(Collectors.joining(" + "));
  }

  private static String text(TensorDifference e) {
    if (!e.mismatch().isEmpty()) {
      return e.mismatch();
    }
    return format(
        "relative error %.2e, greatest %.2e, SNR %s, cosine %.6f%s",
        e.relative(),
        e.maxAbsolute(),
        snr(e.snrDecibels()),
        e.cosine(),
        e.special() == 0
            ? alike(e)
            : format(
                ", NaN %d (reference %d), infinite %d (reference %d)",
                e.actual().nan(),
                e.reference().nan(),
                e.actual().infinite(),
                e.reference().infinite()));
  }

  private static String snr(double decibels) {
    return decibels == Double.POSITIVE_INFINITY
        ? "infinite"
        : Double.isFinite(decibels) ? format("%.1f dB", decibels) : "none";
  }

  /** What is no number on both sides is no difference, and not what anybody wants. */
  private static String alike(TensorDifference e) {
    return (e.actual().nan() == 0 ? "" : format(", NaN %d on both sides", e.actual().nan()))
        + (e.actual().infinite() == 0
            ? ""
            : format(", infinite %d on both sides", e.actual().infinite()));
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** For people. */
  public List<String> text() {
    List<String> lines = new ArrayList<>();
    lines.add(sentence());
    lines.add("");
    lines.add("method: " + method);
    lines.add("placement: " + suspect + " " + placement.counts());
    lines.add("reference: " + reference);
    outputs.forEach(o -> lines.add(line("output", o)));
    goldens.forEach(o -> lines.add(line("golden", o)));
    subModel.ifPresent(m -> {
      lines.add(
          "sub-model: "
              + m.folder()
              + (m.reproduces()
                  ? " shows it alone"
                  : " does not show it alone; it takes the whole model")
              + (m.referencePasses() ? "; the reference passes it" : ""));
    });
    List<StepError> departed =
        java.util.stream.Stream.concat(operators.stream(), steps.stream())
            .filter(StepError::departs)
            .toList();
    if (!departed.isEmpty()) {
      lines.add("");
      lines.add("departures, in the order of the run, on the reference's inputs:");
      departed.forEach(s -> lines.add("  " + line(s)));
    }
    List<StepError> worst =
        operators.stream()
            .filter(s -> !s.departs())
            .sorted(Comparator.comparingDouble(StepError::excess).reversed())
            .limit(3)
            .toList();
    if (!worst.isEmpty()) {
      lines.add("");
      lines.add("closest to the bound, of those within:");
      worst.forEach(s -> lines.add("  " + line(s)));
    }
    if (!notes.isEmpty()) {
      lines.add("");
      notes.forEach(n -> lines.add("note: " + n));
    }
    return lines;
  }

  private static String line(String what, OutputError o) {
    return what
        + " "
        + o.output()
        + (o.call() == 0 ? "" : " of call " + o.call())
        + ": "
        + text(o.error())
        + (o.departs() ? "  DEPARTS" : "");
  }

  private static String line(StepError s) {
    String name =
        s.step().operations().size() > 3
            ? s.step().name() + " (" + s.step().operations().size() + " operators)"
            : names(s.step().operations());
    return name
        + " in "
        + s.step().runner()
        + (s.call() == 0 ? "" : ", call " + s.call())
        + ": "
        + text(s.error())
        + format(", bound %.1e", s.bound());
  }

  /** For programs: maps, lists, strings, numbers and truths. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("verdict", verdict.name().toLowerCase(Locale.ROOT));
    json.put("sentence", sentence());
    json.put("method", method);
    json.put("placement", suspect);
    json.put("reference", reference);
    json.put("culprit", culprit.map(Culprit::json).orElse(null));
    json.put("subModel", subModel.map(SubModel::json).orElse(null));
    json.put("outputs", outputs.stream().map(DebugReport::json).toList());
    json.put("goldens", goldens.stream().map(DebugReport::json).toList());
    json.put("steps", steps.stream().map(StepError::json).toList());
    json.put("operators", operators.stream().map(StepError::json).toList());
    json.put("notes", notes);
    return json;
  }

  private static Map<String, Object> json(OutputError o) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("call", o.call());
    json.put("output", o.output());
    json.put("departs", o.departs());
    json.put("error", o.error().json());
    return json;
  }
}
