package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Availability;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import dev.baton.tck.conformance.PayloadSample;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Error paths, on an emulator that fails when it is told to. */
@ExtendWith(NoLeaks.class)
final class EmulatorTest {
  @TempDir(cleanup = CleanupMode.NEVER) // libraries stay loaded
  Path folder;

  private Path library;
  private PayloadSample sum;

  @BeforeEach
  void emulator() {
    library = Emulator.in(folder.resolve("sound"));
    sum = Emulator.sum(library);
  }

  @AfterEach
  void everythingIsFreed() {
    assertEquals(0, QnnLibrary.live());
    if (Files.exists(folder.resolve("sound/libQnnHtp.so"))) { // else the test was aborted
      assertEquals(0, Emulator.live(library));
    }
  }

  private static ModelMethod load(PayloadSample sample, Path library) {
    LoadOptions options =
        LoadOptions.defaults()
            .withDelegateOption(QnnDelegate.NAME, QnnDelegate.LIBRARY_OPTION, library.toString());
    try (Program program = Program.of(sample.program())) {
      return ModelMethod.load(
          program, "forward", options, Delegates.of(List.of(new QnnDelegate()), List.of()));
    }
  }

  private static Tensor row(float... values) {
    return Tensor.fromBlob(values, 4);
  }

  private static float[] run(Execution execution, Tensor... inputs) {
    for (int i = 0; i < inputs.length; i++) {
      execution.setInput(i, EValue.from(inputs[i]));
    }
    execution.run();
    return execution.output(0).toTensor().getDataAsFloatArray();
  }

  private DelegateException refusal(Path used, PayloadSample sample) {
    DelegateException e =
        assertThrows(
            DelegateException.class,
            () -> GivenPayload.load(sample, sample.payload(), Emulator.host(used)));
    assertFalse(e.remedy().isEmpty(), e::toString);
    return e;
  }

  @Test
  void inputsComeInTheOrderOfTheirNumbers() {
    try (ModelMethod method = load(sum, library);
        Execution execution = method.newExecution()) {
      float[] out = run(execution, row(1, 2, 3, 4), row(10, 20, 30, 40));
      assertArrayEquals(new float[] {12, 24, 36, 48}, out);
    }
  }

