package dev.baton.cli;

import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A profile in the Trace Event Format that chrome://tracing and Perfetto open: complete events,
 * which lie within each other by their times, in microseconds.
 */
final class ProfileTrace {
  private static final int PROCESS = 1;
  private static final int LOAD = 1;
  private static final int RUNS = 2;

  private final long zero;
  private final List<Map<String, Object>> events = new ArrayList<>();

  private ProfileTrace(Profile profile) {
    long first = Long.MAX_VALUE;
    for (LoadPhase phase : profile.load()) {
      first = Math.min(first, phase.startNanos());
    }
    for (Profile.Run run : profile.runs()) {
      first = Math.min(first, run.startNanos());
    }
    this.zero = first;
  }

  static Map<String, Object> of(Profile profile) {
    ProfileTrace trace = new ProfileTrace(profile);
    trace.thread(LOAD, "load");
    trace.thread(RUNS, "runs");
    for (LoadPhase phase : profile.load()) {
      String kind = phase.kind().name().toLowerCase(Locale.ROOT);
      String name = phase.kind() == LoadPhase.Kind.PART ? phase.what() : kind + " " + phase.what();
      trace.add(LOAD, name, kind, phase.startNanos(), phase.nanos(), Map.of());
    }
    for (int r = 0; r < profile.runs().size(); r++) {
      Profile.Run run = profile.runs().get(r);
      trace.add(RUNS, "run " + r, "run", run.startNanos(), run.nanos(), Map.of());
      run.events().forEach(e -> trace.add(profile, e));
    }
    return Json.object("displayTimeUnit", "ns", "traceEvents", trace.events);
  }

  private void add(Profile profile, Profile.Event event) {
    Profile.Step step = profile.steps().get(event.step());
    add(
        RUNS,
        step.name(),
        step.runner(),
        event.startNanos(),
        event.nanos(),
        Json.object(
            "inputs",
            step.inputs().toString(),
            "outputs",
            step.outputs().toString(),
            "bytes",
            step.bytesRead() + step.bytesWritten(),
            "multiplyAdds",
            step.multiplyAdds()));
    for (Profile.Part part : event.parts()) {
      add(RUNS, part.name(), step.runner(), part.startNanos(), part.nanos(), Map.of());
    }
  }

  private void thread(int id, String name) {
    events.add(
        Json.object(
            "ph",
            "M",
            "pid",
            PROCESS,
            "tid",
            id,
            "name",
            "thread_name",
            "args",
            Json.object("name", name)));
  }

  private void add(
      int thread,
      String name,
      String category,
      long start,
      long nanos,
      Map<String, Object> arguments) {
    events.add(
        Json.object(
            "ph",
            "X",
            "pid",
            PROCESS,
            "tid",
            thread,
            "name",
            name,
            "cat",
            category,
            "ts",
            (start - zero) / 1e3,
            "dur",
            nanos / 1e3,
            "args",
            arguments));
  }
}
