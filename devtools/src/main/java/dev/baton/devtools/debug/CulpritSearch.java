package dev.baton.devtools.debug;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.ClaimFilter;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.Profile;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Says which operators are to blame. All errors being each step's own, the order of the run says
 * nothing: what departs in the placement as it was loaded goes before what departs only as a step
 * of its own, and of these the greatest {@link StepError#excess}; the first of equals.
 */
final class CulpritSearch {
  /** Loads of a placement with ever fewer operators on the delegate, at most. */
  private static final int MAX_PROBES = 64;

  /**
   * Who, and where it shows.
   *
   * @param placed false if only a step of its own departs, and not the placement as it was loaded,
   *     nor with what follows left out
   */
  record Found(Culprit culprit, StepError error, boolean placed) {}

  private final Calls calls;
  private final LoadOptions suspect;
  private final ReferenceRun reference;
  private final Placement placement;
  private final Consumer<String> progress;

  /**
   * @param placement of {@code suspect}
   */
  CulpritSearch(
      Calls calls,
      LoadOptions suspect,
      ReferenceRun reference,
      Placement placement,
      Consumer<String> progress) {
    this.calls = calls;
    this.suspect = suspect;
    this.reference = reference;
    this.placement = placement;
    this.progress = progress;
  }

  /**
   * @param steps of the placement
   * @param operators the same, each operator, or least group that is claimed as one, alone
   * @return empty if nothing departs
   */
  Optional<Found> search(List<StepError> steps, List<StepError> operators) throws IOException {
    StepError step = worst(steps);
    if (step == null) {
      StepError alone = worst(operators);
      return alone == null ? Optional.empty() : Optional.of(hidden(alone, steps));
    }
    Set<Integer> within = new HashSet<>(positions(step));
    StepError alone =
        worst(
            operators.stream()
                .filter(e -> positions(e).stream().anyMatch(within::contains))
                .toList());
    if (alone != null) {
      return Optional.of(found(alone, alone.step().operations(), true, true));
    }
    return Optional.of(
        step.step().subgraph().isEmpty()
            ? found(step, step.step().operations(), false, true)
            : bisect(step));
  }

  /** No step of the placement departs: does it up to this operator, whose result is seen then? */
  private Found hidden(StepError alone, List<StepError> steps) throws IOException {
    List<Integer> own = positions(alone);
    List<Integer> before =
        steps.stream()
            .filter(s -> !s.step().subgraph().isEmpty() && positions(s).containsAll(own))
            .findFirst()
            .map(s -> positions(s).stream().filter(p -> p <= own.getLast()).toList())
            .orElse(own);
    StepError shown = before.size() > own.size() ? probe(alone.step().runner(), before) : null;
    boolean placed = shown != null && positions(shown).containsAll(own);
    if (placed) {
      calls
          .notes()
          .add(
              "what follows it in its subgraph hides it or part of it: seen is the subgraph up to it");
    }
    return found(alone, alone.step().operations(), true, placed);
  }

  /** The worst that departs; the first of equals; null if there is none. */
  private static @Nullable StepError worst(List<StepError> errors) {
    StepError worst = null;
    for (StepError error : errors) {
      if (error.departs() && (worst == null || error.excess() > worst.excess())) {
        worst = error;
      }
    }
    return worst;
  }

  private static List<Integer> positions(StepError error) {
    return error.step().operations().stream().map(Profile.Operation::position).sorted().toList();
  }

  private Found found(
      StepError error, List<Profile.Operation> operators, boolean alone, boolean placed) {
    Placement.PlacedOperator first = placement.operators().get(operators.getFirst().position());
    Culprit culprit =
        new Culprit(
            error.step().runner(),
            first.subgraph(),
            operators,
            alone,
            error.error(),
            error.bound());
    return new Found(culprit, error, placed);
  }

  private Found bisect(StepError error) throws IOException {
    Optional<Bisection.Least<StepError>> least =
        new Bisection<>(MAX_PROBES, positions -> probe(error.step().runner(), positions))
            .search(positions(error));
    if (least.isEmpty()) {
      calls
          .notes()
          .add(
              "subgraph "
                  + error.step().subgraph()
                  + " departs only beside the others of the placement: which of its operators are"
                  + " needed is not known");
      return found(error, error.step().operations(), false, true);
    }
    if (!least.get().complete()) {
      calls
          .notes()
          .add(
              "the bisection ended after "
                  + MAX_PROBES
                  + " loads: fewer operators may show it as well");
    }
    Set<Integer> kept = Set.copyOf(least.get().operators());
    return found(
        least.get().shown(),
        error.step().operations().stream().filter(o -> kept.contains(o.position())).toList(),
        false,
        true);
  }

  /** The worst step of the delegate if it may claim these operators alone; null if none departs. */
  private @Nullable StepError probe(String delegate, List<Integer> operators) throws IOException {
    progress.accept("bisecting: " + operators.size() + " operators on " + delegate);
    Set<Integer> allowed = new TreeSet<>(operators);
    ClaimFilter own = suspect.claims();
    ClaimFilter filter =
        (d, o, node) -> d.equals(delegate) && allowed.contains(o) && own.mayClaim(d, o, node);
    try (ModelMethod loaded = calls.load(suspect.withClaims(filter))) {
      return worst(
          reference.compare(loaded).stream()
              .filter(e -> e.step().runner().equals(delegate))
              .toList());
    } catch (BatonException e) {
      calls.notes().add("a part of the subgraph does not run alone: " + e.getMessage());
      return null;
    }
  }
}
