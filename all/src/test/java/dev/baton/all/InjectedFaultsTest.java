package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.tck.FaultOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Faults around a delegate that is found, by the system property alone. */
class InjectedFaultsTest {
  private static final String XNNPACK = "xnnpack";

  private final List<Event> events = new ArrayList<>();

  @AfterEach
  void noFaults() {
    System.clearProperty(FaultOptions.PROPERTY);
  }

  private CaseResult run(String faults) throws IOException {
    System.setProperty(FaultOptions.PROPERTY, faults);
    LoadOptions options =
        LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK).withListener(events::add);
    Path models = Path.of(System.getProperty("baton.models"));
    return new CaseRunner(Delegates.load(), options)
        .run(ModelCase.read(models.resolve("digits-xnn")));
  }

  @Test
  void aRunThatFailsFallsBackToTheGolden() throws IOException {
    Delegate xnnpack = Objects.requireNonNull(Delegates.load().find(XNNPACK));
    assumeTrue(xnnpack.availability().isAvailable(), () -> xnnpack.availability().toString());
    CaseResult result = run("xnnpack:fails-run=1");
    assertTrue(result.passed());
    assertEquals(1, result.fallenBack().size());
    assertTrue(events.stream().anyMatch(e -> e instanceof Event.RunFailed));
  }

  @Test
  void anAbsentDelegateIsMissedByNobody() throws IOException {
    CaseResult result = run("xnnpack:absent");
    assertTrue(result.passed());
    assertTrue(result.placement().unavailable().containsKey(XNNPACK));
    assertEquals(List.of(), result.placement().subgraphs());
  }
}