  @Test
  void methodsWithOnePayloadShareItsContext() throws Exception {
    Host host = Emulator.host(library);
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = new QnnDelegate().open(host)) {
      GivenPayload forward = GivenPayload.of(sum, sum.payload(), arena);
      GivenPayload other =
          new GivenPayload(
              forward.id(),
              "other",
              forward.bytes(),
              forward.compileSpecs(),
              forward.inputs(),
              forward.outputs());
      int idle = QnnLibrary.live();
      CompiledSubgraph first = session.load(forward, host);
      int loaded = QnnLibrary.live();
      assertTrue(loaded > idle);
      CompiledSubgraph second = session.load(other, host);
      assertEquals(loaded, QnnLibrary.live());
      first.close();
      assertEquals(loaded, QnnLibrary.live());
      second.newExecution(host).close();
      second.close();
      assertEquals(idle, QnnLibrary.live());
      session.load(forward, host).close();
    }
  }

  @Test
  void aMethodWithoutAGraph() throws Exception {
    Host host = Emulator.host(library);
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = new QnnDelegate().open(host)) {
      GivenPayload forward = GivenPayload.of(sum, sum.payload(), arena);
      GivenPayload absent =
          new GivenPayload(
              forward.id(),
              "backward",
              forward.bytes(),
              forward.compileSpecs(),
              forward.inputs(),
              forward.outputs());
      DelegateException e = assertThrows(DelegateException.class, () -> session.load(absent, host));
      assertTrue(e.getMessage().contains("[forward, other]"), e::getMessage);
    }
  }

  @Test
  void buffersBeginAsZerosAndLiveOn() {
    PayloadSample counter = Emulator.counter(library);
    try (ModelMethod method = load(counter, library);
        Execution execution = method.newExecution();
        Execution other = method.newExecution()) {
      for (int i = 1; i < 4; i++) {
        assertArrayEquals(new float[] {i, 2 * i, 0, 0}, run(execution, row(1, 2, 0, 0)));
      }
      assertArrayEquals(new float[] {1, 0, 0, 0}, run(other, row(1, 0, 0, 0)));
      execution.reset();
      assertArrayEquals(new float[] {5, 0, 0, 0}, run(execution, row(5, 0, 0, 0)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "backend=1002, UNAVAILABLE, 1002",
    "device=14001, UNAVAILABLE, emulated: no such device",
    "create=5005, BAD_PAYLOAD, another processor",
    "create=5000, BAD_PAYLOAD, 5000",
    "create=1002, RESOURCES, no memory",
    "create=1007, FAILED, restarted",
    "null=13, BAD_PAYLOAD, does not offer contextCreateFromBinary",
    "null=20, BAD_PAYLOAD, does not offer graphRetrieve",
    "null=1, UNAVAILABLE, does not offer backendCreate",
    "providers=0, UNAVAILABLE, 0 providers",
    "api=2.7.0, UNAVAILABLE, 2.7.0",
    "api=3.0.0, UNAVAILABLE, 3.0.0",
    "system_api=2, UNAVAILABLE, system interface 2"
  })
  void whatFailsIsTold(String setting, DelegateException.Kind kind, String words) {
    Path failing = Emulator.in(folder.resolve("failing"), setting);
    DelegateException e = refusal(failing, sum);
    assertEquals(kind, e.kind(), e::getMessage);
    assertTrue(e.getMessage().contains(words), e::getMessage);
  }

  @Test
  void theLogsWordsAreInTheMessage() {
    DelegateException e = refusal(Emulator.in(folder.resolve("failing"), "create=5005"), sum);
    assertTrue(
        e.getMessage().contains("the emulator was told that create fails with 5005"),
        e::getMessage);
  }

  @Test
  void aPayloadOfANewerSdk() {
    Path newer = Emulator.in(folder.resolve("newer"), "build=v2.40.1.7");
    PayloadSample made = Emulator.sum(newer);
    DelegateException e =
        refusal(Emulator.in(folder.resolve("older"), "build=v2.40.0.9", "create=5000"), made);
    assertTrue(e.getMessage().contains("v2.40.1.7"), e::getMessage);
    assertTrue(e.getMessage().contains("v2.40.0.9"), e::getMessage);
    assertTrue(e.remedy().contains("2.40.1"), e::remedy);
  }

  @Test
  void aPayloadOfAnotherBackend() {
    DelegateException e = refusal(library.resolveSibling("libQnnCpu.so"), sum);
    assertEquals(DelegateException.Kind.UNSUPPORTED, e.kind());
    assertTrue(e.getMessage().contains("backend 6"), e::getMessage);
  }

  /** What a library lacks that is not needed is done without. */
  @ParameterizedTest
  @ValueSource(strings = {"null=4,25,48", "null=40,43", "old_system=1", "device=1000", "soc_at=8"})
  void whatMayBeAbsent(String setting) throws Exception {
    Path other = Emulator.in(folder.resolve("other"), setting);
    GivenPayload.load(sum, sum.payload(), Emulator.host(other));
  }

  @Test
  void runsThatFail() throws IOException {
    Path failing = Emulator.in(folder.resolve("failing"));
    Tensor x = row(1, 2, 3, 4);
    try (ModelMethod method = load(sum, failing);
        Execution execution = method.newExecution()) {
      run(execution, x, x);
      Emulator.tell(failing.resolveSibling(""), "execute=6004");
      DelegateFailedException once =
          assertThrows(DelegateFailedException.class, () -> run(execution, x, x));
      assertTrue(once.getMessage().contains("6004"), once::getMessage);
      Emulator.tell(failing.resolveSibling(""));
      run(execution, x, x);
      Emulator.tell(failing.resolveSibling(""), "execute=1007");
      DelegateFailedException lost =
          assertThrows(DelegateFailedException.class, () -> run(execution, x, x));
      assertTrue(lost.getMessage().contains("1007"), lost::getMessage);
      Emulator.tell(failing.resolveSibling(""));
      assertThrows(DelegateFailedException.class, () -> run(execution, x, x));
    }
  }

  @Test
  void aRunIsGoodThoughItsProfileFails() throws IOException {
    Path failing = Emulator.in(folder.resolve("failing"), "profile=8001");
    LoadOptions options =
        LoadOptions.defaults()
            .withProfiling(true)
            .withDelegateOption(QnnDelegate.NAME, QnnDelegate.LIBRARY_OPTION, failing.toString());
    try (Program program = Program.of(sum.program());
        ModelMethod method =
            ModelMethod.load(
                program, "forward", options, Delegates.of(List.of(new QnnDelegate()), List.of()));
        Execution execution = method.newExecution()) {
      execution.startProfile(1);
      Tensor x = row(1, 2, 3, 4);
      assertArrayEquals(new float[] {3, 6, 9, 12}, run(execution, x, x));
    }
    assertEquals(0, Emulator.live(failing));
  }

  @Test
  void everyDamageIsRefused() throws Exception {
    byte[] sound = sum.payload();
    for (int i = 0; i < sound.length; i += 7) {
      byte[] changed = sound.clone();
      changed[i] ^= 0x10;
      boolean ignored = i >= 4 && i < 12 || i >= 20 && i < 256; // signature, padding
      try {
        GivenPayload.load(sum, changed, Emulator.host(library));
        assertTrue(ignored, "byte " + i);
      } catch (DelegateException e) {
        assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind(), e::getMessage);
      }
      byte[] cut = Arrays.copyOf(sound, i);
      assertThrows(
          DelegateException.class, () -> GivenPayload.load(sum, cut, Emulator.host(library)));
    }
  }

  @Test
  void aSystemLibraryThatIsAbsentOrCutOff() throws IOException {
    Path other = Emulator.in(folder.resolve("other"));
    Path system = other.resolveSibling("libQnnSystem.so");
    byte[] bytes = Files.readAllBytes(system);
    Files.write(system, Arrays.copyOf(bytes, bytes.length / 2));
    Availability cut = new QnnDelegate().availability(Emulator.host(other));
    assertEquals(Availability.Reason.LIBRARY_UNFIT, cut.reason());
    assertTrue(cut.message().contains("truncated"), cut::toString);
    Files.delete(system);
    Availability absent = new QnnDelegate().availability(Emulator.host(other));
    assertEquals(Availability.Reason.LIBRARY_ABSENT, absent.reason());
    assertEquals(2, absent.tried().size());
  }

  @Test
  void aLibraryThatIsCutOff() throws IOException {
    Path other = Emulator.in(folder.resolve("other"));
    byte[] bytes = Files.readAllBytes(other);
    for (int length = 1000; length < bytes.length; length += 4096) {
      Files.write(other, Arrays.copyOf(bytes, length));
      Availability cut = new QnnDelegate().availability(Emulator.host(other));
      assertEquals(Availability.Reason.LIBRARY_UNFIT, cut.reason());
    }
  }

  @Test
  void whatIsLoadedIsTold() throws Exception {
    QnnLibrary.load(library);
    Availability availability = new QnnDelegate().availability(Emulator.host(library));
    assertTrue(availability.message().contains("HTP_emulator v2.36.0"), availability::message);
  }

  private LoadOptions claiming(Path used) {
    return LoadOptions.defaults()
        .withKernels(List.of("reference"))
        .withCacheDirectory(folder.resolve("cache"))
        .withDelegateOption(QnnDelegate.NAME, QnnDelegate.LIBRARY_OPTION, used.toString())
        .withDelegateOption(QnnDelegate.NAME, QnnDelegate.CLAIM_OPTION, "on");
  }

  private static CaseResult digits(LoadOptions options) throws IOException {
    return new CaseRunner(Delegates.of(List.of(new QnnDelegate()), List.of()), options)
        .run(ModelCase.read(Path.of("../models/digits-portable")));
  }

  @Test
  void claimedOperatorsAreCompiledOnceAndKept() throws IOException {
    CaseResult first = digits(claiming(library));
    assertTrue(first.passed(), () -> first.firstFailure().toString());
    assertEquals(Set.of("qnn"), first.placement().counts().keySet());
    // what compiles fails now: only what was kept can run
    Emulator.tell(library.resolveSibling(""), "finalize=1002");
    CaseResult second = digits(claiming(library));
    assertTrue(second.passed(), () -> second.firstFailure().toString());
    assertEquals(Set.of("qnn"), second.placement().counts().keySet());
    List<Path> kept;
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      kept = files.filter(f -> f.toString().endsWith(".qnn")).toList();
    }
    assertFalse(kept.isEmpty());
    for (Path file : kept) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 1;
      Files.write(file, bytes);
    }
    CaseResult java = digits(claiming(library));
    assertTrue(java.passed(), () -> java.firstFailure().toString());
    assertEquals(Set.of("reference"), java.placement().counts().keySet());
    Emulator.tell(library.resolveSibling(""));
    assertEquals(Set.of("qnn"), digits(claiming(library)).placement().counts().keySet());
  }

  @Test
  void whatTheLibraryDeclinesRunsInJava() throws IOException {
    CaseResult result = digits(claiming(Emulator.in(folder.resolve("other"), "validate=Conv2d")));
    assertTrue(result.passed(), () -> result.firstFailure().toString());
    assertEquals(Set.of("qnn", "reference"), result.placement().counts().keySet());
    assertTrue(
        result.placement().operators().stream()
            .filter(o -> o.name().equals("aten::convolution"))
            .anyMatch(o -> o.declines().toString().contains("does not take its Conv2d")));
  }

  @Test
  void nothingIsClaimedUnasked() throws IOException {
    CaseResult result =
        digits(
            claiming(library)
                .withDelegateOption(QnnDelegate.NAME, QnnDelegate.CLAIM_OPTION, "off"));
    assertEquals(Set.of("reference"), result.placement().counts().keySet());
  }

  @Test
  void whatTheLibraryMeasuredIsInTheProfile() {
    LoadOptions options = claiming(library).withProfiling(true);
    try (Program program = Program.of(sum.program());
        ModelMethod method =
            ModelMethod.load(
                program, "forward", options, Delegates.of(List.of(new QnnDelegate()), List.of()));
        Execution execution = method.newExecution()) {
      execution.startProfile(1);
      run(execution, row(1, 2, 3, 4), row(1, 2, 3, 4));
      assertEquals(
          List.of("first", "second"),
          execution.profile().runs().get(0).events().get(0).parts().stream()
              .map(Profile.Part::name)
              .toList());
    }
  }
}
