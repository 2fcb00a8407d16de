package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.coreml.CoreMlDelegate;
import dev.baton.coreml.ffi.ComputeUnits;
import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlLibrary;
import dev.baton.coreml.ffi.CoreMlModel;
import dev.baton.coreml.ffi.Feature;
import dev.baton.coreml.ffi.Prediction;
import dev.baton.coreml.ffi.Status;
import dev.baton.graph.Shape;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Core ML delegate against the emulator: payloads are loaded as they are, or fail as told. */
@EnabledIfSystemProperty(named = CoreMlEmulator.PROPERTY, matches = ".+")
@ExtendWith(NoLeaks.class)
class CoreMlEmulatorTest {
  @TempDir Path cache;

  @AfterEach
  void nothingLives() {
    CoreMlEmulator.fail("", 0, 0);
    CoreMlEmulator.compileTime(5);
    CoreMlEmulator.assertNothingLives();
  }

  private static LoadOptions options() {
    return LoadOptions.defaults()
        .withDelegates(List.of(CoreMlDelegate.NAME))
        .withPolicy(FallbackPolicy.FAIL)
        .withDelegateOption(
            CoreMlDelegate.NAME,
            CoreMlDelegate.LIBRARY_OPTION,
            CoreMlEmulator.library().toString());
  }

