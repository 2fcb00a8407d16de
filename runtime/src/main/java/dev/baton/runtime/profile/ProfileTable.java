package dev.baton.runtime.profile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sums up the runs of a profile. */
public final class ProfileTable {
  /** What a row is of. */
  public enum By {
    /** A step, in the order in which they first ran, with its parts after it. */
    STEP,
    /**
     * Steps of the same operators and runner; where a delegate told of its parts, those of the same
     * operators instead, or of one name where these are not known, and what is left of its steps.
     * Slowest first.
     */
    OPERATOR,
    /** Steps of one runner. Slowest first. */
    DELEGATE
  }

  /** Those that are one row. */
  private record Key(Object what, int part, String name) {}

  private static final int NO_PART = -1;

  private static final class Sums {
    final String name;
    final String runner;
    final int step;
    final boolean within;
    final List<Profile.Operation> operations;
    final long[] nanos;
    long calls;
    double bytes;
    double arithmetic;

    Sums(String name, String runner, int step, Profile.@Nullable Part part, int runs) {
      this.name = name;
      this.runner = runner;
      this.step = step;
      this.within = part != null;
      this.operations = part == null ? List.of() : part.operations();
      this.nanos = new long[runs];
    }

    void add(int run, long duration) {
      nanos[run] += duration;
      calls++;
    }
  }

  private final Profile profile;
  private final By by;
  private final Map<Key, Sums> rows = new LinkedHashMap<>();

  private ProfileTable(Profile profile, By by) {
    this.profile = profile;
    this.by = by;
  }

  /** The rows; none without runs. */
  public static List<ProfileRow> of(Profile profile, By by) {
    return new ProfileTable(profile, by).rows();
  }

  /** Nanoseconds of a run that a part of the runs does not exceed; 0 without runs. */
  public static long runNanos(Profile profile, double part) {
    return Quantiles.of(profile.runs().stream().mapToLong(Profile.Run::nanos).toArray(), part);
  }

  /** Mean nanoseconds of a run; 0 without runs. */
  public static double meanRunNanos(Profile profile) {
    return profile.runs().stream().mapToLong(Profile.Run::nanos).average().orElse(0);
  }

  /** The part of a run that its steps take, as a median; 0 without runs. */
  public static double shareOfSteps(Profile profile) {
    return medianShare(
        profile,
        profile.runs().stream()
            .mapToLong(r -> r.events().stream().mapToLong(Profile.Event::nanos).sum())
            .toArray());
  }

  /** Of what took so long in each run: a run that was interrupted does not count for more. */
  private static double medianShare(Profile profile, long[] nanos) {
    double[] shares = new double[nanos.length];
    for (int run = 0; run < nanos.length; run++) {
      shares[run] = (double) nanos[run] / Math.max(profile.runs().get(run).nanos(), 1);
    }
    return Quantiles.of(shares, 0.5);
  }

  private List<ProfileRow> rows() {
    for (int run = 0; run < profile.runs().size(); run++) {
      for (Profile.Event event : profile.runs().get(run).events()) {
        add(run, event, profile.steps().get(event.step()));
      }
    }
    List<Map.Entry<Key, Sums>> entries = new ArrayList<>(rows.entrySet());
    if (by == By.STEP) {
      // Parts may have been met later than the steps that follow theirs.
      entries.sort(
          Comparator.<Map.Entry<Key, Sums>>comparingInt(e -> (Integer) e.getKey().what())
              .thenComparing(e -> e.getKey().part() != NO_PART));
    }
    List<ProfileRow> all = new ArrayList<>(entries.stream().map(e -> row(e.getValue())).toList());
    if (by != By.STEP) {
      all.sort(Comparator.comparingDouble(ProfileRow::meanNanos).reversed());
    }
    return all;
  }

  private void add(int run, Profile.Event event, Profile.Step step) {
    switch (by) {
      case STEP -> {
        int index = step.index();
        addStep(run, event.nanos(), step, sums(index, step.name(), step.runner(), index));
        Map<String, Integer> met = new HashMap<>();
        for (Profile.Part part : event.parts()) {
          // Some delegates tell of a part in some runs only, and in runs that fell back parts are
          // the Java twin's steps: what has one name is the same part, in its turn.
          int turn = met.merge(part.name(), 1, Integer::sum);
          rows.computeIfAbsent(
                  new Key(index, turn, part.name()),
                  k -> new Sums(part.name(), step.runner(), index, part, profile.runs().size()))
              .add(run, part.nanos());
        }
      }
      case OPERATOR -> {
        if (event.parts().isEmpty()) {
          String name = step.subgraph().isEmpty() ? step.operator() : step.name();
          addStep(run, event.nanos(), step, sums(name, step.runner()));
          return;
        }
        long left = event.nanos();
        Set<Profile.Operation> counted = new HashSet<>();
        for (Profile.Part part : event.parts()) {
          String name = part.operations().isEmpty() ? part.name() : part.operator();
          Sums sums = sums(name, step.runner());
          sums.nanos[run] += part.nanos();
          boolean first = part.operations().isEmpty();
          for (Profile.Operation operation : part.operations()) {
            if (counted.add(operation)) {
              first = true;
              sums.arithmetic += operation.arithmetic();
            }
          }
          // A library may take several steps for one operator.
          sums.calls += first ? 1 : 0;
          left -= part.nanos();
        }
        sums("(between its operators)", step.runner()).add(run, Math.max(left, 0));
      }
      case DELEGATE -> addStep(run, event.nanos(), step, sums(step.runner(), step.runner()));
    }
  }

  private static void addStep(int run, long nanos, Profile.Step step, Sums sums) {
    sums.add(run, nanos);
    sums.bytes += step.bytesRead() + step.bytesWritten();
    sums.arithmetic += step.arithmetic();
  }

  /** Of whatever has one name and runner. */
  private Sums sums(String name, String runner) {
    return sums(runner + " " + name, name, runner, ProfileRow.SEVERAL);
  }

  private Sums sums(Object what, String name, String runner, int step) {
    return rows.computeIfAbsent(
        new Key(what, NO_PART, ""), k -> new Sums(name, runner, step, null, profile.runs().size()));
  }

  private ProfileRow row(Sums sums) {
    double runs = profile.runs().size();
    double mean = Arrays.stream(sums.nanos).average().orElse(0);
    return new ProfileRow(
        sums.name,
        sums.runner,
        sums.step,
        sums.within,
        sums.operations,
        sums.calls / runs,
        Quantiles.of(sums.nanos, 0.5),
        Quantiles.of(sums.nanos, 0.9),
        mean,
        medianShare(profile, sums.nanos),
        sums.bytes / runs,
        sums.arithmetic / runs);
  }
}
