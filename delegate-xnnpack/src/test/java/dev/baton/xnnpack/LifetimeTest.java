package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Cases.Built;
import dev.baton.xnnpack.Cases.Case;
import dev.baton.xnnpack.Cases.Data;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Executions side by side, again and again, and what is left of them. */
class LifetimeTest {
  private static final Case NET = Cases.named("inverted_residual");

  @AfterEach
  void nothingLives() {
    Rig.assertNothingLives();
  }

  @Test
  void fourThreadsEachWithItsExecution() throws Exception {
    try (Arena arena = Arena.ofShared();
        DelegateSession session = new XnnpackDelegate().open(new Rig.Context(Map.of(), 2));
        ExecutorService executor = Executors.newFixedThreadPool(4)) {
      Built built = Cases.build(NET, arena, false);
      try (XnnpackSubgraph compiled =
          (XnnpackSubgraph) session.compile(new Rig.Whole(built.graph()), Rig.Context.ONE_THREAD)) {
        List<Callable<Boolean>> work = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          Rig.Context context = new Rig.Context(Map.of(), t < 2 ? 1 : 2);
          work.add(() -> {
            try (DelegateExecution execution = compiled.newExecution(context)) {
              for (int i = 0; i < 50; i++) {
                List<float[]> outputs =
                    Rig.run(execution, built.inputs(), Rig.shapes(NET.results()));
                Rig.assertClose(NET.results().get(0).values(), outputs.get(0));
              }
            }
            return true;
          });
        }
        for (Future<Boolean> done : executor.invokeAll(work)) {
          assertTrue(done.get());
        }
      }
    }
  }

  /** The second execution packs nothing that stays. */
  @Test
  void executionsShareWeights() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(NET, arena, false);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution a = compiled.newExecution(Rig.Context.ONE_THREAD);
          DelegateExecution b = compiled.newExecution(Rig.Context.ONE_THREAD);
          DelegateExecution c = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        for (DelegateExecution execution : List.of(c, a, b)) {
          List<float[]> outputs = Rig.run(execution, built.inputs(), Rig.shapes(NET.results()));
          Rig.assertClose(NET.results().get(0).values(), outputs.get(0));
        }
        assertTrue(compiled.memoryBytes() > 0);
        assertEquals(compiled.memoryBytes(), XnnpackSubgraph.liveBytes());
      }
    }
  }

  /** Were the weights of each session left behind, there would be 800 MB of them. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void twoHundredSessionsLeaveNothing() throws Exception {
    int size = 1024;
    Graph.Builder builder = new Graph.Builder();
    Value x = builder.input(TensorType.of(DType.FLOAT, 1, size));
    float[] ones = new float[size * size];
    Arrays.fill(ones, 1);
    try (Arena arena = Arena.ofConfined()) {
      Value weight = builder.constant(Cases.constant(arena, ones, size, size));
      Value y =
          builder
              .node(
                  Operators.get("aten::linear"),
                  List.of(x, weight),
                  List.of(TensorType.of(DType.FLOAT, 1, size)),
                  Origin.HOST)
              .result();
      Graph graph = builder.build(List.of(y));
      List<Data> inputs = List.of(new Data(Shape.of(1, size), Arrays.copyOf(ones, size)));
      openAndClose(graph, inputs, 20);
      long before = residentBytes();
      openAndClose(graph, inputs, 200);
      long growth = residentBytes() - before;
      assertTrue(growth < 256 << 20, () -> "grew by " + growth + " bytes");
    }
  }

  private static void openAndClose(Graph graph, List<Data> inputs, int times)
      throws DelegateException {
    for (int i = 0; i < times; i++) {
      try (DelegateSession session = new XnnpackDelegate().open(new Rig.Context(Map.of(), 2));
          XnnpackSubgraph compiled = Rig.compile(session, graph);
          DelegateExecution a = compiled.newExecution(Rig.Context.ONE_THREAD);
          DelegateExecution b = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        for (DelegateExecution execution : List.of(a, b)) {
          float[] output = Rig.run(execution, inputs, Rig.shapes(inputs)).get(0);
          assertEquals(output.length, output[0]);
        }
      }
    }
  }

  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
    return Long.parseLong(pages) * 4096;
  }

  @Test
  void closingTwiceIsHarmless() throws DelegateException {
    try (Arena arena = Arena.ofConfined()) {
      DelegateSession session = new XnnpackDelegate().open(new Rig.Context(Map.of(), 3));
      XnnpackSubgraph compiled = Rig.compile(session, Cases.build(NET, arena, false).graph());
      DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD);
      for (int i = 0; i < 2; i++) {
        execution.close();
        compiled.close();
        session.close();
      }
      assertThrows(IllegalStateException.class, () -> execution.run(Rig.UNBOUNDED));
      assertThrows(
          IllegalStateException.class, () -> compiled.newExecution(Rig.Context.ONE_THREAD));
    }
  }

  @Test
  void runsAllocateNothing() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(Cases.named("rank_zero"), arena, false);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        execution.bind(
            new Rig.Buffers(arena, built.inputs(), Rig.shapes(Cases.named("rank_zero").results())));
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int runs = 100_000;
        run(execution, runs);
        long before = threads.getCurrentThreadAllocatedBytes();
        run(execution, runs);
        double each = (double) (threads.getCurrentThreadAllocatedBytes() - before) / runs;
        assertTrue(each < 1, () -> each + " bytes in each run");
      }
    }
  }

  private static void run(DelegateExecution execution, int times) throws DelegateException {
    for (int i = 0; i < times; i++) {
      execution.run(Rig.UNBOUNDED);
    }
  }

  @Test
  void outputOfAnotherShapeIsRefused() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(NET, arena, false);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        DelegateException e =
            assertThrows(
                DelegateException.class,
                () -> Rig.run(execution, built.inputs(), List.of(Shape.of(1, 6))));
        assertEquals(DelegateException.Kind.FAILED, e.kind());
        Rig.assertContains(e.getMessage(), "[1, 5]");
        Rig.assertContains(e.getMessage(), "[1, 6]");
        List<float[]> outputs = Rig.run(execution, built.inputs(), List.of(Shape.of(1, 5)));
        Rig.assertClose(NET.results().get(0).values(), outputs.get(0));
      }
    }
  }

  @Test
  void inputOfAnotherShapeIsRefusedByName() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Case bmm = Cases.named("bmm");
      Built built = Cases.build(bmm, arena, true);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        Data odd = new Data(Shape.of(2, 3, 4), new float[24]);
        DelegateException e =
            assertThrows(
                DelegateException.class,
                () ->
                    Rig.run(
                        execution, List.of(odd, built.inputs().get(1)), Rig.shapes(bmm.results())));
        assertEquals(DelegateException.Kind.UNSUPPORTED, e.kind());
        Rig.assertContains(e.getMessage(), "xnn_status_invalid_parameter");
      }
    }
  }
}
