package dev.baton.tck.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability.Reason;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every kind of difference between what was declared and what was seen is told. */
class ExpectationTest {
  private static final Observation.Unavailable ABSENT =
      new Observation.Unavailable("LIBRARY_ABSENT", "It is nowhere.", "Install acme.");

  private static Observation seen(Map<String, Long> runners, Map<String, Long> delegates) {
    return new Observation(
        runners, delegates, Map.of("acme", ABSENT), List.of(), true, "error 0", false);
  }

  private static final Observation ON_XNNPACK =
      seen(Map.of("xnnpack", 5L, "plan", 1L), Map.of("xnnpack", 1L));
  private static final Observation ON_BOTH =
      seen(Map.of("xnnpack", 5L, "vector", 1L), Map.of("xnnpack", 1L));
  private static final Observation IN_JAVA = seen(Map.of("vector", 6L), Map.of());

  private static void assertKept(Expectation expectation, Observation seen) {
    assertEquals(List.of(), expectation.breaches(seen));
  }

  private static void assertBroken(Expectation expectation, Observation seen, String word) {
    List<String> breaches = expectation.breaches(seen);
    assertEquals(1, breaches.size(), breaches::toString);
    assertTrue(breaches.getFirst().contains(word), breaches::toString);
  }

  @Test
  void placement() {
    assertKept(Expectation.on("xnnpack"), ON_XNNPACK);
    assertBroken(Expectation.on("xnnpack"), ON_BOTH, "vector");
    assertBroken(Expectation.on("xnnpack"), IN_JAVA, "on xnnpack");
    assertBroken(Expectation.on("acme"), ON_XNNPACK, "on acme");
    assertKept(Expectation.partlyOn("xnnpack"), ON_BOTH);
    assertBroken(Expectation.partlyOn("xnnpack"), ON_XNNPACK, "in Java");
    assertKept(Expectation.inJava(), IN_JAVA);
    assertBroken(Expectation.inJava(), ON_BOTH, "in Java");
  }

  @Test
  void reasons() {
    Expectation inJava = Expectation.inJava();
    assertKept(inJava.because("acme", Reason.LIBRARY_ABSENT, "nowhere", "Install"), IN_JAVA);
    assertBroken(inJava.because("acme", Reason.LIBRARY_UNFIT), IN_JAVA, "LIBRARY_UNFIT");
    assertBroken(inJava.because("acme", Reason.LIBRARY_ABSENT, "glibc"), IN_JAVA, "glibc");
    assertBroken(inJava.because("other", Reason.LIBRARY_ABSENT), IN_JAVA, "other");
  }

  @Test
  void outputsAndFailures() {
    Observation wrong =
        new Observation(
            Map.of("vector", 6L), Map.of(), Map.of(), List.of(), false, "error 0.5", false);
    assertBroken(Expectation.inJava(), wrong, "error 0.5");
    Observation failed = Observation.failed(new IllegalStateException("no backend QnnBackend"));
    assertBroken(Expectation.inJava(), failed, "QnnBackend");
    assertKept(Expectation.failing("QnnBackend"), failed);
    assertBroken(Expectation.failing("OpenVINO"), failed, "OpenVINO");
    assertBroken(Expectation.failing(), IN_JAVA, "to fail");
  }

  @Test
  void delegatesThatFailInARun() {
    Observation fallen =
        new Observation(
            Map.of("xnnpack", 5L),
            Map.of("xnnpack", 1L),
            Map.of(),
            List.of("forward/0"),
            true,
            "",
            false);
    assertBroken(Expectation.on("xnnpack"), fallen, "forward/0");
    assertKept(Expectation.on("xnnpack").fallingBack(), fallen);
    assertBroken(Expectation.on("xnnpack").fallingBack(), ON_XNNPACK, "No delegate failed");
  }

  @Test
  void observationsSurviveTheWayOutOfAContainer() throws Exception {
    assertEquals(ON_BOTH, Observation.fromJson(ON_BOTH.toJson()));
    Observation odd = Observation.failed(new IllegalStateException("two\nlines \"quoted\" | ∞"));
    assertEquals(1, odd.toJson().lines().count());
    assertEquals(odd, Observation.fromJson(odd.toJson()));
  }
}
