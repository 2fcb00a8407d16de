package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.cases.Npy;
import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.qnn.payload.TrustList;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import dev.baton.tck.conformance.PayloadSample;
import dev.baton.xnnpack.payload.XnnpackPayloadLifter;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vendor's libraries, where they are installed: goldens bit by bit, or a version's reason.
 * Where the system property {@code baton.qnn.vendor} is set, they must be.
 */
@ExtendWith(NoLeaks.class)
final class VendorTest {
  private static final int CALLERS = 8;
  private static final int CYCLES = Integer.getInteger("baton.qnn.cycles", 1000);
  private static final int WARM_CYCLES = 100;
  private static final long GROWTH_KIB = 64 << 10;
  private static final double ACCURACY = 0.955;

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
    assertEquals(0, QnnLibrary.live());
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
    float[] expected = expected();
    Tensor input = input();
    long before = 0;
    for (int i = 0; i < CYCLES; i++) {
      if (i == WARM_CYCLES) {
        before = residentKib();
      }
      try (ModelMethod method = load(sample);
          Execution execution = method.newExecution()) {
        assertTrue(Arrays.equals(expected, run(execution, input)));
      }
    }
    assertEquals(0, QnnLibrary.live());
    long after = residentKib();
    assertTrue(after - before < GROWTH_KIB, () -> "grew to " + after + " KiB");
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  /** The held-out images, by an 8-bit program of the exporter's. */
  @Test
  void digitsAreRecognised() throws Exception {
    assumeTrue(!isOld(), "the libraries are older than the payload");
    Path data = Path.of("../cli/src/main/resources/dev/baton/cli/demo");
    Tensor images = Npy.read(data.resolve("images.npy"));
    long[] labels = Npy.read(data.resolve("labels.npy")).getDataAsLongArray();
    float[] pixels = images.getDataAsFloatArray();
    int size = pixels.length / labels.length;
    int right = 0;
    try (ModelMethod method = load(Cases.payload("digits"));
        Execution execution = method.newExecution()) {
      for (int i = 0; i < labels.length; i++) {
        Tensor image =
            Tensor.fromBlob(Arrays.copyOfRange(pixels, i * size, (i + 1) * size), 1, 1, 8, 8);
        float[] scores = run(execution, image);
        int best = 0;
        for (int digit = 1; digit < scores.length; digit++) {
          best = scores[digit] > scores[best] ? digit : best;
        }
        right += best == labels[i] ? 1 : 0;
      }
    }
    double accuracy = (double) right / labels.length;
    assertTrue(accuracy >= ACCURACY, () -> accuracy + " of " + labels.length);
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
    assertEquals(0, QnnLibrary.live());
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

  /**
   * Programs in 8 bits, of PyTorch's quantizer and lifted from XNNPACK's payloads, whose goldens
   * are ExecuTorch's. The last is a whole MobileNetV2.
   */
  @ParameterizedTest
  @CsvSource({
    "../models/int8-arithmetic-portable8, 2e-2",
    "../models/int8-linear-portable8, 2e-2",
    "../models/int8-moves-portable8, 2e-2",
    "../models/int8-tokens-portable8, 2e-2",
    "../models/int8-conv-portable8, 6e-2",
    "../models/digits-xnn8, 3e-2",
    "src/test/resources/claimed/mobilenet_v2-narrow-xnn8, 2e-2"
  })
  void claimedQuantizedOperators(Path folder, double tolerance, @TempDir Path cache)
      throws Exception {
    LoadOptions options =
        LoadOptions.defaults()
            .withDelegates(List.of(QnnDelegate.NAME))
            .withPolicy(FallbackPolicy.FALL_BACK)
            .withCacheDirectory(cache)
            .withDelegateOption(QnnDelegate.NAME, QnnDelegate.CLAIM_OPTION, "on");
    Delegates delegates =
        Delegates.of(List.of(new QnnDelegate()), List.of(new XnnpackPayloadLifter()));
    ModelCase golden = ModelCase.read(folder).withTolerance(tolerance);
    for (int load = 0; load < 2; load++) {
      CaseResult result = new CaseRunner(delegates, options).run(golden);
      assertTrue(result.passed(), () -> folder + ": " + result.firstFailure());
      Map<String, Long> counts = result.placement().counts();
      long taken = counts.getOrDefault(QnnDelegate.NAME, 0L);
      long all = counts.values().stream().mapToLong(Long::longValue).sum();
      assertTrue(taken >= 0.85 * all, counts::toString);
      if (folder.endsWith("mobilenet_v2-narrow-xnn8")) {
        assertEquals(all, taken, counts::toString);
      }
    }
  }

  /** The library without its C++ runtime, and a library that is cut off. */
  @Test
  void separatedFromItsRuntime(@TempDir Path folder) throws Exception {
    Path library = QnnLibraries.locate(null).orThrow().path();
    for (Path file : List.of(library, QnnLibraries.system(library))) {
      Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
    }
    Path alone = folder.resolve(String.valueOf(library.getFileName()));
    String answer = answer(alone);
    assertTrue(answer.startsWith("UNAVAILABLE"), answer);
    assertTrue(answer.contains("libc++"), answer);
    try (FileChannel file = FileChannel.open(alone, StandardOpenOption.WRITE)) {
      file.truncate(file.size() / 2);
    }
    answer = answer(alone);
    assertTrue(answer.startsWith("UNAVAILABLE"), answer);
    Availability availability =
        new QnnDelegate()
            .availability(new Host(Map.of(QnnDelegate.LIBRARY_OPTION, alone.toString())));
    assertEquals(Availability.Reason.LIBRARY_UNFIT, availability.reason());
  }

  /** What the library prints, also at the end of the process, is not in the process' output. */
  @Test
  void standardOutputStaysClean() throws Exception {
    assertEquals("{}", answer(QnnLibraries.locate(null).orThrow().path()));
  }

  /** What a JVM of its own prints that opens a library; it ends as it should. */
  private static String answer(Path library) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-D" + QnnDelegate.LIBRARY_PROPERTY + "=" + library,
            "-cp",
            System.getProperty("java.class.path")
                + File.pathSeparator
                + System.getProperty("jdk.module.path", "")
                + File.pathSeparator
                + Path.of("target", "test-classes").toAbsolutePath()
                + File.pathSeparator
                + Path.of("target", "classes").toAbsolutePath(),
            "dev.baton.qnnclient.Loading");
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String answer = new String(process.getInputStream().readAllBytes()).strip();
    assertEquals(0, process.waitFor(), answer);
    return answer;
  }
}
