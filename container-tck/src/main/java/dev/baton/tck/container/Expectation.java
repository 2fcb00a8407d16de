package dev.baton.tck.container;

import dev.baton.delegate.Availability;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a run on a host is to show: who runs the operators, why a delegate does not, and always the
 * golden output, unless the load is to fail. Immutable.
 */
public final class Expectation {
  /** Runner of what is computed when shapes are known. */
  private static final String PLAN = "plan";

  private enum Kind {
    WHOLLY,
    PARTLY,
    IN_JAVA,
    FAILING
  }

  private record Because(Availability.Reason reason, List<String> words) {}

  private final Kind kind;
  private final String delegate;
  private final List<String> failureWords;
  private final Map<String, Because> reasons;
  private final boolean fallingBack;

  private Expectation(
      Kind kind,
      String delegate,
      List<String> failureWords,
      Map<String, Because> reasons,
      boolean fallingBack) {
    this.kind = kind;
    this.delegate = delegate;
    this.failureWords = failureWords;
    this.reasons = reasons;
    this.fallingBack = fallingBack;
  }

  /** Every operator runs on one delegate. */
  public static Expectation on(String delegate) {
    return new Expectation(Kind.WHOLLY, delegate, List.of(), Map.of(), false);
  }

  /** Some operators run on one delegate, and the others in Java. */
  public static Expectation partlyOn(String delegate) {
    return new Expectation(Kind.PARTLY, delegate, List.of(), Map.of(), false);
  }

  /** No operator runs on a delegate. */
  public static Expectation inJava() {
    return new Expectation(Kind.IN_JAVA, "", List.of(), Map.of(), false);
  }

  /**
   * There is no output: loading or running throws, as it must for an opaque payload whose library
   * is absent.
   *
   * @param words what the exception's message says
   */
  public static Expectation failing(String... words) {
    return new Expectation(Kind.FAILING, "", List.of(words), Map.of(), false);
  }

  /**
   * A delegate says that it cannot work there.
   *
   * @param words what its message and remedy say
   */
  public Expectation because(String unavailable, Availability.Reason reason, String... words) {
    Map<String, Because> more = new LinkedHashMap<>(reasons);
    more.put(unavailable, new Because(reason, List.of(words)));
    return new Expectation(kind, delegate, failureWords, more, fallingBack);
  }

  /** A delegate fails in a run, and Java computes what it should have. */
  public Expectation fallingBack() {
    return new Expectation(kind, delegate, failureWords, reasons, true);
  }

  /** What is not as expected, a sentence each; empty if everything is. */
  List<String> breaches(Observation seen) {
    List<String> breaches = new ArrayList<>();
    if (kind == Kind.FAILING) {
      if (!seen.failed()) {
        breaches.add("It was to fail, and ran.");
      }
      missing(seen.detail(), failureWords, "The failure", breaches);
      return breaches;
    }
    if (seen.failed()) {
      return List.of("It failed: " + seen.detail());
    }
    placement(seen, breaches);
    reasons.forEach((name, because) -> reason(name, because, seen, breaches));
    if (fallingBack == seen.fallenBack().isEmpty()) {
      breaches.add(
          fallingBack
              ? "No delegate failed in a run."
              : "Delegates failed in a run: " + seen.fallenBack() + ".");
    }
    if (!seen.golden()) {
      breaches.add("The output is not the golden one: " + seen.detail() + ".");
    }
    return breaches;
  }

  private void placement(Observation seen, List<String> breaches) {
    Set<String> runners = new TreeSet<>(seen.runners().keySet());
    runners.remove(PLAN);
    Set<String> java = new TreeSet<>(runners);
    java.removeAll(seen.delegates().keySet());
    boolean right =
        switch (kind) {
          case WHOLLY -> seen.delegates().keySet().equals(Set.of(delegate)) && java.isEmpty();
          case PARTLY -> seen.delegates().keySet().equals(Set.of(delegate)) && !java.isEmpty();
          case IN_JAVA -> seen.delegates().isEmpty();
          case FAILING -> true;
        };
    if (!right) {
      breaches.add("Operators were to run " + place() + ", and run on " + seen.runners() + ".");
    }
  }

  private static void reason(
      String name, Because because, Observation seen, List<String> breaches) {
    Observation.Unavailable unavailable = seen.unavailable().get(name);
    if (unavailable == null) {
      breaches.add(name + " was to be unavailable: " + because.reason() + ".");
      return;
    }
    String told = unavailable.reason() + ": " + unavailable.message() + " " + unavailable.remedy();
    if (!unavailable.reason().equals(because.reason().name())) {
      breaches.add(name + " was to be unavailable for " + because.reason() + ", and says " + told);
    }
    missing(told, because.words(), "What " + name + " says", breaches);
  }

  private static void missing(String text, List<String> words, String what, List<String> breaches) {
    for (String word : words) {
      if (!text.contains(word)) {
        breaches.add(what + " lacks '" + word + "': " + text);
      }
    }
  }

  private String place() {
    return switch (kind) {
      case WHOLLY -> "on " + delegate;
      case PARTLY -> "on " + delegate + " and in Java";
      case IN_JAVA -> "in Java";
      case FAILING -> "nowhere";
    };
  }

  @Override
  public String toString() {
    return place() + (reasons.isEmpty() ? "" : " because " + reasons);
  }
}
