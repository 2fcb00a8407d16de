package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import dev.baton.qnn.ffi.QnnContext;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.qnn.payload.TrustList;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import dev.baton.tck.conformance.PayloadSample;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vendor's libraries, where they are installed: goldens bit by bit, or a version's reason.
 * Where the system property {@code baton.qnn.vendor} is set, they must be.
 */
@ExtendWith(NoLeaks.class)
final class VendorTest {
  private static final int CALLERS = 8;
  private static final int CYCLES = 100;

  /** The libraries that made the payloads. */
  private static final String MADE_BY = "v2.49.40";

  @BeforeAll
  static void vendor() {
    Availability availability = new QnnDelegate().availability();
    boolean present = availability.isAvailable() && !availability.message().contains("emulator");
    assertTrue(present || System.getProperty("baton.qnn.vendor") == null, availability::toString);
    assumeTrue(present, availability::toString);
  }

  private static Delegates delegates() {
    return Delegates.of(List.of(new QnnDelegate()), List.of());
  }

  private static QnnLibrary library() throws Exception {
    new QnnDelegate().open(new Host(Map.of())).close();
    return QnnLibrary.load(QnnLibraries.locate(null).orThrow().path());
  }

  /** Whether the installed libraries take what was compiled for the cases. */
  private static boolean isOld() throws Exception {
    return Failures.isNewer(MADE_BY, library().buildId());
  }

  static List<Path> cases() throws IOException {
    List<Path> cases = Cases.all();
    assertEquals(7, cases.size());
    return cases;
  }

  private static DelegateException refusal(
      PayloadSample sample, byte[] payload, Map<String, String> options) {
    return assertThrows(
        DelegateException.class, () -> GivenPayload.load(sample, payload, new Host(options)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void goldensBitByBit(Path folder) throws Exception {
    CaseRunner runner = new CaseRunner(delegates(), LoadOptions.defaults());
    ModelCase golden = ModelCase.read(folder);
    if (isOld() && !folder.endsWith("smallcnn-online")) {
      String message =
          assertThrows(DelegateFailedException.class, () -> runner.run(golden)).getMessage();
      assertTrue(message.contains("made by QNN " + MADE_BY), message);
      assertTrue(message.contains("the older " + library().buildId()), message);
      assertTrue(message.contains("Install QNN 2.49.40 or later"), message);
    } else {
      CaseResult result = runner.run(golden);
      assertTrue(result.passed(), () -> folder + ": " + result.firstFailure());
      assertEquals(0, result.maxAbsoluteError());
      assertEquals(List.of(), result.fallenBack());
    }
    assertEquals(0, QnnContext.live());
  }

  private static ModelMethod load(PayloadSample sample) {
    try (Program program = Program.of(sample.program())) {
      return ModelMethod.load(program, "forward", LoadOptions.defaults(), delegates());
    }
  }

  private static PayloadSample online() {
    return Cases.payload("smallcnn-online");
  }

  private static Tensor input() throws IOException {
    return Cases.golden("smallcnn-online").calls().get(0).inputs().get(0).read();
  }

  private static float[] expected() throws IOException {
    return Cases.golden("smallcnn-online")
        .calls()
        .get(0)
        .expected()
        .get(0)
        .read()
        .getDataAsFloatArray();
  }

  private static float[] run(Execution execution, Tensor input) {
    execution.setInput(0, EValue.from(input));
    execution.run();
    return execution.output(0).toTensor().getDataAsFloatArray();
  }

  @Test
  void eightThreadsOnOneMethod() throws Exception {
    PayloadSample sample = online();
    Tensor input = input();
    float[] expected = expected();
    try (ModelMethod method = load(sample);
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      CyclicBarrier start = new CyclicBarrier(CALLERS);
      List<Future<?>> callers = new ArrayList<>();
      for (int c = 0; c < CALLERS; c++) {
        callers.add(
            threads.submit(() -> {
              try (Execution execution = method.newExecution()) {
                start.await();
                for (int i = 0; i < 50; i++) {
                  assertTrue(Arrays.equals(expected, run(execution, input)));
                }
              }
              return true;
            }));
      }
      for (Future<?> caller : callers) {
        caller.get();
      }
    }
  }

  @Test
  void loadedAndClosedAgainAndAgain() throws Exception {
    PayloadSample sample = isOld() ? online() : Cases.payload("smallcnn");
    for (int i = 0; i < CYCLES; i++) {
      try (ModelMethod method = load(sample);
          Execution execution = method.newExecution()) {
        assertTrue(Arrays.equals(expected(), run(execution, input())));
      }
    }
    assertEquals(0, QnnContext.live());
  }

  @ParameterizedTest
  @ValueSource(strings = {"smallcnn", "smallcnn-online"})
  void cutOffAtEveryKilobyte(String name) {
    PayloadSample sample = Cases.payload(name);
    byte[] sound = sample.payload();
    for (int length = 0; length < sound.length - 4; length += 1024) {
      byte[] cut = Arrays.copyOf(sound, length);
      DelegateException e = refusal(sample, cut, Map.of());
      assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind(), e::getMessage);
      assertFalse(e.remedy().isEmpty());
    }
    assertEquals(0, QnnContext.live());
  }

  /** Cut off, with a header that says so: the library itself tells. */
  @Test
  void aContextBinaryThatIsCutOff() {
    PayloadSample sample = Cases.payload("smallcnn");
    byte[] sound = sample.payload();
    for (int size = 1; size < sound.length - 300; size += 4096) {
      byte[] cut = Arrays.copyOf(sound, 256 + size);
      MemorySegment.ofArray(cut).set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 12, size);
      DelegateException e = refusal(sample, cut, Map.of());
      assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind(), e::getMessage);
    }
  }

