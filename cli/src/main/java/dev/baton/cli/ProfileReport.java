package dev.baton.cli;

import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.MemoryUse;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.profile.ProfileRow;
import dev.baton.runtime.profile.ProfileTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A profile for people and as JSON. */
final class ProfileReport {
  private static final double SHOWN_PEAK = 0.0005;

  private ProfileReport() {}

  // ---- for people

  static List<String> text(Profile profile, MachinePeak peak, ProfileTable.By by) {
    List<String> lines = new ArrayList<>();
    lines.add(profile.placement().summary());
    profile.fallenBack().forEach(s -> lines.add("fell back to Java while it ran: " + s));
    line(
        lines,
        "runs",
        Text.format(
            "%d of %.1f us (median; p90 %.1f), of which steps take %.1f %%",
            profile.runs().size(),
            ProfileTable.runNanos(profile, 0.5) / 1e3,
            ProfileTable.runNanos(profile, 0.9) / 1e3,
            100 * ProfileTable.shareOfSteps(profile)));
    line(
        lines,
        "peak here",
        Text.format(
            "%.1f GFLOP/s (float32, by %s), %.1f GB/s, with %s",
            peak.arithmeticPerNano(),
            peak.measuredOn(),
            peak.bytesPerNano(),
            Text.count(peak.threads(), "thread")));
    line(lines, "memory", memory(profile.memory()));
    lines.add("");
    load(profile, lines);
    lines.add("");
    table(profile, peak, by, lines);
    return lines;
  }

  private static void line(List<String> lines, String what, String value) {
    lines.add(Text.format("%-10s %s", what, value));
  }

  /** Bytes by purpose, those that there are. */
  static String memory(MemoryUse memory) {
    List<String> parts = new ArrayList<>();
    memoryMap(memory)
        .forEach((purpose, bytes) -> {
          if (bytes > 0) {
            parts.add(words(purpose) + " " + Text.bytes(bytes));
          }
        });
    return String.join(", ", parts);
  }

  /** {@code inputsOutputs} as {@code inputs outputs}. */
  private static String words(String name) {
    return name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
  }

  private static void load(Profile profile, List<String> lines) {
    lines.add("load          ms");
    phases(profile.load())
        .forEach((name, nanos) -> lines.add(Text.format("  %14.3f  %s", nanos / 1e6, name)));
  }

  /** Time by kind; what delegates tell of, by its name, lies within others. */
  private static Map<String, Long> phases(List<LoadPhase> load) {
    Map<String, Long> sums = new LinkedHashMap<>();
    for (LoadPhase phase : load) {
      String name =
          phase.kind() == LoadPhase.Kind.PART ? "  " + phase.what() + " (within)" : kind(phase);
      sums.merge(name, phase.nanos(), Long::sum);
    }
    return sums;
  }

  private static String kind(LoadPhase phase) {
    return phase.kind().name().toLowerCase(Locale.ROOT);
  }

  private static void table(
      Profile profile, MachinePeak peak, ProfileTable.By by, List<String> lines) {
    lines.add(
        Text.format(
            "%11s %10s %7s %11s %8s %8s  %s",
            "p50 us", "p90 us", "share", "bytes", "GFLOP/s", "peak", ProfileCommand.name(by)));
    for (ProfileRow row : ProfileTable.of(profile, by)) {
      lines.add(
          Text.format(
              "%11.1f %10.1f %5.1f %% %11s %8s %8s  %s",
              row.p50Nanos() / 1e3,
              row.p90Nanos() / 1e3,
              100 * row.share(),
              row.bytes() > 0 ? Text.bytes(Math.round(row.bytes())) : "",
              row.arithmetic() > 0 ? Text.format("%.1f", row.arithmeticPerNano()) : "",
              peak(row, peak),
              name(row, by)));
    }
  }

  private static String peak(ProfileRow row, MachinePeak peak) {
    double fraction = peak.fraction(row.arithmetic(), row.bytes(), row.p50Nanos());
    if (fraction < SHOWN_PEAK) {
      return "";
    }
    boolean memory = peak.bound(row.arithmetic(), row.bytes()) == MachinePeak.Bound.MEMORY;
    return memory && fraction > 1
        ? "cache"
        : Text.format("%.0f %% %s", 100 * fraction, memory ? "m" : "a");
  }

