package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Module;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Opening, closing and sharing, also at the same time. */
@ExtendWith(NoLeaks.class)
@Timeout(60)
final class LifecycleTest {
  private static final int CALLERS = 8;
  private static final Duration SLOW = Duration.ofMillis(300);
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  private final Sample sample = Sample.twoParts();

  private static Faults faults() {
    return Faults.none().named("d").claiming(Sample.ends());
  }

  private static FaultInjectingDelegate slow() {
    return FaultInjectingDelegate.of(faults().failing(Moment.RUN, Failure.slow(SLOW)));
  }

  private static <T> T await(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException r) {
        throw r;
      }
      throw new AssertionError(e.getCause());
    }
  }

  // ---- closing

  @Test
  void closingTwiceDoesNothing() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
    Execution execution = method.newExecution();
    Loading.run(execution, Sample.input(1));
    execution.close();
    execution.close();
    method.close();
    method.close();
    execution.close();
    assertEquals(1, delegate.journal().count(Moment.CLOSE_SESSION));
    delegate.journal().assertAllClosed();
  }

  @Test
  void useAfterCloseIsAnIllegalState() {
    ModelMethod method = Loading.load(sample.pte(), FALL_BACK);
    Execution execution = method.newExecution();
    execution.close();
    List<Runnable> uses =
        List.of(
            execution::run,
            () -> execution.input(0),
            () -> execution.setInput(0, Tensor.fromBlob(new float[4], 4)),
            () -> execution.resizeInput(0, 4),
            () -> execution.output(0),
            execution::reset,
            () -> execution.startProfile(1),
            execution::profile);
    for (Runnable use : uses) {
      IllegalStateException e = assertThrows(IllegalStateException.class, use::run);
      assertEquals("the execution is closed", e.getMessage());
    }
    method.close();
    assertThrows(IllegalStateException.class, method::newExecution);
    assertDoesNotThrow(method::placement);
  }

  @Test
  void theMethodClosesItsExecutions() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
    Execution first = method.newExecution();
    Execution second = method.newExecution();
    Loading.run(first, Sample.input(1));
    Loading.run(second, Sample.input(1));
    method.close();
    assertThrows(IllegalStateException.class, first::run);
    assertThrows(IllegalStateException.class, second::run);
    assertEquals(4, delegate.journal().count(Moment.CLOSE_EXECUTION));
    delegate.journal().assertAllClosed();
  }

  @Test
  void anExecutionThatNeverRanOpensNothingOnTheDelegate() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate)) {
      method.newExecution().close();
    }
    assertEquals(0, delegate.journal().count(Moment.RUN));
    delegate.journal().assertAllClosed();
  }

  @Test
  void outputsAreGoneWithTheirExecutionAndCopiesStay() {
    Tensor output;
    Tensor copy;
    float[] x = Sample.input(1);
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK);
        Execution execution = method.newExecution()) {
      Loading.run(execution, x);
      output = execution.output(0).toTensor();
      copy = output.copy();
      assertSame(output, execution.output(0).toTensor(), "one object while the shape stays");
    }
    assertArrayEquals(sample.golden().apply(x), copy.getDataAsFloatArray());
    assertThrows(IllegalStateException.class, output::getDataAsFloatArray);
  }

  @Test
  void aClosedProgramKeepsItsBytesForItsMethods() {
    Program program = Program.of(sample.pte());
    ModelMethod method =
        ModelMethod.load(
            program, "forward", FALL_BACK, dev.baton.runtime.Delegates.of(List.of(), List.of()));
    program.close();
    program.close();
    assertFalse(program.isOpen());
    try (Execution execution = method.newExecution()) {
      float[] x = Sample.input(3);
      assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
    }
    method.close();
    assertThrows(
        IllegalStateException.class, () -> ModelMethod.load(program, "forward", FALL_BACK));
  }

  @Test
  void aFailedLoadLeavesNothing() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(faults().failing(Moment.COMPILE, 2, Failure.delegateException()));
    for (int i = 0; i < 3; i++) {
      assertThrows(
          RuntimeException.class,
          () ->
              Loading.load(
                  sample.pte(),
                  LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL),
                  FaultInjectingDelegate.of(
                      faults().failing(Moment.COMPILE, 2, Failure.delegateException()))));
    }
    assertThrows(
        RuntimeException.class,
        () ->
            Loading.load(
                sample.pte(), LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL), delegate));
    assertEquals(1, delegate.journal().count(Moment.CLOSE_SUBGRAPH));
    assertEquals(1, delegate.journal().count(Moment.CLOSE_SESSION));
    delegate.journal().assertAllClosed();
  }

  @Test
  void aMethodThatIsNotThereIsNamedWithThoseThatAre() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Loading.load(sample.pte(), "backward", FALL_BACK));
    assertTrue(e.getMessage().contains("no method 'backward'; it has: forward"), e::getMessage);
  }

  @Test
  void aCloseThatThrowsKeepsNothingElseOpen() {
    for (Moment moment :
        List.of(Moment.CLOSE_EXECUTION, Moment.CLOSE_SUBGRAPH, Moment.CLOSE_SESSION)) {
      FaultInjectingDelegate delegate =
          FaultInjectingDelegate.of(faults().failing(moment, 1, Failure.runtimeException()));
      ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
      Loading.run(method.newExecution(), Sample.input(1));
      Loading.run(method.newExecution(), Sample.input(1));
      RuntimeException e = assertThrows(RuntimeException.class, method::close, moment::name);
      assertTrue(e.getMessage().contains("injected"), e::getMessage);
      method.close();
      delegate.journal().assertAllClosed();
      assertEquals(0, NativeMemory.liveBytes(), moment::name);
    }
  }

  // ---- closing while it runs

  @Test
  void closeWaitsForARunInFlight() throws Exception {
    FaultInjectingDelegate delegate = slow();
    ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
    Execution execution = method.newExecution();
    float[] x = Sample.input(2);
    execution.setInput(0, Tensor.fromBlob(x, x.length));
    AtomicBoolean finished = new AtomicBoolean();
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<?> run =
          thread.submit(() -> {
            execution.run();
            finished.set(true);
          });
      awaitRunning(delegate, 1);
      method.close();
      assertTrue(
          delegate.journal().count(Moment.RUN) == 2, "the run was not cut short by the close");
      await(run);
      assertTrue(finished.get());
    }
    delegate.journal().assertAllClosed();
  }

  private static void awaitRunning(FaultInjectingDelegate delegate, int runs)
      throws InterruptedException {
    while (delegate.journal().count(Moment.RUN) < runs) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  @Test
  void closingUnderManyCallersEndsEachWithAnAnswerOrAnIllegalState() throws Exception {
    for (int round = 0; round < 5; round++) {
      FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
      ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
      CountDownLatch running = new CountDownLatch(CALLERS);
      try (ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
        List<Future<Boolean>> results = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
          int seed = caller;
          Execution execution = method.newExecution();
          results.add(
              threads.submit(() -> {
                float[] x = Sample.input(seed);
                float[] golden = sample.golden().apply(x);
                while (true) {
                  try {
                    execution.setInput(0, Tensor.fromBlob(x, x.length));
                    execution.run();
                    running.countDown();
                  } catch (IllegalStateException e) {
                    return e.getMessage().contains("closed");
                  }
                  float[] out;
                  try {
                    out = Loading.output(execution);
                  } catch (IllegalStateException e) {
                    return true; // its memory was freed after the run
                  }
                  assertArrayEquals(golden, out);
                }
              }));
        }
        running.await();
        method.close();
        for (Future<Boolean> result : results) {
          assertTrue(await(result));
        }
      }
      delegate.journal().assertAllClosed();
    }
  }

  // ---- at the same time

  @Test
  void eightCallersWithAnExecutionEachGetTheirOwnAnswers() throws Exception {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      List<Callable<Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        int seed = caller;
        callers.add(() -> {
          try (Execution execution = method.newExecution()) {
            for (int run = 0; run < 500; run++) {
              float[] x = Sample.input(seed * 1000 + run);
              assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
            }
          }
          return null;
        });
      }
      for (Future<Void> result : threads.invokeAll(callers)) {
        await(result);
      }
    }
    assertEquals(1, delegate.journal().count(Moment.OPEN));
    assertEquals(2, delegate.journal().count(Moment.COMPILE), "compiled once, run by all");
    assertEquals(2 * CALLERS, delegate.journal().count(Moment.NEW_EXECUTION));
    assertEquals(2 * CALLERS * 500, delegate.journal().count(Moment.RUN));
    delegate.journal().assertAllClosed();
  }

  @Test
  void aFailureInOneExecutionLeavesTheOthersAlone() throws Exception {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            faults().with(new Fault(Moment.RUN, 50, 50, 0, Failure.partialOutput())));
    Loading.Events events = new Loading.Events();
    try (ModelMethod method = Loading.load(sample.pte(), events.on(FALL_BACK), delegate);
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      List<Callable<List<String>>> callers = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        int runs = caller % 2 == 0 ? 40 : 60;
        callers.add(() -> {
          try (Execution execution = method.newExecution()) {
            for (int run = 0; run < runs; run++) {
              float[] x = Sample.input(run);
              assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
            }
            return execution.fallenBack();
          }
        });
      }
      int failed = 0;
      for (Future<List<String>> result : threads.invokeAll(callers)) {
        failed += await(result).size();
      }
      assertEquals(CALLERS / 2, failed);
      assertEquals(CALLERS / 2, events.failures().size());
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void oneExecutionIsForOneCallerAtATime() throws Exception {
    FaultInjectingDelegate delegate = slow();
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
        Execution execution = method.newExecution();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      float[] x = Sample.input(1);
      execution.setInput(0, Tensor.fromBlob(x, x.length));
      Future<?> run = thread.submit(execution::run);
      awaitRunning(delegate, 1);
      IllegalStateException e = assertThrows(IllegalStateException.class, execution::run);
      assertTrue(e.getMessage().contains("in use by another thread"), e::getMessage);
      assertTrue(e.getMessage().contains("newExecution"), e::getMessage);
      assertThrows(IllegalStateException.class, () -> execution.input(0));
      await(run);
      assertArrayEquals(sample.golden().apply(x), Loading.output(execution));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void oneExecutionMayBeUsedByOneThreadAfterTheOther() throws Exception {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      for (int run = 0; run < 4; run++) {
        float[] x = Sample.input(run);
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
          assertArrayEquals(
              sample.golden().apply(x), await(thread.submit(() -> Loading.run(execution, x))));
        }
      }
    }
    delegate.journal().assertAllClosed();
  }

  // ---- the steady state

  @Test
  void boundBuffersAreWrittenAndReadInPlace() {
    try (ModelMethod method =
            Loading.load(sample.pte(), FALL_BACK, FaultInjectingDelegate.of(faults()));
        Execution execution = method.newExecution()) {
      MemorySegment in = execution.input(0).data();
      execution.run();
      MemorySegment out = execution.output(0).toTensor().data();
      for (int run = 1; run <= 3; run++) {
        float[] x = Sample.input(run);
        MemorySegment.copy(x, 0, in, ValueLayout.JAVA_FLOAT, 0, x.length);
        execution.run();
        assertArrayEquals(sample.golden().apply(x), out.toArray(ValueLayout.JAVA_FLOAT));
      }
      assertTrue(execution.memoryBytes() > 0);
      assertTrue(NativeMemory.liveBytes() >= execution.memoryBytes());
    }
  }

  // ---- Module

  @Test
  void aModuleTakesTurnsAndWaitsToClose(@TempDir Path folder) throws Exception {
    Path file = write(folder);
    Module module = Module.load(file, LoadOptions.javaOnly());
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        int seed = caller;
        callers.add(() -> {
          for (int run = 0; run < 100; run++) {
            float[] x = Sample.input(seed * 100 + run);
            EValue[] out = module.forward(Tensor.fromBlob(x, x.length));
            assertArrayEquals(sample.golden().apply(x), out[0].toTensor().getDataAsFloatArray());
          }
          return null;
        });
      }
      for (Future<Void> result : threads.invokeAll(callers)) {
        await(result);
      }
    }
    module.close();
    module.close();
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> module.forward(Tensor.fromBlob(new float[4], 4)));
    assertTrue(e.getMessage().contains("closed"), e::getMessage);
  }

  @Test
  void aModuleClosedUnderItsCallersLeaksNothing(@TempDir Path folder) throws Exception {
    Path file = write(folder);
    for (int round = 0; round < 20; round++) {
      Module module = Module.load(file, LoadOptions.javaOnly());
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<Boolean>> callers = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
          callers.add(
              threads.submit(() -> {
                float[] x = Sample.input(1);
                while (true) {
                  try {
                    module.forward(Tensor.fromBlob(x, x.length));
                  } catch (IllegalStateException e) {
                    return true;
                  }
                }
              }));
        }
        TimeUnit.MILLISECONDS.sleep(2);
        module.close();
        for (Future<Boolean> caller : callers) {
          assertTrue(await(caller));
        }
      }
    }
  }

  private Path write(Path folder) throws IOException {
    return Files.write(folder.resolve("model.pte"), sample.pte());
  }
}