  @Test
  void onlyWhatIsTrusted(@TempDir Path folder) throws Exception {
    PayloadSample sample = online();
    Path list = Files.writeString(folder.resolve("trusted"), "");
    Map<String, String> options = Map.of(QnnDelegate.TRUSTED_OPTION, list.toString());
    DelegateException e = refusal(sample, sample.payload(), options);
    assertEquals(DelegateException.Kind.UNSUPPORTED, e.kind());
    String digest = TrustList.digest(MemorySegment.ofArray(sample.payload()));
    assertTrue(e.getMessage().contains(digest), e::getMessage);
    Files.writeString(list, digest);
    GivenPayload.load(sample, sample.payload(), new Host(options));
  }

  /**
   * Operators of a program that is not lowered, on the simulator; the second load compiles none.
   */
  @Test
  void claimedOperators(@TempDir Path cache) throws Exception {
    LoadOptions options =
        LoadOptions.defaults()
            .withKernels(List.of("reference"))
            .withCacheDirectory(cache)
            .withDelegateOption(QnnDelegate.NAME, QnnDelegate.CLAIM_OPTION, "on");
    for (int load = 0; load < 2; load++) {
      CaseResult result =
          new CaseRunner(delegates(), options)
              .run(ModelCase.read(Path.of("../models/digits-portable")));
      assertTrue(result.relativeError() < 1e-2, () -> result.outputs().toString());
      assertEquals(java.util.Set.of("qnn"), result.placement().counts().keySet());
    }
  }

  /** What the library prints, also at the end of the process, is not in the process' output. */
  @Test
  void standardOutputStaysClean() throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-D"
                    + QnnDelegate.LIBRARY_PROPERTY
                    + "="
                    + QnnLibraries.locate(null).orThrow().path(),
                "-cp",
                System.getProperty("java.class.path")
                    + File.pathSeparator
                    + System.getProperty("jdk.module.path", "")
                    + File.pathSeparator
                    + Path.of("target", "test-classes").toAbsolutePath()
                    + File.pathSeparator
                    + Path.of("target", "classes").toAbsolutePath(),
                "dev.baton.qnnclient.Loading"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    assertEquals("{}", new String(process.getInputStream().readAllBytes()).strip());
    assertEquals(0, process.waitFor());
  }
}
