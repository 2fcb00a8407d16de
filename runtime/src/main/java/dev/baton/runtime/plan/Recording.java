package dev.baton.runtime.plan;

import dev.baton.graph.Node;
import dev.baton.runtime.profile.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Times of the steps of some runs, in arrays of numbers. Room for a run is made before it begins,
 * for as many steps as the one before had: a run like the one before allocates nothing. Used by one
 * thread at a time.
 */
public final class Recording {
  private static final int FIRST_ROOM = 64;

  /** Numbers that grow together. */
  private static final class Times {
    int[] what;
    long[] start;
    long[] nanos;
    int count;

    Times() {
      what = new int[FIRST_ROOM];
      start = new long[FIRST_ROOM];
      nanos = new long[FIRST_ROOM];
    }

    /** True if arrays had to grow. */
    boolean reserve(int more) {
      if (what.length - count >= more) {
        return false;
      }
      int length = Math.max(2 * what.length, count + more);
      what = Arrays.copyOf(what, length);
      start = Arrays.copyOf(start, length);
      nanos = Arrays.copyOf(nanos, length);
      return true;
    }

    int add(int id, long from, long duration) {
      reserve(1);
      what[count] = id;
      start[count] = from;
      nanos[count] = duration;
      return count++;
    }
  }

  private final int maxRuns;
  private final Times runs = new Times(); // what: the first step
  private final Times steps = new Times(); // what: index among those of all plans
  private final Times parts = new Times(); // what: the delegate's id
  private int[] partOf = new int[FIRST_ROOM]; // position in steps
  private String[] partNames = new String[FIRST_ROOM];
  private @Nullable List<Integer>[] partNodes = rooms(FIRST_ROOM);
  private final List<BoundPlan> plans = new ArrayList<>();
  private final List<Integer> firstSteps = new ArrayList<>();
  private int stepsKnown;
  private int firstStep;
  private int firstPart;
  private int stepsPerRun;
  private int partsPerRun;
  private long began;

  /**
   * @param maxRuns at least 1
   */
  public Recording(int maxRuns) {
    this.maxRuns = maxRuns;
  }

  /**
   * A run begins.
   *
   * @return false if there are runs enough: it is not recorded then
   */
  public boolean begin() {
    if (runs.count == maxRuns) {
      return false;
    }
    runs.reserve(1);
    steps.reserve(stepsPerRun);
    parts.reserve(partsPerRun);
    growPartNames();
    firstStep = steps.count;
    firstPart = parts.count;
    began = System.nanoTime();
    return true;
  }

  private void growPartNames() {
    if (partOf.length < parts.what.length) {
      partOf = Arrays.copyOf(partOf, parts.what.length);
      partNames = Arrays.copyOf(partNames, parts.what.length);
      partNodes = Arrays.copyOf(partNodes, parts.what.length);
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static @Nullable List<Integer>[] rooms(int count) {
    return new List[count];
  }

  /** The run has ended well. */
  public void end() {
    long nanos = System.nanoTime() - began;
    runs.add(firstStep, began, nanos);
    stepsPerRun = Math.max(stepsPerRun, steps.count - firstStep);
    partsPerRun = Math.max(partsPerRun, parts.count - firstPart);
  }

  /** The run has failed, and is forgotten. */
  public void abandon() {
    steps.count = firstStep;
    parts.count = firstPart;
  }

  /** Where the steps of a plan begin among those of all plans. */
  int firstStepOf(BoundPlan plan) {
    for (int p = 0; p < plans.size(); p++) {
      if (plans.get(p) == plan) {
        return firstSteps.get(p);
      }
    }
    plans.add(plan);
    firstSteps.add(stepsKnown);
    stepsKnown += plan.stepCount();
    return stepsKnown - plan.stepCount();
  }

  /** A step has ended. */
  void step(int index, long start, long nanos) {
    steps.add(index, start, nanos);
  }

  /** Something within the step at work has ended, of which its delegate knows what it computes. */
  public void part(int id, String name, long start, long nanos) {
    part(id, name, null, start, nanos);
  }

  /**
   * Something within the step at work has ended.
   *
   * @param nodes positions among the step's nodes; null if its delegate knows them
   */
  void part(int id, String name, @Nullable List<Integer> nodes, long start, long nanos) {
    if (parts.reserve(1)) {
      growPartNames();
    }
    partOf[parts.count] = steps.count;
    partNames[parts.count] = name;
    partNodes[parts.count] = nodes;
    parts.add(id, start, nanos);
  }

  /**
   * The steps that events name by index.
   *
   * @param positions of nodes among the operators of the placement
   */
  public List<Profile.Step> steps(ToIntFunction<Node> positions) {
    List<Profile.Step> all = new ArrayList<>();
    for (BoundPlan plan : plans) {
      for (int s = 0; s < plan.stepCount(); s++) {
        all.add(plan.describe(s, all.size(), positions));
      }
    }
    return all;
  }

  /**
   * The runs so far.
   *
   * @param known what {@link #steps} gives
   */
  public List<Profile.Run> runs(List<Profile.Step> known) {
    Operations operations = new Operations(known);
    List<Profile.Run> all = new ArrayList<>();
    int part = 0;
    for (int r = 0; r < runs.count; r++) {
      int end = r + 1 < runs.count ? runs.what[r + 1] : steps.count;
      List<Profile.Event> events = new ArrayList<>();
      for (int s = runs.what[r]; s < end; s++) {
        List<Profile.Part> within = new ArrayList<>();
        for (; part < parts.count && partOf[part] == s; part++) {
          within.add(
              new Profile.Part(
                  parts.what[part],
                  partNames[part],
                  parts.start[part],
                  parts.nanos[part],
                  operations.of(steps.what[s], parts.what[part], partNodes[part])));
        }
        events.add(new Profile.Event(steps.what[s], steps.start[s], steps.nanos[s], within));
      }
      all.add(new Profile.Run(runs.start[r], runs.nanos[r], events));
    }
    return all;
  }

  /** What parts compute; delegates are asked once for each part. */
  private final class Operations {
    private record Key(int step, int id) {}

    private final List<Profile.Step> known;
    private final Map<Key, List<Profile.Operation>> told = new HashMap<>();

    Operations(List<Profile.Step> known) {
      this.known = known;
    }

    List<Profile.Operation> of(int step, int id, @Nullable List<Integer> nodes) {
      if (nodes != null) {
        return operations(step, nodes);
      }
      return id < 0 || plans.isEmpty()
          ? List.of()
          : told.computeIfAbsent(new Key(step, id), k -> operations(step, ask(step, id)));
    }

    private List<Integer> ask(int step, int id) {
      int plan = plans.size() - 1;
      while (firstSteps.get(plan) > step) {
        plan--;
      }
      return plans.get(plan).nodesOf(step - firstSteps.get(plan), id);
    }

    /** What a delegate says that is not so is left out. */
    private List<Profile.Operation> operations(int step, List<Integer> nodes) {
      List<Profile.Operation> all = known.get(step).operations();
      return nodes.stream().filter(n -> n >= 0 && n < all.size()).distinct().map(all::get).toList();
    }
  }
}
