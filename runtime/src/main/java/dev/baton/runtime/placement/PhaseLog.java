package dev.baton.runtime.placement;

import dev.baton.runtime.profile.LoadPhase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The phases of a method's load, and of what its first runs plan and bind. Any thread. */
public final class PhaseLog {
  /** Shapes may vary for ever. */
  private static final int MOST = 4096;

  private final List<LoadPhase> phases = new ArrayList<>();

  /** A phase ends now. */
  public void add(LoadPhase.Kind kind, String what, long startNanos) {
    add(new LoadPhase(kind, what, startNanos, System.nanoTime() - startNanos));
  }

  public synchronized void add(LoadPhase phase) {
    if (phases.size() < MOST) {
      phases.add(phase);
    }
  }

  /** A copy, in the order of their beginnings. */
  public synchronized List<LoadPhase> all() {
    return phases.stream().sorted(Comparator.comparingLong(LoadPhase::startNanos)).toList();
  }
}