  private static String name(ProfileRow row, ProfileTable.By by) {
    String times = row.callsPerRun() > 1 ? " × " + count(row.callsPerRun()) : "";
    return (row.within() ? "  " : "")
        + row.name()
        + times
        + (by == ProfileTable.By.DELEGATE || row.within() ? "" : "  [" + row.runner() + "]");
  }

  /** A mean over runs, which is whole where they are alike. */
  private static String count(double calls) {
    return calls == Math.rint(calls) ? String.valueOf((long) calls) : Text.format("%.4g", calls);
  }

  // ---- JSON

  static Map<String, Object> json(Profile profile, MachinePeak peak, ProfileTable.By by) {
    return Json.object(
        "method",
        profile.method(),
        "threads",
        profile.threads(),
        "placement",
        PlacementJson.summary(profile.placement()),
        "fallenBack",
        profile.fallenBack(),
        "runs",
        profile.runs().size(),
        "p50Micros",
        ProfileTable.runNanos(profile, 0.5) / 1e3,
        "p90Micros",
        ProfileTable.runNanos(profile, 0.9) / 1e3,
        "meanMicros",
        ProfileTable.meanRunNanos(profile) / 1e3,
        "shareOfSteps",
        ProfileTable.shareOfSteps(profile),
        "peak",
        Json.object(
            "gflops",
            peak.arithmeticPerNano(),
            "measuredOn",
            peak.measuredOn(),
            "gigabytesPerSecond",
            peak.bytesPerNano(),
            "threads",
            peak.threads()),
        "memory",
        memoryMap(profile.memory()),
        "load",
        load(profile),
        "by",
        ProfileCommand.name(by),
        "rows",
        ProfileTable.of(profile, by).stream().map(r -> row(r, peak)).toList(),
        "steps",
        profile.steps().stream().map(ProfileReport::step).toList());
  }

  private static Map<String, Long> memoryMap(MemoryUse memory) {
    Map<String, Long> bytes = new LinkedHashMap<>();
    bytes.put("constants", memory.constants());
    bytes.put("copies", memory.copies());
    bytes.put("packed", memory.packed());
    bytes.put("delegates", memory.delegates());
    bytes.put("inputsOutputs", memory.inputsOutputs());
    bytes.put("state", memory.state());
    bytes.put("activations", memory.activations());
    bytes.put("scratch", memory.scratch());
    return bytes;
  }

  private static List<Map<String, Object>> load(Profile profile) {
    long start = profile.load().isEmpty() ? 0 : profile.load().get(0).startNanos();
    return profile.load().stream()
        .map(p ->
            Json.object(
                "kind",
                kind(p),
                "what",
                p.what(),
                "startMillis",
                (p.startNanos() - start) / 1e6,
                "millis",
                p.nanos() / 1e6))
        .toList();
  }

  private static Map<String, Object> row(ProfileRow row, MachinePeak peak) {
    return Json.object(
        "name",
        row.name(),
        "runner",
        row.runner(),
        "within",
        row.within(),
        "callsPerRun",
        row.callsPerRun(),
        "p50Micros",
        row.p50Nanos() / 1e3,
        "p90Micros",
        row.p90Nanos() / 1e3,
        "meanMicros",
        row.meanNanos() / 1e3,
        "share",
        row.share(),
        "bytes",
        row.bytes(),
        "arithmetic",
        row.arithmetic(),
        "gflops",
        row.arithmeticPerNano(),
        "peak",
        peak.fraction(row.arithmetic(), row.bytes(), row.p50Nanos()),
        "bound",
        peak.bound(row.arithmetic(), row.bytes()).name().toLowerCase(Locale.ROOT));
  }

  private static Map<String, Object> step(Profile.Step step) {
    return Json.object(
        "index",
        step.index(),
        "name",
        step.name(),
        "runner",
        step.runner(),
        "subgraph",
        step.subgraph(),
        "operators",
        step.operations().stream()
            .map(o ->
                Json.object(
                    "name",
                    o.name(),
                    "instruction",
                    o.origin().instruction(),
                    "payload",
                    o.origin().payload(),
                    "index",
                    o.origin().index()))
            .toList(),
        "inputs",
        step.inputs().stream().map(Object::toString).toList(),
        "outputs",
        step.outputs().stream().map(Object::toString).toList(),
        "bytesRead",
        step.bytesRead(),
        "bytesWritten",
        step.bytesWritten(),
        "multiplyAdds",
        step.multiplyAdds(),
        "arithmetic",
        step.arithmetic());
  }
}
