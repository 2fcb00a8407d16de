package dev.baton.devtools.advice;

import dev.baton.delegate.Decline;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.profile.Quantiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a placement costs, by the recorded runs of a method: where time is lost at the borders of
 * subgraphs, how cut up each delegate's work is, and what each reason for which a delegate declined
 * operators costs. All times are medians over the runs, in nanoseconds of one run.
 *
 * @param runNanos of a whole run
 * @param hostNanos of it, for copies of results to where they are wanted
 * @param borders of each subgraph, the dearest first
 * @param fragments by delegate
 * @param declines the dearest first; only reasons that left operators in Java
 * @param candidates operators that a delegate does not take, by what taking them would save, the
 *     most first
 */
public record PlacementCost(
    long runNanos,
    long hostNanos,
    List<Border> borders,
    List<Fragments> fragments,
    List<DeclineCost> declines,
    List<Candidate> candidates) {
  /**
   * The border of a subgraph.
   *
   * @param bytes of tensors that cross it in a run, both ways, at the upper bounds
   * @param nanos of the subgraph
   * @param overheadNanos of them that are in none of the delegate's operators; -1 if the delegate
   *     does not tell of its operators
   */
  public record Border(
      String subgraph, String delegate, long bytes, long nanos, long overheadNanos) {}

  /**
   * How a delegate's work is cut up.
   *
   * @param subgraphs how many there are
   * @param operators in all of them
   * @param smallest number of operators of one
   * @param between operators that the delegate declined and Java runs, by name: what cuts
   */
  public record Fragments(
      String delegate, int subgraphs, int operators, int smallest, Set<String> between) {}

  /**
   * A reason, and what the operators for which it was given take in Java.
   *
   * @param operators how many
   * @param names of them, without repetition
   */
  public record DeclineCost(
      String delegate,
      Decline.Kind kind,
      String detail,
      int operators,
      Set<String> names,
      double nanos) {}

  /**
   * What would change if a delegate took an operator wherever it stands.
   *
   * @param calls in a run that Java computes now
   * @param nanos that they take now
   * @param estimatedNanos what they would take at the speed at which the delegate computes what it
   *     has, or, if it has nothing, at the machine's peak: an estimate
   */
  public record Candidate(
      String delegate, String operator, int calls, double nanos, double estimatedNanos) {
    /** Nanoseconds a run that would be saved; negative if the delegate would be slower. */
    public double savedNanos() {
      return nanos - estimatedNanos;
    }
  }

  public PlacementCost {
    borders = List.copyOf(borders);
    fragments = List.copyOf(fragments);
    declines = List.copyOf(declines);
    candidates = List.copyOf(candidates);
  }

  /**
   * Of recorded runs.
   *
   * @throws IllegalArgumentException if the profile has no runs
   */
  public static PlacementCost of(Profile profile, MachinePeak peak) {
    if (profile.runs().isEmpty()) {
      throw new IllegalArgumentException("the profile has no runs");
    }
    return new Count(profile, peak).cost();
  }

  private static final class Count {
    private final Profile profile;
    private final MachinePeak peak;
    private final long[] nanos;
    private final long[] overhead;

    Count(Profile profile, MachinePeak peak) {
      this.profile = profile;
      this.peak = peak;
      int steps = profile.steps().size();
      int runs = profile.runs().size();
      long[][] times = new long[steps][runs];
      long[][] outside = new long[steps][runs];
      boolean[] parts = new boolean[steps];
      for (int run = 0; run < runs; run++) {
        for (Profile.Event event : profile.runs().get(run).events()) {
          times[event.step()][run] += event.nanos();
          outside[event.step()][run] += event.nanos();
          for (Profile.Part part : event.parts()) {
            outside[event.step()][run] -= part.nanos();
            parts[event.step()] = true;
          }
        }
      }
      this.nanos = Arrays.stream(times).mapToLong(Count::median).toArray();
      this.overhead = new long[steps];
      for (int s = 0; s < steps; s++) {
        overhead[s] = parts[s] ? Math.max(0, median(outside[s])) : -1;
      }
    }

    private static long median(long[] values) {
      return Quantiles.of(values, 0.5);
    }

    /** Null of what the placement does not name: an operator of a Java twin. */
    private Placement.@Nullable PlacedOperator placed(Profile.Operation operation) {
      return operation.position() < 0
          ? null
          : profile.placement().operators().get(operation.position());
    }

    PlacementCost cost() {
      return new PlacementCost(
          median(profile.runs().stream().mapToLong(Profile.Run::nanos).toArray()),
          sum(Profile.HOST),
          borders(),
          fragments(),
          declines(),
          candidates());
    }

    private long sum(String runner) {
      return profile.steps().stream()
          .filter(s -> s.runner().equals(runner))
          .mapToLong(s -> nanos[s.index()])
          .sum();
    }

    private List<Border> borders() {
      List<Border> borders = new ArrayList<>();
      for (Placement.PlacedSubgraph subgraph : profile.placement().subgraphs()) {
        long time = 0;
        long outside = -1;
        for (Profile.Step step : profile.steps()) {
          if (step.subgraph().equals(subgraph.name())) {
            time += nanos[step.index()];
            if (overhead[step.index()] >= 0) {
              outside = Math.max(outside, 0) + overhead[step.index()];
            }
          }
        }
        borders.add(
            new Border(
                subgraph.name(),
                subgraph.delegate(),
                subgraph.inputBytes() + subgraph.outputBytes(),
                time,
                outside));
      }
      borders.sort(
          Comparator.comparingLong(Border::overheadNanos)
              .thenComparingLong(Border::bytes)
              .reversed());
      return borders;
    }

    private List<Fragments> fragments() {
      Map<String, List<Placement.PlacedSubgraph>> byDelegate = new LinkedHashMap<>();
      profile
          .placement()
          .subgraphs()
          .forEach(s -> byDelegate.computeIfAbsent(s.delegate(), d -> new ArrayList<>()).add(s));
      List<Fragments> all = new ArrayList<>();
      byDelegate.forEach((delegate, subgraphs) -> {
        Set<String> between = new TreeSet<>();
        for (Placement.PlacedOperator operator : profile.placement().operators()) {
          if (declinedBy(operator, delegate)) {
            between.add(operator.name());
          }
        }
        all.add(
            new Fragments(
                delegate,
                subgraphs.size(),
                subgraphs.stream().mapToInt(Placement.PlacedSubgraph::operatorCount).sum(),
                subgraphs.stream()
                    .mapToInt(Placement.PlacedSubgraph::operatorCount)
                    .min()
                    .orElse(0),
                between));
      });
      return all;
    }

    /** True of an operator that the delegate declined and Java runs. */
    private static boolean declinedBy(Placement.PlacedOperator operator, String delegate) {
      return operator.subgraph().isEmpty()
          && !operator.runner().equals("plan")
          && operator.declines().stream().anyMatch(d -> d.delegate().equals(delegate));
    }

    /**
     * Operators in Java with their part of their step's time; those of one step share it evenly.
     */
    private Map<Placement.PlacedOperator, Double> inJava() {
      Map<Placement.PlacedOperator, Double> times = new LinkedHashMap<>();
      for (Profile.Step step : profile.steps()) {
        if (!step.subgraph().isEmpty()) {
          continue;
        }
        for (Profile.Operation operation : step.operations()) {
          Placement.PlacedOperator operator = placed(operation);
          if (operator != null) {
            times.merge(
                operator, (double) nanos[step.index()] / step.operations().size(), Double::sum);
          }
        }
      }
      return times;
    }

    private record Reason(String delegate, Decline.Kind kind, String detail) {}

    private List<DeclineCost> declines() {
      Map<Reason, List<Placement.PlacedOperator>> byReason = new LinkedHashMap<>();
      Map<Placement.PlacedOperator, Double> times = inJava();
      for (Placement.PlacedOperator operator : times.keySet()) {
        for (Placement.DeclinedBy decline : operator.declines()) {
          byReason
              .computeIfAbsent(
                  new Reason(
                      decline.delegate(), decline.reason().kind(), decline.reason().detail()),
                  r -> new ArrayList<>())
              .add(operator);
        }
      }
      List<DeclineCost> costs = new ArrayList<>();
      byReason.forEach((reason, operators) ->
          costs.add(
              new DeclineCost(
                  reason.delegate(),
                  reason.kind(),
                  reason.detail(),
                  operators.size(),
                  new TreeSet<>(operators.stream().map(Placement.PlacedOperator::name).toList()),
                  operators.stream().mapToDouble(times::get).sum())));
      costs.sort(Comparator.comparingDouble(DeclineCost::nanos).reversed());
      return costs;
    }

    /** How fast a delegate is: operations, and bytes of its borders, a nanosecond. */
    private record Speed(double arithmetic, double bytes) {}

    private Speed speed(String delegate) {
      double arithmetic = 0;
      double bytes = 0;
      double time = 0;
      for (Profile.Step step : profile.steps()) {
        if (step.runner().equals(delegate)) {
          arithmetic += step.arithmetic();
          bytes += step.bytesRead() + step.bytesWritten();
          time += nanos[step.index()];
        }
      }
      return time == 0
          ? new Speed(peak.arithmeticPerNano(), peak.bytesPerNano())
          : new Speed(
              Math.max(arithmetic / time, Double.MIN_NORMAL),
              // Of what stays inside nothing is known: memory is taken to be as fast as it can be.
              Math.max(bytes / time, peak.bytesPerNano()));
    }

    private List<Candidate> candidates() {
      record Key(String delegate, String operator) {}
      record Sums(int[] calls, double[] nanos, double[] estimated) {}
      Map<Key, Sums> sums = new LinkedHashMap<>();
      Map<String, Speed> speeds = new HashMap<>();
      for (Profile.Step step : profile.steps()) {
        if (!step.subgraph().isEmpty() || step.operations().isEmpty()) {
          continue;
        }
        double part = 1.0 / step.operations().size();
        for (Profile.Operation operation : step.operations()) {
          Placement.PlacedOperator operator = placed(operation);
          for (Placement.DeclinedBy decline :
              operator == null ? List.<Placement.DeclinedBy>of() : operator.declines()) {
            Speed speed = speeds.computeIfAbsent(decline.delegate(), this::speed);
            Sums sum =
                sums.computeIfAbsent(
                    new Key(decline.delegate(), operation.name()),
                    k -> new Sums(new int[1], new double[1], new double[1]));
            sum.calls()[0]++;
            sum.nanos()[0] += part * nanos[step.index()];
            sum.estimated()[0] +=
                part
                    * Math.max(
                        step.arithmetic() / speed.arithmetic(),
                        (step.bytesRead() + step.bytesWritten()) / speed.bytes());
          }
        }
      }
      List<Candidate> all = new ArrayList<>();
      sums.forEach((key, sum) ->
          all.add(
              new Candidate(
                  key.delegate(),
                  key.operator(),
                  sum.calls()[0],
                  sum.nanos()[0],
                  sum.estimated()[0])));
      all.sort(Comparator.comparingDouble(Candidate::savedNanos).reversed());
      return all;
    }
  }
}
