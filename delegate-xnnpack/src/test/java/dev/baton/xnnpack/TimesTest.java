package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Graph;
import dev.baton.xnnpack.Cases.Built;
import dev.baton.xnnpack.Cases.Case;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnOperatorNames;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What XNNPACK tells of its operators. */
class TimesTest {
  private static final Case NET = Cases.named("inverted_residual");

  @AfterEach
  void nothingLives() {
    Rig.assertNothingLives();
  }

  private record Context(int threads, boolean isProfiled)
      implements OpenContext, CompileContext, ExecutionContext {
    @Override
    public Map<String, String> options() {
      return Map.of();
    }

    @Override
    public Optional<Path> cacheDirectory() {
      return Optional.empty();
    }

    @Override
    public String method() {
      return "forward";
    }
  }

  private record Part(int id, String name, long start, long nanos) {}

  private static final class Recorder implements RunContext {
    final List<Part> parts = new ArrayList<>();

    @Override
    public boolean isRecorded() {
      return true;
    }

    @Override
    public void record(int id, String name, long startNanos, long nanos) {
      parts.add(new Part(id, name, startNanos, nanos));
    }
  }

  private static List<Recorder> runs(int threads, boolean profiled) throws DelegateException {
    Context context = new Context(threads, profiled);
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = new XnnpackDelegate().open(context)) {
      Built built = Cases.build(NET, arena, false);
      try (XnnpackSubgraph compiled =
              (XnnpackSubgraph) session.compile(new Rig.Whole(built.graph()), context);
          DelegateExecution execution = compiled.newExecution(context)) {
        Rig.Buffers buffers = new Rig.Buffers(arena, built.inputs(), Rig.shapes(NET.results()));
        execution.bind(buffers);
        List<Recorder> runs = new ArrayList<>();
        for (int r = 0; r < 3; r++) {
          Recorder recorder = new Recorder();
          long start = System.nanoTime();
          execution.run(recorder);
          long end = System.nanoTime();
          Rig.assertClose(NET.results().get(0).values(), buffers.values(0));
          for (Part part : recorder.parts) {
            assertTrue(part.nanos() >= 0 && part.start() >= start, part::toString);
            // XNNPACK's clock counts microseconds.
            assertTrue(part.start() + part.nanos() <= end + 1_000, part::toString);
          }
          runs.add(recorder);
        }
        return runs;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void operatorsAreTold(int threads) throws DelegateException {
    List<Recorder> runs = runs(threads, true);
    List<Part> first = runs.get(0).parts;
    assertFalse(first.isEmpty());
    assertTrue(first.stream().anyMatch(p -> p.name().startsWith("Convolution")), first::toString);
    assertTrue(first.stream().anyMatch(p -> p.name().startsWith("Mean")), first::toString);
    for (int p = 0; p < first.size(); p++) {
      assertEquals(p, first.get(p).id());
      assertSame(first.get(p).name(), runs.get(2).parts.get(p).name());
    }
    assertEquals(first.size(), runs.get(2).parts.size());
  }

  /** Nodes that each operator works for, by the operators' kinds. */
  @ParameterizedTest
  @CsvSource({
    "inverted_residual, Convolution, aten::convolution",
    "inverted_residual, Mean, aten::mean.dim",
  })
  void operatorsAreOfNodes(String name, String kind, String operator)
      throws DelegateException, XnnException {
    Case net = Cases.named(name);
    Context context = new Context(1, true);
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = new XnnpackDelegate().open(context)) {
      Graph graph = Cases.build(net, arena, false).graph();
      try (XnnpackSubgraph compiled =
              (XnnpackSubgraph) session.compile(new Rig.Whole(graph), context);
          Runtimes runtimes = new Runtimes(Rig.library(), compiled.graph(), null, null, true)) {
        List<String> names = runtimes.operatorNames();
        Set<Integer> all = new TreeSet<>();
        for (int part = 0; part < names.size(); part++) {
          List<Integer> nodes = compiled.nodesOf(part);
          assertFalse(nodes.isEmpty(), names.get(part));
          all.addAll(nodes);
          if (XnnOperatorNames.kind(names.get(part)).equals(kind)) {
            assertTrue(
                nodes.stream().anyMatch(n -> graph.nodes().get(n).name().equals(operator)),
                () -> kind + " of " + nodes);
          }
        }
        assertEquals(graph.nodes().size(), all.size(), all::toString);
        assertEquals(List.of(), compiled.nodesOf(names.size()));
        assertEquals(List.of(), compiled.nodesOf(-1));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void nothingIsToldUnlessAskedFor(int threads) throws DelegateException {
    runs(threads, false).forEach(r -> assertEquals(List.of(), r.parts));
  }
}
