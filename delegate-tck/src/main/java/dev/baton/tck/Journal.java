package dev.baton.tck;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * All that a host did to a delegate, in order, and what of it the SPI does not allow. Safe for use
 * by several threads.
 */
public final class Journal {
  /**
   * A call.
   *
   * @param object whom: {@code delegate}, {@code session 0}, {@code subgraph 1}, {@code execution
   *     2}
   * @param thread name of the calling thread
   */
  public record Entry(Moment moment, String object, String thread) {
    @Override
    public String toString() {
      return moment + " " + object + " (" + thread + ")";
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final Map<String, String> parents = new HashMap<>();
  private final Map<String, String> busy = new HashMap<>();
  private final Set<String> open = new HashSet<>();
  private final Set<String> closed = new HashSet<>();
  private final Map<String, Integer> made = new HashMap<>();

  /** Empty. */
  public Journal() {}

  /** Something of a kind was made: its name. */
  synchronized String made(String kind, String parent) {
    String object = kind + " " + made.merge(kind, 1, Integer::sum);
    parents.put(object, parent);
    open.add(object);
    return object;
  }

  /** A call begins; {@link #leave} ends it. */
  synchronized void enter(Moment moment, String object) {
    String thread = Thread.currentThread().getName();
    entries.add(new Entry(moment, object, thread));
    if (closed.contains(object)) {
      violations.add(moment + " of " + object + " after its close");
    }
    String other = busy.put(object, thread);
    if (other != null && !object.startsWith("delegate") && !object.startsWith("subgraph")) {
      violations.add(moment + " of " + object + " by " + thread + " while " + other + " is in it");
    }
  }

  synchronized void leave(String object) {
    busy.remove(object);
  }

  /** An object is closed. */
  synchronized void close(Moment moment, String object) {
    enter(moment, object);
    leave(object);
    parents.forEach((child, parent) -> {
      if (parent.equals(object) && open.contains(child)) {
        violations.add(object + " is closed before its " + child);
      }
    });
    open.remove(object);
    closed.add(object);
  }

  synchronized void violation(String what) {
    violations.add(what);
  }

  /** Every call so far. */
  public synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** How often a call was made. */
  public synchronized int count(Moment moment) {
    return (int) entries.stream().filter(e -> e.moment() == moment).count();
  }

  /** How often a call was made of one object. */
  public synchronized int count(Moment moment, String object) {
    return (int)
        entries.stream().filter(e -> e.moment() == moment && e.object().equals(object)).count();
  }

  /** The kinds of calls, in order. */
  public synchronized List<Moment> moments() {
    return entries.stream().map(Entry::moment).toList();
  }

  /** What the host did against the SPI. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /**
   * Asserts that the host kept to the SPI, and closed all that it was given, each once and in
   * order.
   *
   * @throws AssertionError if it did not; the message lists everything
   */
  public synchronized void assertAllClosed() {
    List<String> wrong = new ArrayList<>(violations);
    open.stream().sorted().forEach(o -> wrong.add(o + " is not closed"));
    if (!wrong.isEmpty()) {
      throw new AssertionError(
          wrong.stream().collect(Collectors.joining("\n  ", "\n  ", "\nThe journal:\n  "))
              + entries.stream().map(Entry::toString).collect(Collectors.joining("\n  ")));
    }
  }
}
