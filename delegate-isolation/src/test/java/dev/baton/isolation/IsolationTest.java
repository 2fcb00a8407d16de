package dev.baton.isolation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.isolation.wire.SharedFile;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import dev.baton.tck.PureJavaDelegate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A delegate in a child process: what it computes, and what becomes of its failures. */
@ExtendWith(NoLeaks.class)
@Timeout(300)
class IsolationTest {
  private static final int KILLS = Integer.getInteger("baton.test.kills", 20);
  private static final int SIZE = 4;

  private final List<Event> events = new CopyOnWriteArrayList<>();
  private Leftovers before;

  /** What other processes have in the usual folders is not counted. */
  @BeforeAll
  static void useAFolderOfItsOwn(@TempDir Path folder) {
    System.setProperty(SharedFile.FOLDER_PROPERTY, folder.toString());
  }

  @AfterAll
  static void useTheUsualFolders() {
    System.clearProperty(SharedFile.FOLDER_PROPERTY);
  }

  @BeforeEach
  void count() throws IOException {
    before = Leftovers.now();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Leftovers after = Leftovers.now();
    assertEquals(before.children(), after.children(), "processes");
    assertEquals(before.files(), after.files(), "files");
    assertEquals(before.mappings(), after.mappings(), "mappings");
    // Java opens jars and sockets of its own when classes are first used.
    assertTrue(after.descriptors() < before.descriptors() + 16, before + " " + after);
  }

