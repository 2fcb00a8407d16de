package dev.baton.tck.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.Claiming;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every delegate must do, each rule a test of its own. A vendor extends this, names the
 * delegate and, where there are any, its options and sample payloads:
 *
 * <pre>{@code
 * class AcmeConformanceTest extends DelegateConformance {
 *   @Override
 *   protected Delegate delegate() {
 *     return new AcmeDelegate();
 *   }
 * }
 * }</pre>
 *
 * <p>Programs are loaded and run by the real runtime, with fallback switched off, and compared with
 * the reference kernels. The rules hold where the delegate is available; where it is not, those
 * about availability are tested and the others are aborted with the delegate's own message. A
 * delegate is taken to be able to do everything: what it cannot is declared by {@link #cannot()},
 * and tested for truth. The methods' names are the rules' names and stay. Not for tests that run at
 * the same time in one process.
 */
@ExtendWith(NoLeaks.class)
public abstract class DelegateConformance {
  /** In {@link #cannot()}: takes nothing whose sizes vary from call to call. */
  protected static final String DYNAMIC_SHAPES = "dynamic shapes";

  private static final String REFERENCE = "reference";
  private static final double MIXED_RELATIVE = 1e-5;
  private static final double MIXED_ABSOLUTE = 1e-5;
  private static final int PART_BITS = 4;
  private static final int PARTS = 1 << PART_BITS;
  private static final int CALLERS = 4;
  private static final int RUNS = 20;
  private static final int CYCLES = 16;
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
  private static final Path THREADS = Path.of("/proc/self/task");
  private static final int DAMAGED = 200;

  /** Made by JUnit. */
  protected DelegateConformance() {}

  // ---- what a vendor says

  /** The delegate; a new object or always the same. Its class is public, as the SPI says. */
  protected abstract Delegate delegate();

  /** Options that it is opened with. */
  protected Map<String, String> options() {
    return Map.of();
  }

  /**
   * Options by which it finds no library, such as a path where none is; empty if it needs none and
   * works on every host.
   */
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.empty();
  }

  /**
   * Names of the operator cases that it does not take, and {@link #DYNAMIC_SHAPES}. The names are
   * those of the tests of {@link #takesWhatItDoesNotDeclare()}.
   */
  protected Set<String> cannot() {
    return Set.of();
  }

  /** Sound payloads, at least one if {@link Delegate#payloadIds()} names any. */
  protected List<PayloadSample> payloads() {
    return List.of();
  }

  // ---- the host

  private WatchedDelegate watched() {
    Delegate delegate = delegate();
    Availability availability = delegate.availability(new PlainContext(options()));
    assumeTrue(availability.isAvailable(), availability::toString);
    return new WatchedDelegate(delegate);
  }

  private LoadOptions loadOptions(String name, Map<String, String> delegateOptions) {
    LoadOptions options =
        LoadOptions.defaults()
            .withKernels(List.of(REFERENCE))
            .withThreads(2)
            .withPolicy(FallbackPolicy.FAIL);
    for (Map.Entry<String, String> option : delegateOptions.entrySet()) {
      options = options.withDelegateOption(name, option.getKey(), option.getValue());
    }
    return options;
  }

  private ModelMethod load(byte[] program, Delegate delegate) {
    return load(program, loadOptions(delegate.name(), options()), delegate);
  }

  private static ModelMethod load(byte[] program, LoadOptions options, Delegate... delegates) {
    try (Program file = Program.of(program)) {
      return ModelMethod.load(
          file, "forward", options, Delegates.of(List.of(delegates), List.of()));
    }
  }

  private static List<Tensor> mixedInput(int seed) {
    return List.of(Cases.numbers(seed, Cases.MIXED));
  }

  /** Operators that the delegate does not run, each with the reasons. */
  private static List<String> left(Placement placement, String delegate) {
    return placement.operators().stream()
        .filter(o -> !o.runner().equals(delegate))
        .map(o -> o.name() + " " + o.declines())
        .toList();
  }

  private static void assertNone(List<String> breaches) {
    assertTrue(breaches.isEmpty(), () -> String.join("\n", breaches));
  }

  // ---- name and availability

  /** The name is what users can type, and always the same, as are the payloads' ids. */
  @Test
  public final void nameIsTypeableAndStable() {
    Delegate delegate = delegate();
    assertTrue(
        delegate.name().matches("[a-z0-9][a-z0-9._-]*"),
        () -> "'" + delegate.name() + "' is not lower case without spaces");
    assertEquals(delegate.name(), delegate().name());
    assertEquals(delegate.payloadIds(), delegate().payloadIds());
  }

  /**
   * Whatever options are set, availability is an answer: available, and then it opens; or not, and
   * then with a reason and a remedy.
   */
  @Test
  public final void availabilityIsTypedAndNeverThrows() throws DelegateException {
    Delegate delegate = delegate();
    assertTyped(delegate.availability());
    List<Map<String, String>> all = new ArrayList<>(List.of(Map.of(), options()));
    for (String value : List.of("", " ", "\0", "/nowhere/at all", "-1", "x".repeat(10_000))) {
      Map<String, String> odd = new HashMap<>(options());
      odd.replaceAll((key, old) -> value);
      optionsWithoutLibrary().ifPresent(o -> o.keySet().forEach(key -> odd.put(key, value)));
      odd.put("no such option", value);
      all.add(odd);
    }
    for (Map<String, String> options : all) {
      assertTyped(delegate.availability(new PlainContext(options)));
    }
    if (delegate.availability(new PlainContext(options())).isAvailable()) {
      delegate.open(new PlainContext(options())).close();
    }
  }

  private static void assertTyped(Availability availability) {
    assertNotNull(availability, "availability() gave null");
    if (!availability.isAvailable()) {
      assertNotNull(availability.reason());
      assertFalse(availability.message().isBlank(), "unavailable, and no message says why");
      assertFalse(availability.remedy().isBlank(), "unavailable, and no remedy is told");
    }
  }

  /** To be made and asked for availability loads no library: tested in a JVM of its own. */
  @Test
  public final void availabilityLoadsNothing() throws Exception {
    assumeTrue(AvailabilityProbe.isSupported(), "only Linux tells which libraries are loaded");
    List<Map<String, String>> all = new ArrayList<>(List.of(options()));
    optionsWithoutLibrary().ifPresent(all::add);
    for (Map<String, String> options : all) {
      assertEquals(
          List.of(),
          AvailabilityProbe.librariesLoadedBy(delegate().getClass(), options),
          "libraries that availability loaded");
    }
  }

  /** Where the library is not, the delegate says so, opens with that error, and Java answers. */
  @Test
  public final void saysThatItsLibraryIsAbsent() {
    Map<String, String> options =
        optionsWithoutLibrary().orElseGet(() -> abort("the delegate works on every host"));
    Delegate delegate = delegate();
    Availability availability = delegate.availability(new PlainContext(options));
    assertFalse(availability.isAvailable(), availability::toString);
    assertTyped(availability);
    DelegateException refusal =
        assertThrows(DelegateException.class, () -> delegate.open(new PlainContext(options)));
    assertEquals(DelegateException.Kind.UNAVAILABLE, refusal.kind(), refusal::toString);
    LoadOptions loading =
        loadOptions(delegate.name(), options).withPolicy(FallbackPolicy.FALL_BACK);
    List<Tensor> inputs = mixedInput(1);
    try (ModelMethod method = load(Cases.mixed(), loading, delegate);
        Execution execution = method.newExecution()) {
      assertTrue(method.placement().unavailable().containsKey(delegate.name()));
      Numbers.assertSame(
          Numbers.reference(Cases.mixed(), inputs), Numbers.run(execution, inputs), "in Java");
    }
  }

  // ---- claims

  /** Nodes are taken or declined once, and only those of the view, whatever lies around it. */
  @Test
  public final void claimsOnlyWhatItIsShown() {
    WatchedDelegate delegate = watched();
    LoadOptions options =
        loadOptions(delegate.name(), options()).withPolicy(FallbackPolicy.FALL_BACK);
    for (String operator :
        List.of("aten::mul.Tensor", "aten::relu", "aten::add.Tensor", "aten::sigmoid")) {
      Delegate other =
          FaultInjectingDelegate.of(
              Faults.none().named("other").claiming(Claiming.operators(operator)));
      load(Cases.mixed(), options, other, delegate).close();
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.CLAIMS));
  }

  /** Taking is an offer: whichever of the groups the host gives back compile, and are right. */
  @Test
  public final void compilesAnyPartOfItsClaims() {
    List<Tensor> inputs = mixedInput(2);
    List<float[]> expected = Numbers.reference(Cases.mixed(), inputs);
    for (int part = 0; part < PARTS; part++) {
      int bits = part;
      WatchedDelegate delegate =
          watched().keeping(group -> (bits >> group.iterator().next().id() % PART_BITS & 1) == 0);
      try (ModelMethod method = load(Cases.mixed(), delegate);
          Execution execution = method.newExecution()) {
        Numbers.assertClose(
            expected,
            Numbers.run(execution, inputs),
            MIXED_RELATIVE,
            MIXED_ABSOLUTE,
            "part " + part + ": " + method.placement().summary());
      }
      assertNone(delegate.breaches(WatchedDelegate.Rule.COMPILING));
    }
  }

  /** Each operator case is taken and compiles, or {@link #cannot()} names it, and that is true. */
  @TestFactory
  public final Stream<DynamicTest> takesWhatItDoesNotDeclare() {
    return Cases.operators().stream()
        .map(c -> DynamicTest.dynamicTest(c.name(), () -> assertTakenOrDeclared(c)));
  }

  private void assertTakenOrDeclared(OperatorCase operator) {
    WatchedDelegate delegate = watched();
    try (ModelMethod method = load(operator.program(), delegate)) {
      List<String> left = left(method.placement(), delegate.name());
      if (cannot().contains(operator.name())) {
        assertFalse(left.isEmpty(), "it is declared as what the delegate cannot do, and is taken");
      } else {
        assertEquals(List.of(), left, "not taken, and not declared as what it cannot do");
      }
    }
  }

  // ---- numbers

  /** Each operator case that is taken gives what the reference kernel gives, within a tolerance. */
  @TestFactory
  public final Stream<DynamicTest> computesWhatReferenceKernelsCompute() {
    return Cases.operators().stream()
        .map(c -> DynamicTest.dynamicTest(c.name(), () -> assertComputes(c)));
  }

  private void assertComputes(OperatorCase operator) {
    WatchedDelegate delegate = watched();
    LoadOptions options =
        loadOptions(delegate.name(), options()).withPolicy(FallbackPolicy.FALL_BACK);
    try (ModelMethod method = load(operator.program(), options, delegate)) {
      assumeTrue(left(method.placement(), delegate.name()).isEmpty(), "the delegate takes it not");
      try (Execution execution = method.newExecution()) {
        Numbers.assertClose(
            Numbers.reference(operator.program(), operator.inputs()),
            Numbers.run(execution, operator.inputs()),
            operator.relative(),
            operator.absolute(),
            operator.name());
        assertEquals(List.of(), execution.fallenBack());
      }
    }
  }

  /** Where sizes vary, each call is right, after smaller and after larger ones. */
  @Test
  public final void followsShapes() {
    WatchedDelegate delegate = watched();
    try (ModelMethod method = load(Cases.varying(), delegate);
        Execution execution = method.newExecution()) {
      boolean takes = !method.placement().subgraphs().isEmpty();
      assertEquals(
          !cannot().contains(DYNAMIC_SHAPES),
          takes,
          () -> method.placement().operators().toString());
      for (int rows : new int[] {8, 1, 3, 8, 5, 3}) {
        List<Tensor> inputs = List.of(Cases.numbers(rows, rows, Cases.MIXED[1]));
        Numbers.assertClose(
            Numbers.reference(Cases.varying(), inputs),
            Numbers.run(execution, inputs),
            MIXED_RELATIVE,
            MIXED_ABSOLUTE,
            rows + " rows");
      }
    }
  }

  /** The same input gives the same bits, whatever was run in between. */
  @Test
  public final void runsDependOnTheirInputsAlone() {
    WatchedDelegate delegate = watched();
    try (ModelMethod method = load(Cases.mixed(), delegate);
        Execution execution = method.newExecution()) {
      List<float[]> first = Numbers.run(execution, mixedInput(3));
      Numbers.run(execution, mixedInput(4));
      Numbers.assertSame(first, Numbers.run(execution, mixedInput(3)), "after another input");
    }
  }

  /** Inputs are not written, nor is anything beside the outputs. */
  @Test
  public final void writesItsOutputsAlone() {
    WatchedDelegate delegate = watched();
    try (ModelMethod method = load(Cases.mixed(), delegate);
        Execution execution = method.newExecution()) {
      Numbers.run(execution, mixedInput(5));
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.BUFFERS));
  }

  // ---- callers

  /** Executions of one method run at the same time, and each gives what it gives alone. */
  @Test
  public final void executionsRunAtTheSameTime() throws Exception {
    WatchedDelegate delegate = watched();
    try (ModelMethod method = load(Cases.mixed(), delegate);
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      CyclicBarrier start = new CyclicBarrier(CALLERS);
      List<Future<?>> callers = new ArrayList<>();
      for (int c = 0; c < CALLERS; c++) {
        List<Tensor> inputs = mixedInput(10 + c);
        List<float[]> expected = Numbers.reference(Cases.mixed(), inputs);
        callers.add(
            threads.submit(() -> {
              try (Execution execution = method.newExecution()) {
                start.await();
                for (int run = 0; run < RUNS; run++) {
                  Numbers.assertClose(
                      expected,
                      Numbers.run(execution, inputs),
                      MIXED_RELATIVE,
                      MIXED_ABSOLUTE,
                      "run " + run);
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

  /** A run whose caller cancelled gives up with CANCELLED, or ends; the next run is right. */
  @Test
  public final void cancelledRunsEndAndRunAgain() {
    WatchedDelegate delegate = watched().cancelling();
    List<Tensor> inputs = mixedInput(6);
    try (ModelMethod method = load(Cases.mixed(), delegate);
        Execution execution = method.newExecution()) {
      Numbers.assertClose(
          Numbers.reference(Cases.mixed(), inputs),
          Numbers.run(execution, inputs),
          MIXED_RELATIVE,
          MIXED_ABSOLUTE,
          "the run after a cancelled one");
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.CANCELLATION));
  }

  // ---- lifecycle

  /** Sessions, subgraphs and executions that were never used close all the same. */
  @Test
  public final void closesWhatWasNeverUsed() throws DelegateException {
    WatchedDelegate delegate = watched().closingUnused();
    delegate.open(new PlainContext(options())).close();
    load(Cases.mixed(), delegate).close();
    try (ModelMethod method = load(Cases.mixed(), delegate)) {
      method.newExecution().close();
      try (Execution execution = method.newExecution()) {
        Numbers.run(execution, mixedInput(9)); // makes the delegate's executions
      }
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.CLOSING));
  }

  /** Closing one session or execution takes nothing from another, made before or after it. */
  @Test
  public final void closingOneLeavesTheOthers() {
    WatchedDelegate delegate = watched();
    List<Tensor> inputs = mixedInput(7);
    List<float[]> expected = Numbers.reference(Cases.mixed(), inputs);
    ModelMethod before = load(Cases.mixed(), delegate);
    try (ModelMethod method = load(Cases.mixed(), delegate);
        Execution execution = method.newExecution()) {
      Execution other = method.newExecution();
      Numbers.run(other, inputs);
      Numbers.run(execution, inputs);
      other.close();
      before.close();
      load(Cases.mixed(), delegate).close();
      Numbers.assertClose(
          expected,
          Numbers.run(execution, inputs),
          MIXED_RELATIVE,
          MIXED_ABSOLUTE,
          "after others were closed");
    } finally {
      before.close();
    }
  }

  /** Loading, running and closing again and again leaves no threads and no open files. */
  @Test
  public final void leavesNoThreadsAndNoFiles() throws IOException {
    assumeTrue(Files.isDirectory(THREADS), "only Linux counts threads and open files");
    cycles(CYCLES);
    long threads = count(THREADS);
    long files = count(OPEN_FILES);
    cycles(CYCLES);
    // The JVM's own come and go, and are fewer than one for each cycle.
    assertTrue(count(THREADS) < threads + CYCLES, "threads: " + threads + ", " + count(THREADS));
    assertTrue(count(OPEN_FILES) < files + CYCLES, "files: " + files + ", " + count(OPEN_FILES));
  }

  private void cycles(int count) {
    for (int i = 0; i < count; i++) {
      try (ModelMethod method = load(Cases.mixed(), watched());
          Execution execution = method.newExecution()) {
        Numbers.run(execution, mixedInput(8));
      }
    }
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }

  // ---- payloads

  private List<PayloadSample> samples() {
    List<PayloadSample> samples = payloads();
    Delegate delegate = delegate();
    if (delegate.payloadIds().isEmpty()) {
      abort("the delegate loads no payloads");
    }
    if (samples.isEmpty()) {
      fail("the delegate loads " + delegate.payloadIds() + ", and payloads() names no sample");
    }
    return samples;
  }

  private static List<Tensor> inputs(PayloadSample sample, int seed) {
    return sample.inputs().stream().map(t -> Cases.numbers(seed, t.shape().sizes())).toList();
  }

  /**
   * Payloads that are cut off or changed are refused by a {@link DelegateException}, or give an
   * answer; what lacks its second half is refused.
   */
  @Test
  public final void refusesDamagedPayloads() {
    for (PayloadSample sample : samples()) {
      byte[] sound = sample.payload();
      WatchedDelegate delegate = watched();
      assertTrue(runs(sample, sound, delegate), "the sound payload " + sample.name());
      for (int length : new int[] {0, 1, sound.length / 4, sound.length / 2}) {
        assertFalse(
            runs(sample, Arrays.copyOf(sound, length), delegate),
            () -> length + " of " + sound.length + " bytes of " + sample.name() + " are accepted");
      }
      Random random = new Random(17);
      for (int i = 0; i < DAMAGED; i++) {
        byte[] bytes = Arrays.copyOf(sound, sound.length - (i % 4 == 0 ? random.nextInt(8) : 0));
        for (int change = random.nextInt(3); change >= 0 && bytes.length > 0; change--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        runs(sample, bytes, delegate);
      }
      assertNone(delegate.breaches(WatchedDelegate.Rule.TYPED_REFUSAL));
    }
  }

  /** True if it ran, false if it was refused. */
  private boolean runs(PayloadSample sample, byte[] payload, Delegate delegate) {
    try (ModelMethod method = load(Cases.calling(sample, payload), delegate);
        Execution execution = method.newExecution()) {
      Numbers.run(execution, inputs(sample, 1));
      return true;
    } catch (BatonException e) {
      return false;
    }
  }

  /**
   * What a payload keeps between runs is what the sample says: some or none; a reset brings back
   * the first run, a snapshot the run after it, in the same execution and in another.
   */
  @Test
  public final void stateIsResetAndCopied() {
    for (PayloadSample sample : samples()) {
      WatchedDelegate delegate = watched();
      try (ModelMethod method = load(Cases.calling(sample, sample.payload()), delegate);
          Execution execution = method.newExecution();
          Execution other = method.newExecution()) {
        List<Tensor> inputs = inputs(sample, 2);
        List<float[]> first = Numbers.run(execution, inputs);
        List<float[]> second = Numbers.run(execution, inputs);
        assertEquals(
            sample.stateful(), !same(first, second), sample.name() + ": the second run differs");
        execution.reset();
        Numbers.assertSame(first, Numbers.run(execution, inputs), "after a reset");
        Numbers.assertSame(first, Numbers.run(other, inputs), "the first run of another execution");
        if (sample.stateful()) {
          assertCopied(execution, other, inputs, second);
        }
      }
    }
  }

  /** The executions have made one run each. */
  private static void assertCopied(
      Execution execution, Execution other, List<Tensor> inputs, List<float[]> second) {
    try (StateSnapshot snapshot = execution.saveState()) {
      Numbers.assertSame(second, Numbers.run(execution, inputs), "after the state was copied");
      execution.restoreState(snapshot);
      Numbers.assertSame(second, Numbers.run(execution, inputs), "after the copy came back");
      Numbers.run(other, inputs);
      other.restoreState(snapshot);
      Numbers.assertSame(second, Numbers.run(other, inputs), "the copy in another execution");
    } catch (DelegateFailedException e) {
      boolean unsupported =
          e.getCause() instanceof DelegateException cause
              && cause.kind() == DelegateException.Kind.UNSUPPORTED;
      if (!unsupported) {
        throw e;
      }
    }
  }

  private static boolean same(List<float[]> a, List<float[]> b) {
    for (int o = 0; o < a.size(); o++) {
      if (!Arrays.equals(a.get(o), b.get(o))) {
        return false;
      }
    }
    return true;
  }
}
