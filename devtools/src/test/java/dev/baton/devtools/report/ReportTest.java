package dev.baton.devtools.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports of models that run, and made-up ones. */
class ReportTest {
  private static final int RUNS = 3;

  @TempDir Path folder;

  private static ModelReport report(LoadOptions options) throws IOException {
    try (Program program = Program.open(Path.of("../models", "digits-portable", "model.pte"));
        ModelMethod method =
            ModelMethod.load(program, "forward", options.withProfiling(true), Delegates.load());
        Execution execution = method.newExecution()) {
      execution.startProfile(RUNS);
      for (int run = 0; run < RUNS; run++) {
        execution.run();
      }
      return new ReportBuilder("digits", execution)
          .withSources(origin ->
              origin.instruction() == 0 ? new NodeSource(List.of("first"), "model.py") : null)
          .withErrors("itself", List.of(new NodeError(0, 0, 0.5, 0.1, Double.NaN, 1.0, 2, 0)))
          .build();
    }
  }

  private static ModelReport inJava() throws IOException {
    return report(LoadOptions.defaults().withDelegates(List.of()));
  }

  @Test
  void partsOfADelegateNameTheNodesTheyWorkFor() throws IOException {
    ModelReport report = report(LoadOptions.defaults().withDelegates(List.of("xnnpack")));
    int parts = 0;
    for (ModelReport.Step step : report.steps()) {
      for (ModelReport.Part part : step.parts()) {
        assertFalse(part.nodes().isEmpty(), part::toString);
        assertTrue(step.nodes().containsAll(part.nodes()), part::toString);
        parts++;
      }
    }
    assertTrue(parts > 0, "no parts");
  }

  @Test
  void everyReferenceIsWithinTheReport() throws IOException {
    for (ModelReport report : List.of(inJava(), report(LoadOptions.defaults()))) {
      assertFalse(report.nodes().isEmpty());
      for (int n = 0; n < report.nodes().size(); n++) {
        ModelReport.Node node = report.nodes().get(n);
        for (int result : node.results()) {
          assertEquals(n, report.values().get(result).producer());
        }
        for (ModelReport.Argument argument : node.arguments()) {
          // What is used is given before.
          for (int value : argument.values()) {
            assertTrue(report.values().get(value).producer() < n);
          }
        }
      }
      assertEquals(RUNS, report.runs().nanos().size());
      for (ModelReport.Event event : report.runs().timeline()) {
        assertTrue(report.steps().get(event.step()).times().p50() > 0);
      }
      report.steps().forEach(s -> s.nodes().forEach(n -> assertNotNull(report.nodes().get(n))));
      assertTrue(
          report.steps().stream().anyMatch(s -> s.times().share() > 0 && !s.nodes().isEmpty()));
    }
  }

  @Test
  void stepsComputeTheNodesThatTheyName() throws IOException {
    ModelReport report = inJava();
    for (ModelReport.Step step : report.steps()) {
      for (int n : step.nodes()) {
        assertTrue(step.name().contains(report.nodes().get(n).operator()), step.name());
        assertEquals(step.runner(), report.nodes().get(n).runner());
      }
    }
  }

  @Test
  void buffersThatLiveAtOnceDoNotOverlap() throws IOException {
    ModelReport report = inJava();
    MemoryPlan plan = report.memory().plans().getFirst();
    assertFalse(plan.buffers().isEmpty());
    for (MemoryPlan.Buffer a : plan.buffers()) {
      assertTrue(a.offset() >= 0 && a.offset() + a.bytes() <= plan.arenaBytes());
      assertTrue(a.first() <= a.last() && a.last() <= plan.steps().size());
      for (MemoryPlan.Result held : a.values()) {
        ModelReport.Node node = report.nodes().get(held.operator());
        assertTrue(report.values().get(node.results().get(held.index())).bytes() <= a.bytes());
      }
      for (MemoryPlan.Buffer b : plan.buffers()) {
        boolean together = a.first() <= b.last() && b.first() <= a.last();
        boolean apart =
            a.offset() + a.bytes() <= b.offset() || b.offset() + b.bytes() <= a.offset();
        assertTrue(a == b || !together || apart, a + " " + b);
      }
    }
  }

  @Test
  void sourcesAndErrorsAreThoseGiven() throws IOException {
    ModelReport report = inJava();
    ModelReport.Node first =
        report.nodes().stream().filter(n -> n.instruction() == 0).findFirst().orElseThrow();
    assertNotNull(first.source());
    assertEquals(List.of("first"), first.source().modules());
    assertNotNull(report.errors());
    NodeError error = report.errors().nodes().getFirst();
    assertEquals(0.5, error.maximum());
    assertNull(error.snr());
  }

  @Test
  void jsonGoesBothWays() throws IOException {
    for (ModelReport report : List.of(inJava(), Reports.transformer(120))) {
      String json = ReportJson.write(report);
      assertEquals(json, ReportJson.write(report));
      assertEquals(report, ReportJson.read(json));
    }
  }

  @Test
  void whatIsNoReportIsRefused() throws IOException {
    assertThrows(IOException.class, () -> ReportJson.read("{\"version\": 99}"));
    assertThrows(IOException.class, () -> ReportJson.read("no JSON"));
    assertThrows(IOException.class, () -> ReportJson.read("{\"version\": 1}"));
    String sound = ReportJson.write(Reports.transformer(20));
    for (String[] damage :
        new String[][] {
          {"\"results\":\\[[0-9]+", "\"results\":[99999"},
          {"\"producer\":[0-9]+", "\"producer\":77777"},
          {"\"operator\":\"[^\"]+\"", "\"operator\":null"}
        }) {
      String damaged = sound.replaceFirst(damage[0], damage[1]);
      assertNotEquals(sound, damaged);
      assertThrows(IOException.class, () -> ReportJson.read(damaged), damage[1]);
    }
    Path file = folder.resolve("bytes");
    Files.write(file, new byte[] {-1, -2, -3});
    String said = assertThrows(IOException.class, () -> ReportJson.read(file)).getMessage();
    assertTrue(said.contains(file.toString()), said);
  }

  @Test
  void aReportDoesNotDifferFromItself() {
    ModelReport report = Reports.transformer(150);
    ReportDifference same = ReportDifference.of(report, report);
    assertEquals(List.of(), same.moved());
    assertEquals(List.of(), same.added());
    assertEquals(List.of(), same.removed());
    same.figures().forEach(f -> assertEquals(f.before(), f.after(), f.name()));
    for (int n = 0; n < report.nodes().size(); n++) {
      assertEquals(n, same.matches().get(n));
    }
  }

  @Test
  void theDifferenceNamesWhatMovedAndWhatIsNew() {
    ModelReport before = Reports.transformer(150, "swin", "aten::roll", 100);
    ModelReport after = Reports.transformer(150, "swin", "aten::flip", 4);
    ReportDifference difference = ReportDifference.of(before, after);
    assertFalse(difference.moved().isEmpty());
    for (ReportDifference.Moved moved : difference.moved()) {
      assertEquals("xnnpack", moved.before());
      assertEquals("vector", moved.after());
      assertEquals("vector", after.nodes().get(moved.node()).runner());
    }
    assertFalse(difference.added().isEmpty());
    difference.added().forEach(n -> assertEquals("aten::flip", after.nodes().get(n).operator()));
    assertEquals(difference.added().size(), difference.removed().size());
  }
}