  /** {@code relu(2x) + x}. */
  private static byte[] program() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, SIZE);
              Slot doubled = m.tensor(DType.FLOAT, SIZE);
              Slot positive = m.tensor(DType.FLOAT, SIZE);
              Slot y = m.tensor(DType.FLOAT, SIZE);
              m.kernel("aten::mul.Scalar_out", x, m.real(2), doubled);
              m.kernel("aten::relu.out", doubled, positive);
              m.kernel("aten::add.out", positive, x, m.integer(1), y);
              m.output(y);
            })
        .toBytes();
  }

  private static float[] golden(float... x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = Math.max(2 * x[i], 0) + x[i];
    }
    return y;
  }

  private static Delegate misbehaving(Duration firstBackOff) {
    return Isolation.inChildProcess(
        MisbehavingDelegate.class,
        IsolationOptions.defaults().withBackOff(firstBackOff, Duration.ofSeconds(30)));
  }

  private ModelMethod load(Delegate delegate) {
    return load(delegate, LoadOptions.defaults());
  }

  private ModelMethod load(Delegate delegate, LoadOptions options) {
    try (Program program = Program.of(program())) {
      return ModelMethod.load(
          program,
          "forward",
          options
              .withDelegates(List.of(delegate.name()))
              .withPolicy(FallbackPolicy.FALL_BACK)
              .withListener(events::add),
          Delegates.of(List.of(delegate), List.of()));
    }
  }

  private static float[] run(Execution execution, float... x) {
    execution.setInput(0, Tensor.fromBlob(x, x.length));
    execution.run();
    return execution.output(0).toTensor().getDataAsFloatArray();
  }

  private List<Event.RunFailed> failures() {
    return events.stream()
        .filter(Event.RunFailed.class::isInstance)
        .map(Event.RunFailed.class::cast)
        .toList();
  }

  @Test
  void computesInAnotherProcessAndSaysSo() {
    Delegate delegate = Isolation.inChildProcess(PureJavaDelegate.class);
    assertTrue(delegate.availability().isAvailable(), delegate.availability()::toString);
    try (ModelMethod method = load(delegate);
        Execution one = method.newExecution();
        Execution other = method.newExecution()) {
      assertEquals("pure-java (isolated)", method.placement().subgraphs().getFirst().runner());
      for (int i = 0; i < 100; i++) {
        assertArrayEquals(golden(i, -i, 3, 4), run(one, i, -i, 3, 4));
        assertArrayEquals(golden(-i, i, 3, 4), run(other, -i, i, 3, 4));
      }
      assertEquals(1, ProcessHandle.current().children().count());
      assertEquals(List.of(), failures());
    }
  }

  @Test
  void aSegmentationFaultIsAFailureWithItsSignalAndJavaAnswers() {
    try (ModelMethod method = load(misbehaving(Duration.ZERO));
        Execution execution = method.newExecution()) {
      assertArrayEquals(golden(1, 2, 3, 4), run(execution, 1, 2, 3, 4));
      float crashes = MisbehavingDelegate.CRASHES;
      assertArrayEquals(golden(crashes, 2, 3, -4), run(execution, crashes, 2, 3, -4));
      assertEquals(1, failures().size());
      assertTrue(failures().getFirst().message().contains("SIGSEGV"), failures()::toString);
      assertArrayEquals(golden(5, 6, 7, 8), run(execution, 5, 6, 7, 8));
      assertEquals(1, failures().size());
      // A new execution tries again, in a new child.
      try (Execution next = method.newExecution()) {
        assertArrayEquals(golden(1, 2, 3, 4), run(next, 1, 2, 3, 4));
        assertEquals(1, failures().size());
        assertEquals(1, ProcessHandle.current().children().count());
      }
    }
  }

  @Test
  void aChildThatDiedIsNotStartedAgainAtOnce() {
    try (ModelMethod method = load(misbehaving(Duration.ofSeconds(30)));
        Execution execution = method.newExecution()) {
      float exits = MisbehavingDelegate.EXITS;
      assertArrayEquals(golden(exits, 2, 3, 4), run(execution, exits, 2, 3, 4));
      assertTrue(failures().getFirst().message().contains("status 7"), failures()::toString);
      try (Execution next = method.newExecution()) {
        assertArrayEquals(golden(1, 2, 3, 4), run(next, 1, 2, 3, 4));
      }
      assertTrue(failures().getLast().message().contains("not started again"));
      assertEquals(0, ProcessHandle.current().children().count());
    }
  }

  @Test
  void whatIsThrownKeepsItsKindAndTheChildLives() {
    try (ModelMethod method = load(misbehaving(Duration.ZERO))) {
      for (float first : List.of(MisbehavingDelegate.REFUSES, MisbehavingDelegate.THROWS_ERROR)) {
        try (Execution execution = method.newExecution()) {
          assertArrayEquals(golden(first, 2, 3, 4), run(execution, first, 2, 3, 4));
        }
      }
      assertEquals(2, failures().size());
      assertEquals("no memory on the device", failures().getFirst().cause().getMessage());
      assertTrue(failures().getLast().message().contains("the vendor is surprised"));
      assertEquals(1, ProcessHandle.current().children().count());
    }
  }

  private static List<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).toList();
  }

  @Test
  void anInterruptedCallerKeepsItsFlagAndTheChildLives() {
    Delegate delegate = Isolation.inChildProcess(PureJavaDelegate.class);
    Thread.currentThread().interrupt();
    try (ModelMethod method = load(delegate);
        Execution before = method.newExecution()) {
      assertArrayEquals(golden(1, 2, 3, 4), run(before, 1, 2, 3, 4));
      List<Long> child = children();
      assertEquals(1, child.size());
      for (int i = 0; i < 10; i++) {
        try (Execution execution = method.newExecution()) {
          assertArrayEquals(golden(i, 2, 3, 4), run(execution, i, 2, 3, 4));
        }
      }
      assertTrue(Thread.interrupted());
      assertArrayEquals(golden(1, 2, 3, 4), run(before, 1, 2, 3, 4));
      assertEquals(child, children());
      assertEquals(List.of(), failures());
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void theFirstExecutionAfterTheBackOffHasAChild() throws InterruptedException {
    try (ModelMethod method = load(Isolation.inChildProcess(MisbehavingDelegate.class));
        Execution execution = method.newExecution()) {
      float exits = MisbehavingDelegate.EXITS;
      assertArrayEquals(golden(exits, 2, 3, 4), run(execution, exits, 2, 3, 4));
      assertEquals(1, failures().size());
      Thread.sleep(200);
      try (Execution next = method.newExecution()) {
        assertArrayEquals(golden(1, 2, 3, 4), run(next, 1, 2, 3, 4));
        assertEquals(1, failures().size(), failures()::toString);
        assertEquals(1, children().size());
      }
    }
  }

  @Test
  void aHungRunIsEndedByItsDeadline() {
    try (ModelMethod method = load(misbehaving(Duration.ZERO));
        Execution execution = method.newExecution()) {
      execution.setDeadline(Duration.ofMillis(300));
      assertThrows(
          CancelledException.class, () -> run(execution, MisbehavingDelegate.HANGS, 2, 3, 4));
      execution.setDeadline(null);
      assertArrayEquals(golden(1, 2, 3, 4), run(execution, 1, 2, 3, 4));
      assertEquals(1, failures().size());
    }
  }

  @Test
  void aCrashWhenOpenedLeavesTheMethodToJava() {
    try (ModelMethod method =
            load(
                misbehaving(Duration.ZERO),
                LoadOptions.defaults().withDelegateOption("pure-java", "crash-when-opened", ""));
        Execution execution = method.newExecution()) {
      assertArrayEquals(golden(1, 2, 3, 4), run(execution, 1, 2, 3, 4));
      assertEquals(List.of(), method.placement().subgraphs());
      assertInstanceOf(Event.OpenFailed.class, events.getFirst());
    }
  }

  @Test
  void whatTheLibraryWritesIsNotInTheParentsOutput() {
    PrintStream own = System.out;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    try (ModelMethod method = load(misbehaving(Duration.ZERO));
        Execution execution = method.newExecution()) {
      float exits = MisbehavingDelegate.EXITS;
      run(execution, exits, 2, 3, 4);
    } finally {
      System.setOut(own);
    }
    assertEquals("", written.toString(StandardCharsets.UTF_8));
    // It is in the message of the failure instead.
    assertTrue(failures().getFirst().message().contains(MisbehavingDelegate.TALK));
  }

  @Test
  void everyCallIsAnsweredThoughTheChildIsKilledAgainAndAgain()
      throws IOException, InterruptedException {
    try (ModelMethod method =
        load(
            Isolation.inChildProcess(
                MisbehavingDelegate.class,
                IsolationOptions.defaults().withBackOff(Duration.ZERO, Duration.ZERO)))) {
      Leftovers first = null;
      for (int kill = 1; kill <= KILLS; kill++) {
        try (Execution execution = method.newExecution()) {
          assertArrayEquals(golden(kill, 2, 3, 4), run(execution, kill, 2, 3, 4));
          Thread killer = Thread.ofPlatform().start(IsolationTest::killChildrenSoon);
          float slow = MisbehavingDelegate.IS_SLOW;
          assertArrayEquals(golden(slow, -kill, 3, 4), run(execution, slow, -kill, 3, 4));
          killer.join();
          assertArrayEquals(golden(kill, 2, 3, 4), run(execution, kill, 2, 3, 4));
        }
        assertEquals(kill, failures().size());
        Leftovers now = Leftovers.now();
        first = first == null ? now : first;
        assertEquals(0, now.children());
        assertEquals(first.files(), now.files());
        assertEquals(first.mappings(), now.mappings());
        assertTrue(now.descriptors() <= first.descriptors() + 2, first + " " + now);
      }
    }
  }

  /** In the middle of a slow run. */
  private static void killChildrenSoon() {
    try {
      Thread.sleep(50);
      for (ProcessHandle child : ProcessHandle.current().children().toList()) {
        new ProcessBuilder("kill", "-SEGV", String.valueOf(child.pid())).start().waitFor();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void theSystemPropertyIsolatesThoseThatItNames() {
    String old = System.getProperty(IsolationWrapper.PROPERTY);
    try {
      System.setProperty(IsolationWrapper.PROPERTY, "another");
      assertEquals(List.of(), Delegates.load().find("xnnpack").wrappings());
      for (String named : List.of("*", "another, xnnpack")) {
        System.setProperty(IsolationWrapper.PROPERTY, named);
        Delegates delegates = Delegates.load();
        assertEquals(List.of("isolated"), delegates.find("xnnpack").wrappings());
        try (Program program = Program.of(program());
            ModelMethod method =
                ModelMethod.load(
                    program,
                    "forward",
                    LoadOptions.defaults().withDelegates(List.of("xnnpack")),
                    delegates);
            Execution execution = method.newExecution()) {
          assertArrayEquals(golden(1, -2, 3, 4), run(execution, 1, -2, 3, 4));
          assertEquals(1, ProcessHandle.current().children().count());
        }
      }
    } finally {
      if (old == null) {
        System.clearProperty(IsolationWrapper.PROPERTY);
      } else {
        System.setProperty(IsolationWrapper.PROPERTY, old);
      }
    }
  }
}