  private static Program open(String name) {
    try {
      return Program.open(CoreMlEmulator.MODELS.resolve(name).resolve("model.pte"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain-coreml", "plain-coreml16", "counter-coreml", "counter-coreml16"})
  void casesRunThere(String name) throws IOException {
    ModelCase read = ModelCase.read(CoreMlEmulator.MODELS.resolve(name));
    CaseResult result = new CaseRunner(Delegates.load(), options()).run(read);
    assertTrue(result.passed(), () -> name + ": " + result.firstFailure());
    assertEquals(1, result.placement().counts().get(CoreMlDelegate.NAME));
  }

  @Test
  void aCompiledModelIsFoundAgain() throws IOException {
    LoadOptions kept = options().withCacheDirectory(cache);
    try (Program program = open("plain-coreml")) {
      ModelMethod.load(program, "forward", kept).close();
      CoreMlEmulator.fail("bcml_compile_start", 3, 1);
      ModelMethod.load(program, "forward", kept).close(); // compiles nothing
    }
    assertEquals(1, compiled().size());
  }

  private List<Path> compiled() throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(p -> p.toString().endsWith(".mlmodelc")).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDamagedCompiledModelIsCompiledAgain(boolean empty) throws IOException {
    LoadOptions kept = options().withCacheDirectory(cache);
    try (Program program = open("plain-coreml")) {
      ModelMethod.load(program, "forward", kept).close();
      Path model = compiled().get(0).resolve("model");
      if (empty) {
        Files.delete(model);
      } else {
        Files.writeString(model, "damaged");
      }
      try (ModelMethod method = ModelMethod.load(program, "forward", kept)) {
        runOnce(method);
      }
      CoreMlEmulator.fail("bcml_compile_start", 3, 1);
      ModelMethod.load(program, "forward", kept).close(); // compiles nothing
    }
    assertEquals(1, compiled().size());
    try (Stream<Path> all = Files.list(compiled().get(0).getParent())) {
      assertEquals(1, all.count());
    }
  }

  @Test
  void aModelIsUsedAsItIs() throws Exception {
    try (Program program = open("plain-coreml")) {
      ModelMethod.load(program, "forward", options().withCacheDirectory(cache)).close();
    }
    CoreMlLibrary library = CoreMlLibrary.load(CoreMlEmulator.library());
    CoreMlModel model = library.open(compiled().get(0), ComputeUnits.CPU_ONLY, "");
    try (Prediction right = prediction(model, Shape.of(2, 3));
        Prediction turned = prediction(model, Shape.of(3, 2));
        Prediction larger = prediction(model, Shape.of(2, 4))) {
      assertTrue(right.run(() -> false));
      assertFalse(right.run(() -> true));
      for (Prediction other : List.of(turned, larger)) {
        CoreMlException e = assertThrows(CoreMlException.class, () -> other.run(() -> false));
        assertEquals(Status.MISMATCH, e.status());
      }
      model.close();
      model.close();
      assertThrows(IllegalStateException.class, () -> right.run(() -> false));
      assertThrows(IllegalStateException.class, () -> model.newState());
      assertThrows(IllegalStateException.class, () -> model.features(Feature.Kind.INPUT));
    } finally {
      model.close();
    }
  }

  private static Prediction prediction(CoreMlModel model, Shape output) throws CoreMlException {
    List<Feature> inputs = model.features(Feature.Kind.INPUT);
    List<Feature> outputs = model.features(Feature.Kind.OUTPUT);
    Prediction prediction = new Prediction(model, null, inputs.size(), outputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      Feature in = inputs.get(i);
      MemorySegment data = prediction.allocate(in.shape().numel() * in.dtype().byteSize());
      prediction.input(i, in.name(), data, in.dtype(), in.shape());
    }
    for (int i = 0; i < outputs.size(); i++) {
      Feature out = outputs.get(i);
      MemorySegment data = prediction.allocate(output.numel() * out.dtype().byteSize());
      prediction.output(i, out.name(), data, out.dtype(), output);
    }
    return prediction;
  }

  @ParameterizedTest
  @CsvSource({
    "bcml_compile_start, 3, COMPILE",
    "compile, 3, COMPILE",
    "bcml_load, 4, LOAD",
    "bcml_load, 8, EXCEPTION",
    "bcml_load, 5, UNSUPPORTED"
  })
  void failuresOfLoadingAreTyped(String function, int status, String said) {
    try (Program program = open("plain-coreml")) {
      CoreMlEmulator.fail(function, status, 1);
      DelegateFailedException e =
          assertThrows(
              DelegateFailedException.class,
              () -> ModelMethod.load(program, "forward", options()).close());
      assertTrue(e.getMessage().contains(said), e::getMessage);
      ModelMethod.load(program, "forward", options()).close(); // the next one is not told to
    }
  }

  @Test
  void whatDoesNotLoadIsLifted() {
    try (Program program = open("plain-coreml")) {
      CoreMlEmulator.fail("bcml_load", 4, 1);
      LoadOptions falls = options().withPolicy(FallbackPolicy.FALL_BACK);
      try (ModelMethod method = ModelMethod.load(program, "forward", falls)) {
        assertTrue(method.placement().subgraphs().isEmpty());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"6, PREDICT", "7, MISMATCH", "8, EXCEPTION"})
  void failuresOfRunningAreTyped(int status, String said) {
    try (Program program = open("plain-coreml");
        ModelMethod method = ModelMethod.load(program, "forward", options());
        Execution execution = method.newExecution()) {
      CoreMlEmulator.fail("bcml_predict", status, 1);
      DelegateFailedException e = assertThrows(DelegateFailedException.class, execution::run);
      assertTrue(e.getMessage().contains(said), e::getMessage);
      execution.run();
    }
  }

  @Test
  void aStateThatCannotBeMadeIsTyped() {
    try (Program program = open("counter-coreml");
        ModelMethod method = ModelMethod.load(program, "forward", options())) {
      CoreMlEmulator.fail("bcml_state_new", 8, 1);
      BatonException e = assertThrows(BatonException.class, () -> runOnce(method));
      assertTrue(e.getMessage().contains("EXCEPTION"), e::getMessage);
      runOnce(method);
    }
  }

  private static void runOnce(ModelMethod method) {
    try (Execution execution = method.newExecution()) {
      execution.run();
    }
  }

  @Test
  void aCompilationCanBeGivenUp() {
    CoreMlEmulator.compileTime(20_000);
    AtomicBoolean cancelled = new AtomicBoolean();
    LoadOptions impatient =
        options()
            .withListener(event -> cancelled.set(true)) // the first word of progress
            .withCancellation(cancelled::get);
    try (Program program = open("plain-coreml")) {
      assertThrows(
          BatonException.class, () -> ModelMethod.load(program, "forward", impatient).close());
    }
    CoreMlEmulator.compileTime(5);
  }

  @Test
  void whereNobodyKnowsHowFarItIsTheTimeIsTold() {
    CoreMlEmulator.compileTime(-1_500);
    List<String> told = new CopyOnWriteArrayList<>();
    LoadOptions heard =
        options()
            .withListener(event -> {
              if (event instanceof Event.Progress progress) {
                told.add(progress.what());
              }
            });
    try (Program program = open("plain-coreml")) {
      ModelMethod.load(program, "forward", heard).close();
    }
    assertTrue(told.contains("compiling for Core ML, 1 s"), told::toString);
  }

  @Test
  void aCountThatCannotBeToldIsTyped() {
    try (Program program = open("plain-coreml")) {
      CoreMlEmulator.fail("bcml_count", 8, 1);
      DelegateFailedException e =
          assertThrows(
              DelegateFailedException.class,
              () -> ModelMethod.load(program, "forward", options()).close());
      assertTrue(e.getMessage().contains("bcml_count"), e::getMessage);
    }
  }

  @Test
  void modelsWhoseSizesVaryAreLifted() throws IOException {
    LoadOptions falls = options().withPolicy(FallbackPolicy.FALL_BACK);
    ModelCase read = ModelCase.read(CoreMlEmulator.MODELS.resolve("dynamic-plain-coreml"));
    CaseResult result = new CaseRunner(Delegates.load(), falls).run(read);
    assertTrue(result.passed(), () -> String.valueOf(result.firstFailure()));
    assertTrue(result.placement().subgraphs().isEmpty(), () -> "" + result.placement());
  }

  @Test
  void whatAProcessLeftInTheCacheGoes() throws IOException {
    Path folder;
    try (Program program = open("plain-coreml")) {
      LoadOptions kept = options().withCacheDirectory(cache);
      ModelMethod.load(program, "forward", kept).close();
      folder = compiled().get(0).getParent();
      Path left = Files.createDirectories(folder.resolve("new123/model.mlpackage")).getParent();
      Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
      Path working = Files.createDirectories(folder.resolve("new456"));
      ModelMethod.load(program, "forward", kept).close();
      assertFalse(Files.exists(left));
      assertTrue(Files.exists(working));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dynamic-coreml16", "small-coreml16"})
  void explainingLiftsWhatIsRefusedAsALoadDoes(String name) {
    LoadOptions falls = options().withPolicy(FallbackPolicy.FALL_BACK);
    List<Event> events = new ArrayList<>();
    try (Program program = open(name)) {
      Placement explained =
          ModelMethod.explain(
              program, "forward", falls.withListener(events::add), Delegates.load());
      assertEquals(List.of(), explained.problems());
      assertEquals(
          1,
          events.stream().filter(Event.PayloadsLifted.class::isInstance).count(),
          () -> "" + events);
      try (ModelMethod method = ModelMethod.load(program, "forward", falls)) {
        assertEquals(method.placement().summary(), explained.summary());
      }
      List<String> problems =
          ModelMethod.explain(program, "forward", options(), Delegates.load()).problems();
      assertTrue(problems.getFirst().contains("'coreml' refused it: "), problems::toString);
    }
  }

  private static float first(Execution execution) {
    return execution.output(0).toTensor().data().get(ValueLayout.JAVA_FLOAT, 0);
  }

  @Test
  void stateIsOfItsExecutionAndCanBeCopied() {
    try (Program program = open("counter-coreml");
        ModelMethod method = ModelMethod.load(program, "forward", options());
        Execution one = method.newExecution();
        Execution two = method.newExecution()) {
      Tensor ones = Tensor.fromBlob(new float[] {1, 1, 1, 1, 1, 1}, 2, 3);
      one.setInput(0, ones);
      two.setInput(0, ones);
      one.run();
      one.run();
      assertEquals(4, first(one));
      two.run();
      assertEquals(2, first(two));
      try (StateSnapshot snapshot = one.saveState()) {
        two.restoreState(snapshot);
      }
      two.run();
      assertEquals(6, first(two));
      one.reset();
      one.run();
      assertEquals(2, first(one));
    }
  }

  @Test
  void callersRunAtTheSameTime() throws Exception {
    try (Program program = open("counter-coreml");
        ModelMethod method = ModelMethod.load(program, "forward", options());
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Float>> sums = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        float step = t + 1;
        sums.add(
            threads.submit(() -> {
              try (Execution execution = method.newExecution()) {
                execution.setInput(0, Tensor.fromBlob(new float[] {step, 0, 0, 0, 0, 0}, 2, 3));
                for (int i = 0; i < 50; i++) {
                  execution.run();
                }
                return first(execution);
              }
            }));
      }
      for (int t = 0; t < 4; t++) {
        assertEquals(2 * 50 * (t + 1), sums.get(t).get());
      }
    }
  }
}
