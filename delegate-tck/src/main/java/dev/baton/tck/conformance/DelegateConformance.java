package dev.baton.tck.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Availability;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.CancelledException;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every delegate must do, each rule a test of its own. A vendor extends this and names the
 * delegate:
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
 * <h2>In a build</h2>
 *
 * <p>One dependency in test scope, {@code dev.baton:baton-delegate-tck}. It brings the runtime,
 * whose reference kernels are one oracle, {@code baton-cases} for PyTorch's stored answers, which
 * are the other, jackson-jr to write the report, and JUnit's API; the engine is the build's own
 * (Surefire finds it). The delegate itself needs {@code baton-delegate-api} alone. The JVM of the
 * tests needs {@code --enable-native-access} for the delegate's module, as any program that uses it
 * does.
 *
 * <h2>What is tested</h2>
 *
 * <p>Programs are loaded and run by the real runtime, with fallback switched off. Availability is
 * asked on every host; the other rules hold where the delegate is available, and are aborted with
 * its own message where it is not: a build without the hardware tests what it says of that.
 *
 * <ul>
 *   <li>Name and availability: typeable, typed, without exceptions, without loading anything.
 *   <li>Claims: only what is shown, in whatever parts the host gives it back, for true reasons.
 *   <li>Numbers: by operator, type, order of dimensions and shape, with varying sizes, large.
 *   <li>Callers: several executions, sessions and closes at the same time, cancelled and late runs.
 *   <li>Lifecycle: what was never used closes, nothing stays behind, memory that runs out is a
 *       typed failure, mistakes after a close are exceptions.
 *   <li>Payloads, for delegates with {@link Delegate#payloadIds()}: damaged ones are refused, state
 *       is reset and copied.
 * </ul>
 *
 * <h2>What a vendor may say</h2>
 *
 * <p>A delegate is taken to be able to do everything. What it cannot of the kit's own cases is
 * declared by {@link #cannot()}, and tested for truth: the failing test's name is what to declare.
 * Of the stored cases, which are hundreds, nothing is declared: the reasons that the delegate
 * itself gives ({@link dev.baton.delegate.Decline}) are the declaration, each node must have one,
 * and they are held against what it takes elsewhere. Whatever it takes must be right. Options are
 * {@link #options()}; options by which no library is found {@link #optionsWithoutLibrary()}; a
 * delegate whose arithmetic is narrower than the program's says so by {@link #tolerance}; payloads
 * come from {@link #payloads()}.
 *
 * <h2>The report</h2>
 *
 * <p>{@code target/baton-conformance/CLASS.txt}, {@code .json} and {@code .html} hold the rules, a
 * table of operators by type (how many cases are taken, why not, the largest error) and the events
 * that the runtime told. {@link #reportFolder()} changes the folder.
 *
 * <p>The methods' names are the rules' names and stay. All rules share one instance. Not for tests
 * that run at the same time in one process.
 */
@ExtendWith({NoLeaks.class, ConformanceRecorder.class})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
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
  private static final int LOADS = 4;
  private static final int CYCLES = 16;
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
  private static final Path THREADS = Path.of("/proc/self/task");
  private static final int DAMAGED = 200;
  private static final int MOST_ALLOCATIONS = 64;
  private static final int CANCELS = 20;
  private static final long LONGEST_PAUSE_NANOS = 1_000_000;
  private static final int CLOSES = 8;

  private final ConformanceReport report = new ConformanceReport();

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

  /** What {@link #cannot()} says of a delegate that loads payloads and claims nothing. */
  protected static Set<String> everything() {
    Set<String> all = new HashSet<>(Set.of(DYNAMIC_SHAPES));
    Cases.operators().forEach(c -> all.add(c.name()));
    return all;
  }

  /** Sound payloads, at least one if {@link Delegate#payloadIds()} names any. */
  protected List<PayloadSample> payloads() {
    return List.of();
  }

  /**
   * The largest error that is allowed, as a part of the largest number that is expected.
   *
   * @param name of the case
   * @param stated what a delegate has to reach that computes in the program's own types
   * @return more than is stated where the delegate's arithmetic is narrower: {@code
   *     Math.max(stated, 5e-3)} for one that computes float32 in float16
   */
  protected double tolerance(String name, double stated) {
    return stated;
  }

  /** Where the report is written; made if it is not there. */
  protected Path reportFolder() {
    return Path.of("target", "baton-conformance");
  }

  // ---- the report

  ConformanceReport report() {
    return report;
  }

  void writeReport() throws IOException {
    Delegate delegate = delegate();
    String availability;
    try {
      availability = delegate.availability(new PlainContext(options())).toString();
    } catch (RuntimeException | LinkageError e) {
      availability = "availability() threw " + e;
    }
    report.write(
        reportFolder(),
        getClass().getSimpleName(),
        new ConformanceReport.Subject(
            delegate.name(), delegate.getClass().getName(), availability, options(), cannot()));
  }

  // ---- what the kit's own tests change

  /** Stored cases. */
  List<ModelCase> goldens() {
    return Goldens.all();
  }

  /** How often something is repeated that may go wrong by chance. */
  int times(int often) {
    return often;
  }

  /** Asks where nothing else runs. */
  List<String> ask(Class<? extends ChildJvm.Question> question, List<Map<String, String>> options)
      throws Exception {
    return ChildJvm.ask(question, delegate().getClass(), options);
  }

  // ---- the host

  /** Aborts the test where the delegate cannot work. */
  private Delegate requireAvailable() {
    Delegate delegate = delegate();
    Availability availability = delegate.availability(new PlainContext(options()));
    assumeTrue(availability.isAvailable(), availability::toString);
    return delegate;
  }

  private WatchedDelegate watched() {
    return new WatchedDelegate(requireAvailable());
  }

  private LoadOptions loadOptions(String name, Map<String, String> delegateOptions) {
    LoadOptions options =
        LoadOptions.defaults()
            .withKernels(List.of(REFERENCE))
            .withThreads(2)
            .withListener(report::event)
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

  private void assertMixed(List<float[]> expected, List<float[]> got, String where) {
    Numbers.assertClose(expected, got, tolerance(where, MIXED_RELATIVE), MIXED_ABSOLUTE, where);
  }

  private boolean takesOf(byte[] program) {
    WatchedDelegate delegate = watched();
    LoadOptions options =
        loadOptions(delegate.name(), options()).withPolicy(FallbackPolicy.FALL_BACK);
    try (Program file = Program.of(program)) {
      ModelMethod.explain(file, "forward", options, Delegates.of(List.of(delegate), List.of()));
    }
    return delegate.said().stream().anyMatch(WatchedDelegate.Said::taken);
  }

  /** Aborts the test where Java alone would run the program. */
  private void requireTaken(byte[] program) {
    if (!takesOf(program)) {
      abort("the delegate takes nothing of the rule's program");
    }
  }

  /** The kit's program, or a payload without state, if the delegate takes nothing of that. */
  private RuleProgram orPayload(RuleProgram own) {
    if (takesOf(own.bytes())) {
      return own;
    }
    for (PayloadSample sample : payloads()) {
      if (!sample.stateful()) {
        return RuleProgram.calling(sample);
      }
    }
    return abort("the delegate takes nothing of the rule's program, and no payload without state");
  }

  /** Of the reference kernels; of a payload, what it gives when nothing else happens. */
  private List<float[]> expected(RuleProgram program, List<Tensor> inputs) {
    if (!program.payload()) {
      return Numbers.reference(program.bytes(), inputs);
    }
    try (ModelMethod method = load(program.bytes(), watched());
        Execution execution = method.newExecution()) {
      return Numbers.run(execution, inputs);
    }
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
    assumeTrue(LoadedLibraries.isSupported(), "only Linux tells which libraries are loaded");
    List<Map<String, String>> all = new ArrayList<>(List.of(options()));
    optionsWithoutLibrary().ifPresent(all::add);
    assertNone(ask(LoadedLibraries.class, all));
  }

  /**
   * Where the library is not, the delegate says so, opens with that error, and Java answers: by
   * {@link #optionsWithoutLibrary()}, else on a host where it is unavailable anyway.
   */
  @Test
  public final void saysThatItsLibraryIsAbsent() {
    Delegate delegate = delegate();
    Map<String, String> options = optionsWithoutLibrary().orElse(options());
    Availability availability = delegate.availability(new PlainContext(options));
    if (availability.isAvailable() && optionsWithoutLibrary().isEmpty()) {
      abort("the delegate is available, and optionsWithoutLibrary() names no way to be without");
    }
    assertFalse(availability.isAvailable(), availability::toString);
    assertTyped(availability);
    DelegateException refusal =
        assertThrows(DelegateException.class, () -> delegate.open(new PlainContext(options)));
    if (optionsWithoutLibrary().isPresent()) {
      assertEquals(DelegateException.Kind.UNAVAILABLE, refusal.kind(), refusal::toString);
    }
    LoadOptions loading =
        loadOptions(delegate.name(), options).withPolicy(FallbackPolicy.FALL_BACK);
    List<Tensor> inputs = RuleProgram.mixed().inputs(1);
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
    requireAvailable();
    requireTaken(Cases.mixed());
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
    requireAvailable();
    requireTaken(Cases.mixed());
    List<Tensor> inputs = RuleProgram.mixed().inputs(2);
    List<float[]> expected = Numbers.reference(Cases.mixed(), inputs);
    for (int part = 0; part < PARTS; part++) {
      int bits = part;
      WatchedDelegate delegate =
          watched().keeping(group -> (bits >> group.iterator().next().id() % PART_BITS & 1) == 0);
      try (ModelMethod method = load(Cases.mixed(), delegate);
          Execution execution = method.newExecution()) {
        assertMixed(
            expected,
            Numbers.run(execution, inputs),
            "part " + part + ": " + method.placement().summary());
      }
      assertNone(delegate.breaches(WatchedDelegate.Rule.COMPILING));
    }
  }

  /** Each operator case is taken and compiles, or {@link #cannot()} names it, and that is true. */
  @TestFactory
  public final Stream<DynamicTest> takesWhatItDoesNotDeclare() {
    requireAvailable();
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

  /**
   * Of the stored cases each node is taken or declined with a reason, and nothing is called an
   * unknown operator that is taken elsewhere.
   */
  @Test
  public final void declinesForTrueReasons() throws IOException {
    List<String> breaches = new ArrayList<>();
    Map<String, String> taken = new HashMap<>();
    Map<String, String> unknown = new TreeMap<>();
    for (ModelCase golden : goldens()) {
      WatchedDelegate delegate = watched();
      explain(golden, delegate);
      report.support().placed(golden.name(), delegate.said());
      for (WatchedDelegate.Said said : delegate.said()) {
        Decline decline = said.decline();
        String operator = said.node().name();
        if (decline == null) {
          taken.putIfAbsent(operator, golden.name());
        } else if (decline.kind() == Decline.Kind.UNSTATED || decline.detail().isBlank()) {
          breaches.add(golden.name() + ": " + said.node() + " is declined without a reason");
        } else if (decline.kind() == Decline.Kind.OPERATOR) {
          unknown.putIfAbsent(operator, golden.name() + ", " + decline);
        }
      }
    }
    unknown.forEach((operator, where) -> {
      String other = taken.get(operator);
      if (other != null) {
        breaches.add(
            operator
                + " is no operator of the delegate in "
                + where
                + ", and is taken in "
                + other
                + ": another Decline.Kind tells what is different there");
      }
    });
    assertNone(breaches);
  }

  private void explain(ModelCase golden, WatchedDelegate delegate) throws IOException {
    LoadOptions options =
        loadOptions(delegate.name(), options()).withPolicy(FallbackPolicy.FALL_BACK);
    try (Program program = Program.open(golden.model())) {
      ModelMethod.explain(
          program, golden.method(), options, Delegates.of(List.of(delegate), List.of()));
    }
  }

  // ---- numbers

  /** Each operator case that is taken gives what the reference kernel gives, within a tolerance. */
  @TestFactory
  public final Stream<DynamicTest> computesWhatReferenceKernelsCompute() {
    requireAvailable();
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
            tolerance(operator.name(), operator.relative()),
            operator.absolute(),
            operator.name());
        assertEquals(List.of(), execution.fallenBack());
      }
    }
  }

  /**
   * Each stored case of which the delegate takes something gives what PyTorch gave, within the
   * case's {@linkplain #tolerance tolerance}: operators of all kinds, in the types and orders of
   * dimensions that programs hold, of awkward shapes, quantized.
   */
  @TestFactory
  public final Stream<DynamicTest> computesWhatPyTorchComputes() {
    requireAvailable();
    return goldens().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> assertComputes(c)));
  }

  private void assertComputes(ModelCase stored) throws IOException {
    WatchedDelegate delegate = watched();
    ModelCase golden = stored.withTolerance(tolerance(stored.name(), stored.tolerance()));
    CaseRunner runner =
        new CaseRunner(
            Delegates.of(List.of(delegate), List.of()), loadOptions(delegate.name(), options()));
    CaseResult result;
    try {
      result = runner.run(golden);
    } catch (BatonException e) {
      report
          .support()
          .ran(golden.name(), delegate.said(), new SupportTable.Answer(false, Double.NaN));
      throw e;
    }
    boolean ran = !result.placement().subgraphs().isEmpty();
    if (ran) {
      report
          .support()
          .ran(
              golden.name(),
              delegate.said(),
              new SupportTable.Answer(result.passed(), result.relativeError()));
    } else {
      report.support().placed(golden.name(), delegate.said());
    }
    List<String> left = left(result.placement(), delegate.name());
    assumeTrue(ran || left.isEmpty(), () -> "nothing of it is taken: " + left);
    assertTrue(result.passed(), () -> result.firstFailure().toString());
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
        assertMixed(
            Numbers.reference(Cases.varying(), inputs),
            Numbers.run(execution, inputs),
            rows + " rows");
      }
    }
  }

  /** Tensors of a million elements, of a number that nothing divides, are as right as others. */
  @Test
  public final void computesLargeTensors() {
    WatchedDelegate delegate = watched();
    requireTaken(Cases.large());
    try (ModelMethod method = load(Cases.large(), delegate);
        Execution execution = method.newExecution()) {
      assertMixed(Cases.largeAnswer(), Numbers.run(execution, Cases.largeInput()), "large tensors");
    }
  }

  /** The same input gives the same bits, whatever was run in between. */
  @Test
  public final void runsDependOnTheirInputsAlone() {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      List<float[]> first = Numbers.run(execution, program.inputs(3));
      Numbers.run(execution, program.inputs(4));
      Numbers.assertSame(first, Numbers.run(execution, program.inputs(3)), "after another input");
    }
  }

  /** Inputs are not written, nor is anything beside the outputs. */
  @Test
  public final void writesItsOutputsAlone() {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      Numbers.run(execution, program.inputs(5));
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.BUFFERS));
  }

  /** What it tells of its own operators, if anything, is of nodes that it was given. */
  @Test
  public final void profilesAreOfItsNodes() {
    WatchedDelegate delegate = watched();
    LoadOptions options = loadOptions(delegate.name(), options()).withProfiling(true);
    RuleProgram program = orPayload(RuleProgram.mixed());
    try (ModelMethod method = load(program.bytes(), options, delegate);
        Execution execution = method.newExecution()) {
      execution.startProfile(times(RUNS));
      for (int run = 0; run < times(RUNS); run++) {
        Numbers.run(execution, program.inputs(6));
      }
      assertEquals(times(RUNS), execution.profile().runs().size());
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.PARTS));
  }

  // ---- callers

  /** Executions of one method run at the same time, and each gives what it gives alone. */
  @Test
  public final void executionsRunAtTheSameTime() throws Exception {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    try (ModelMethod method = load(program.bytes(), delegate)) {
      CyclicBarrier start = new CyclicBarrier(CALLERS);
      List<Callable<Void>> callers = new ArrayList<>();
      for (int c = 0; c < CALLERS; c++) {
        List<Tensor> inputs = program.inputs(10 + c);
        List<float[]> expected = expected(program, inputs);
        Execution execution = method.newExecution(); // closed with the method
        callers.add(() -> {
          start.await();
          for (int run = 0; run < times(RUNS); run++) {
            assertMixed(expected, Numbers.run(execution, inputs), "run " + run);
          }
          return null;
        });
      }
      atTheSameTime(callers);
    }
  }

  /** Programs are loaded, run and closed at the same time, each with a session of its own. */
  @Test
  public final void sessionsWorkAtTheSameTime() throws Exception {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    List<Tensor> inputs = program.inputs(14);
    List<float[]> expected = expected(program, inputs);
    CyclicBarrier start = new CyclicBarrier(CALLERS);
    Callable<Void> caller =
        () -> {
          start.await();
          for (int load = 0; load < LOADS; load++) {
            try (ModelMethod method = load(program.bytes(), delegate);
                Execution execution = method.newExecution()) {
              assertMixed(expected, Numbers.run(execution, inputs), "load " + load);
            }
          }
          return null;
        };
    atTheSameTime(Collections.nCopies(CALLERS, caller));
  }

  /** Each on a thread of its own; the first failure is thrown when all have ended. */
  private static void atTheSameTime(List<Callable<Void>> callers) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(callers.size())) {
      for (Future<Void> caller : threads.invokeAll(callers)) {
        caller.get();
      }
    }
  }

  /** A run whose caller cancelled gives up with CANCELLED, or ends; the next run is right. */
  @Test
  public final void cancelledRunsEndAndRunAgain() {
    WatchedDelegate delegate = watched().cancelling();
    RuleProgram program = orPayload(RuleProgram.mixed());
    List<Tensor> inputs = program.inputs(6);
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      assertMixed(
          expected(program, inputs),
          Numbers.run(execution, inputs),
          "the run after a cancelled one");
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.CANCELLATION));
  }

  /**
   * Runs that are cancelled while they run, or come too late, end with CANCELLED or are right, and
   * those after them are right; closing waits for a run, and disturbs no other.
   */
  @Test
  public final void endsAndClosesWhileRunning() throws Exception {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    List<Tensor> inputs = program.inputs(15);
    List<float[]> expected = expected(program, inputs);
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      cancelWhileRunning(execution, inputs, expected);
      execution.setDeadline(Duration.ofNanos(1));
      assertRightOrCancelled(execution, inputs, expected);
      execution.setDeadline(null);
      assertMixed(expected, Numbers.run(execution, inputs), "after a deadline");
      closeWhileOthersRun(method, execution, inputs, expected);
    }
    closeWhileRunning(program.bytes(), inputs, expected);
  }

  private void cancelWhileRunning(Execution execution, List<Tensor> inputs, List<float[]> expected)
      throws Exception {
    Random random = new Random(5);
    for (int i = 0; i < times(CANCELS); i++) {
      long pause = random.nextLong(LONGEST_PAUSE_NANOS);
      AtomicBoolean running = new AtomicBoolean(true);
      Thread canceller =
          Thread.ofPlatform()
              .start(() -> {
                while (running.get()) {
                  LockSupport.parkNanos(pause);
                  execution.cancel(); // does nothing before and after the run
                }
              });
      try {
        assertRightOrCancelled(execution, inputs, expected);
      } finally {
        running.set(false);
        canceller.join();
      }
      assertMixed(expected, Numbers.run(execution, inputs), "after a run that was cancelled");
    }
  }

  private void assertRightOrCancelled(
      Execution execution, List<Tensor> inputs, List<float[]> expected) {
    try {
      assertMixed(expected, Numbers.run(execution, inputs), "a run that was cancelled too late");
    } catch (CancelledException e) {
      // as it should be
    }
  }

  private void closeWhileOthersRun(
      ModelMethod method, Execution running, List<Tensor> inputs, List<float[]> expected)
      throws Exception {
    List<Execution> others = new ArrayList<>();
    for (int i = 0; i < times(CLOSES); i++) {
      Execution other = method.newExecution();
      others.add(other);
      assertMixed(expected, Numbers.run(other, inputs), "before another runs");
    }
    AtomicBoolean closing = new AtomicBoolean(true);
    CountDownLatch runs = new CountDownLatch(1);
    atTheSameTime(
        List.of(
            () -> {
              try {
                do {
                  assertMixed(expected, Numbers.run(running, inputs), "while another was closed");
                  runs.countDown();
                } while (closing.get());
                return null;
              } finally {
                runs.countDown();
              }
            },
            () -> {
              runs.await();
              for (Execution other : others) {
                other.close();
                LockSupport.parkNanos(LONGEST_PAUSE_NANOS / CLOSES);
              }
              closing.set(false);
              return null;
            }));
  }

  private void closeWhileRunning(byte[] program, List<Tensor> inputs, List<float[]> expected)
      throws Exception {
    for (int i = 0; i < times(CLOSES); i++) {
      ModelMethod method = load(program, watched());
      Execution execution = method.newExecution();
      CountDownLatch runs = new CountDownLatch(1);
      atTheSameTime(
          List.of(
              () -> {
                try {
                  while (true) {
                    assertMixed(expected, Numbers.run(execution, inputs), "before a close");
                    runs.countDown();
                  }
                } catch (IllegalStateException closed) {
                  return null; // by the other
                } finally {
                  runs.countDown();
                }
              },
              () -> {
                runs.await();
                method.close();
                return null;
              }));
    }
  }

  // ---- lifecycle

  /** Sessions, subgraphs and executions that were never used close all the same. */
  @Test
  public final void closesWhatWasNeverUsed() throws DelegateException {
    WatchedDelegate delegate = watched().closingUnused();
    RuleProgram program = orPayload(RuleProgram.mixed());
    delegate.open(new PlainContext(options())).close();
    load(program.bytes(), delegate).close();
    try (ModelMethod method = load(program.bytes(), delegate)) {
      method.newExecution().close();
      try (Execution execution = method.newExecution()) {
        Numbers.run(execution, program.inputs(9)); // makes the delegate's executions
      }
    }
    assertNone(delegate.breaches(WatchedDelegate.Rule.CLOSING));
  }

  /** Closing one session or execution takes nothing from another, made before or after it. */
  @Test
  public final void closingOneLeavesTheOthers() {
    WatchedDelegate delegate = watched();
    RuleProgram program = orPayload(RuleProgram.mixed());
    List<Tensor> inputs = program.inputs(7);
    List<float[]> expected = expected(program, inputs);
    ModelMethod before = load(program.bytes(), delegate);
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      Execution other = method.newExecution();
      Numbers.run(other, inputs);
      Numbers.run(execution, inputs);
      other.close();
      before.close();
      load(program.bytes(), delegate).close();
      assertMixed(expected, Numbers.run(execution, inputs), "after others were closed");
    } finally {
      before.close();
    }
  }

  /** Loading, running and closing again and again leaves no threads and no open files. */
  @Test
  public final void leavesNoThreadsAndNoFiles() throws IOException {
    assumeTrue(Files.isDirectory(THREADS), "only Linux counts threads and open files");
    requireAvailable();
    RuleProgram program = orPayload(RuleProgram.mixed());
    cycles(program, CYCLES);
    long threads = count(THREADS);
    long files = count(OPEN_FILES);
    cycles(program, CYCLES);
    // The JVM's own come and go, and are fewer than one for each cycle.
    assertTrue(count(THREADS) < threads + CYCLES, "threads: " + threads + ", " + count(THREADS));
    assertTrue(count(OPEN_FILES) < files + CYCLES, "files: " + files + ", " + count(OPEN_FILES));
  }

  private void cycles(RuleProgram program, int count) {
    for (int i = 0; i < count; i++) {
      try (ModelMethod method = load(program.bytes(), watched());
          Execution execution = method.newExecution()) {
        Numbers.run(execution, program.inputs(8));
      }
    }
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }

  /**
   * Memory of the host's that runs out is a failure of the kind RESOURCES, leaves nothing behind,
   * and the next load is good: each allocation fails once.
   */
  @Test
  public final void survivesFailedAllocations() {
    WatchedDelegate counting = watched();
    RuleProgram program = orPayload(RuleProgram.weights());
    List<Tensor> inputs = program.inputs(43);
    List<float[]> expected = expected(program, inputs);
    assertTrue(loadsAndRuns(program, inputs, expected, counting), "without a failed allocation");
    int allocations = counting.memory().allocations();
    assumeTrue(allocations > 0, "the delegate asks for no memory of the host (newArena)");
    int step = (allocations + MOST_ALLOCATIONS - 1) / MOST_ALLOCATIONS;
    for (int number = 1; number <= allocations; number += step) {
      WatchedDelegate failing = watched().failingAllocation(number);
      loadsAndRuns(program, inputs, expected, failing);
      String which = "allocation %d of %d fails: ".formatted(number, allocations);
      List<String> breaches = new ArrayList<>(failing.breaches(WatchedDelegate.Rule.ALLOCATION));
      breaches.addAll(failing.breaches(WatchedDelegate.Rule.TYPED_REFUSAL));
      if (failing.memory().open() > 0) {
        breaches.add(failing.memory().open() + " arenas are not closed");
      }
      assertNone(breaches.stream().map(which::concat).toList());
      assertTrue(
          loadsAndRuns(program, inputs, expected, watched()), which + "the next load fails too");
    }
  }

  /** True if it is loaded and its answer is right, false if a {@link BatonException} ends it. */
  private boolean loadsAndRuns(
      RuleProgram program, List<Tensor> inputs, List<float[]> expected, WatchedDelegate delegate) {
    try (ModelMethod method = load(program.bytes(), delegate);
        Execution execution = method.newExecution()) {
      assertMixed(expected, Numbers.run(execution, inputs), "weights");
      return true;
    } catch (BatonException e) {
      return false;
    }
  }

  /**
   * What the host has closed may be closed again, and is no longer used: that is an exception,
   * never a crash. Tested in a JVM of its own.
   */
  @Test
  public final void survivesUseAfterClose() throws Exception {
    requireAvailable();
    List<byte[]> programs =
        takesOf(Cases.mixed())
            ? List.of(Cases.mixed())
            : payloads().stream().map(sample -> RuleProgram.calling(sample).bytes()).toList();
    if (programs.isEmpty()) {
      abort("the delegate takes nothing of the rule's program, and no payload");
    }
    for (byte[] program : programs) {
      Path file = Files.createTempFile("baton-rule", ".pte");
      try {
        Files.write(file, program);
        Map<String, String> options = new HashMap<>(options());
        options.put(UseAfterClose.PROGRAM, file.toString());
        assertNone(ask(UseAfterClose.class, List.of(options)));
      } finally {
        Files.delete(file);
      }
    }
  }

  // ---- payloads

  private List<PayloadSample> samples() {
    List<PayloadSample> samples = payloads();
    Delegate delegate = requireAvailable();
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
      for (int i = 0; i < times(DAMAGED); i++) {
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
    try (ModelMethod method = load(sample.program(payload), delegate);
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
      try (ModelMethod method = load(sample.program(), delegate);
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
