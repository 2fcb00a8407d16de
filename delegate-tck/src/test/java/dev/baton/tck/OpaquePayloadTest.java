package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payloads that only their own library can run. */
@ExtendWith(NoLeaks.class)
final class OpaquePayloadTest {
  private static final LoadOptions FAIL = LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL);

  /** {@code relu(3x + 1) } with the middle in a payload. */
  private static byte[] program(byte[] payload) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              Slot y = m.tensor(DType.FLOAT, 4);
              m.none(); // values of a delegate call that follow each other count as its outputs
              Slot z = m.tensor(DType.FLOAT, 4);
              m.kernel("aten::neg.out", x, y);
              m.delegate(OpaquePayloadDelegate.PAYLOAD_ID, payload, List.of(y), List.of(z));
              Slot out = m.tensor(DType.FLOAT, 4);
              m.kernel("aten::relu.out", z, out);
              m.output(out);
            })
        .toBytes();
  }

  private static byte[] program() {
    return program(OpaquePayloadDelegate.payload(3, 1, false));
  }

  private static final float[] X = {1, -1, 0.5f, -2};
  private static final float[] GOLDEN = {0, 4, 0, 7};

  @Test
  void runsWhereItsLibraryIs() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none());
    try (ModelMethod method = Loading.load(program(), FAIL, delegate);
        Execution execution = method.newExecution()) {
      assertArrayEquals(GOLDEN, Loading.run(execution, X));
      assertEquals("opaque", method.placement().operators().get(1).runner());
      assertEquals(0, method.placement().subgraphs().get(0).operatorCount());
      assertEquals(
          OpaquePayloadDelegate.PAYLOAD_ID,
          method.placement().operators().get(1).origin().payload());
    }
    assertEquals(1, delegate.journal().count(Moment.LOAD));
    assertEquals(0, delegate.journal().count(Moment.COMPILE));
    delegate.journal().assertAllClosed();
  }

  /** Opens half of a payload, then finds what it does not know. */
  private static final class Incapable implements PayloadLifter {
    @Override
    public String payloadId() {
      return OpaquePayloadDelegate.PAYLOAD_ID;
    }

    @Override
    public void lift(Payload payload, GraphBuilder into) throws DelegateException {
      into.apply("aten::relu", into.input(0));
      throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "node 1 (Odd) is odd");
    }
  }

  private static ModelMethod loadWithLifter(byte[] pte, Delegate... delegates) {
    try (Program program = Program.of(pte)) {
      return ModelMethod.load(
          program, "forward", FAIL, Delegates.of(List.of(delegates), List.of(new Incapable())));
    }
  }

  @Test
  void whatALifterDoesNotSupportIsLoadedAsItIs() {
    try (ModelMethod method = loadWithLifter(program(), new OpaquePayloadDelegate());
        Execution execution = method.newExecution()) {
      assertArrayEquals(GOLDEN, Loading.run(execution, X));
      assertEquals(3, method.placement().operators().size());
    }
  }

  @Test
  void whatNeitherLifterNorDelegateCanDoNamesBoth() {
    byte[] unloadable = program(new byte[3]);
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> loadWithLifter(unloadable, new OpaquePayloadDelegate()).close());
    assertTrue(e.getMessage().contains("node 1 (Odd) is odd"), e.getMessage());
    assertTrue(e.getMessage().contains("has 3 bytes"), e.getMessage());
    BatonException alone =
        assertThrows(BatonException.class, () -> loadWithLifter(program()).close());
    assertTrue(alone.getMessage().contains("node 1 (Odd) is odd"), alone.getMessage());
  }

  @Test
  void itsNodeIsOfferedToNobody() {
    FaultInjectingDelegate greedy =
        FaultInjectingDelegate.of(
            Faults.none()
                .claiming((graph, claims) -> {
                  graph.nodes().forEach(n -> assertTrue(!n.name().contains("payload"), n.name()));
                  graph.nodes().forEach(claims::take);
                }));
    FaultInjectingDelegate opaque =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none());
    try (ModelMethod method = Loading.load(program(), FAIL, greedy, opaque);
        Execution execution = method.newExecution()) {
      assertEquals(3, method.placement().subgraphs().size());
      assertArrayEquals(GOLDEN, Loading.run(execution, X));
    }
    greedy.journal().assertAllClosed();
    opaque.journal().assertAllClosed();
  }

  private static BatonException refused(LoadOptions options, Delegate... delegates) {
    BatonException e =
        assertThrows(BatonException.class, () -> Loading.load(program(), options, delegates));
    return e;
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyDelegateTheErrorNamesTheBackend(FallbackPolicy policy) {
    BatonException e = refused(LoadOptions.defaults().withPolicy(policy));
    assertTrue(e.getMessage().contains("OpaqueBackend"), e::getMessage);
    assertTrue(e.getMessage().contains("class path"), e::getMessage);
    assertTrue(e.getMessage().contains("method 'forward', instruction 1"), e::getMessage);
  }

  @ParameterizedTest
  @EnumSource
  void withoutItsLibraryTheErrorNamesDelegateAndRemedy(FallbackPolicy policy) {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none().unavailable());
    BatonException e = refused(LoadOptions.defaults().withPolicy(policy), delegate);
    assertTrue(e.getMessage().contains("'opaque' is unavailable"), e::getMessage);
    assertTrue(e.getMessage().contains("libfault.so was not found."), e::getMessage);
    assertTrue(e.getMessage().contains("Install libfault."), e::getMessage);
    delegate.journal().assertAllClosed();
  }

  @Test
  void withTheDelegateNotAskedForTheErrorSaysToNameIt() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none());
    BatonException e = refused(LoadOptions.javaOnly(), delegate);
    assertTrue(e.getMessage().contains("'opaque' could load it and was not asked"), e::getMessage);
    assertEquals(0, delegate.journal().count(Moment.OPEN));
  }

  @ParameterizedTest
  @EnumSource
  void openFails(FallbackPolicy policy) {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(
            new OpaquePayloadDelegate(),
            Faults.none().failing(Moment.OPEN, Failure.delegateException()));
    BatonException e = refused(LoadOptions.defaults().withPolicy(policy), delegate);
    assertTrue(e.getMessage().contains("injected"), e::getMessage);
    assertTrue(e.getMessage().contains("'opaque'"), e::getMessage);
    assertTrue(e.getMessage().contains("Take the fault out"), e::getMessage);
    delegate.journal().assertAllClosed();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ERROR")
  void loadFails(Failure.Thrown thrown) {
    for (FallbackPolicy policy : FallbackPolicy.values()) {
      FaultInjectingDelegate delegate =
          FaultInjectingDelegate.around(
              new OpaquePayloadDelegate(),
              Faults.none().failing(Moment.LOAD, new Failure.Throws(thrown)));
      BatonException e = refused(LoadOptions.defaults().withPolicy(policy), delegate);
      assertTrue(e.getMessage().contains("'opaque' refused it: injected"), e::getMessage);
      delegate.journal().assertAllClosed();
    }
  }

  @Test
  void aDamagedPayloadIsRefusedByItsDelegate() {
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> Loading.load(program(new byte[3]), FAIL, new OpaquePayloadDelegate()));
    assertTrue(e.getMessage().contains("has 3 bytes, expected 16"), e::getMessage);
    assertTrue(e.getMessage().contains("Export it again."), e::getMessage);
  }

  @Test
  void theSecondDelegateIsAskedWhereTheFirstRefuses() {
    FaultInjectingDelegate first =
        FaultInjectingDelegate.around(
            new OpaquePayloadDelegate(),
            Faults.none().named("first").failing(Moment.LOAD, Failure.delegateException()));
    FaultInjectingDelegate second =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none().named("second"));
    try (ModelMethod method = Loading.load(program(), LoadOptions.defaults(), first, second);
        Execution execution = method.newExecution()) {
      assertEquals("second", method.placement().operators().get(1).runner());
      assertArrayEquals(GOLDEN, Loading.run(execution, X));
    }
    first.journal().assertAllClosed();
    second.journal().assertAllClosed();
  }

  @ParameterizedTest
  @EnumSource
  void aFailingRunIsAnErrorUnderEveryPolicy(FallbackPolicy policy) {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(
            new OpaquePayloadDelegate(),
            Faults.none().failing(Moment.RUN, 2, Failure.delegateException()));
    Loading.Events events = new Loading.Events();
    try (ModelMethod method =
            Loading.load(
                program(), events.on(LoadOptions.defaults().withPolicy(policy)), delegate);
        Execution execution = method.newExecution()) {
      assertArrayEquals(GOLDEN, Loading.run(execution, X));
      DelegateFailedException e =
          assertThrows(DelegateFailedException.class, () -> Loading.run(execution, X));
      assertEquals("opaque", e.delegate());
      if (policy != FallbackPolicy.FAIL) {
        assertTrue(e.getMessage().contains("opaque payload"), e::getMessage);
      }
      assertEquals(List.of(), execution.fallenBack());
      assertArrayEquals(GOLDEN, Loading.run(execution, X), "the execution can be used again");
    }
    assertEquals(List.of(), events.failures());
    delegate.journal().assertAllClosed();
  }

  /** Lifts every payload as a relu. */
  private static final class Capable implements PayloadLifter {
    @Override
    public String payloadId() {
      return OpaquePayloadDelegate.PAYLOAD_ID;
    }

    @Override
    public void lift(Payload payload, GraphBuilder into) {
      into.output(1, into.apply("aten::relu", into.input(0)));
    }
  }

  private static final class Preferring extends ForwardingDelegate {
    Preferring(Delegate inner) {
      super(inner);
    }

    @Override
    public boolean prefersPayloads() {
      return true;
    }
  }

  @Test
  void aFailingRunOfWhatCouldBeLiftedNamesTheRemedy() {
    Delegate delegate =
        new Preferring(
            FaultInjectingDelegate.around(
                new OpaquePayloadDelegate(),
                Faults.none().failing(Moment.RUN, 1, Failure.delegateException())));
    try (Program program = Program.of(program());
        ModelMethod method =
            ModelMethod.load(
                program,
                "forward",
                LoadOptions.defaults(),
                Delegates.of(List.of(delegate), List.of(new Capable())));
        Execution execution = method.newExecution()) {
      DelegateFailedException e =
          assertThrows(DelegateFailedException.class, () -> Loading.run(execution, X));
      assertTrue(e.getMessage().contains("load without this delegate"), e::getMessage);
    }
  }

  private static Placement explain(LoadOptions options, PayloadLifter lifter) {
    Delegate delegate =
        new Preferring(
            FaultInjectingDelegate.around(
                new OpaquePayloadDelegate(),
                Faults.none().failing(Moment.LOAD, Failure.delegateException())));
    try (Program program = Program.of(program())) {
      return ModelMethod.explain(
          program, "forward", options, Delegates.of(List.of(delegate), List.of(lifter)));
    }
  }

  private static Placement placed(LoadOptions options) {
    Delegate delegate =
        new Preferring(
            FaultInjectingDelegate.around(
                new OpaquePayloadDelegate(),
                Faults.none().failing(Moment.LOAD, Failure.delegateException())));
    try (Program program = Program.of(program());
        ModelMethod method =
            ModelMethod.load(
                program,
                "forward",
                options,
                Delegates.of(List.of(delegate), List.of(new Capable())))) {
      return method.placement();
    }
  }

  private static List<String> runners(Placement placement) {
    return placement.operators().stream().map(o -> o.name() + " " + o.runner()).toList();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FAIL")
  void explainingLiftsWhatALoadLifts(FallbackPolicy policy) {
    LoadOptions options = LoadOptions.defaults().withPolicy(policy);
    Loading.Events explained = new Loading.Events();
    Loading.Events loaded = new Loading.Events();
    Placement placement = explain(explained.on(options), new Capable());
    assertEquals(List.of(), placement.problems());
    assertEquals(runners(placed(loaded.on(options))), runners(placement));
    for (Loading.Events events : List.of(explained, loaded)) {
      assertEquals(1, events.failures().size(), () -> "" + events.failures());
      Event.PayloadsLifted lifted = events.of(Event.PayloadsLifted.class).getFirst();
      assertEquals("opaque", lifted.delegate());
      assertEquals(OpaquePayloadDelegate.PAYLOAD_ID, lifted.payload());
      assertEquals(
          "delegate 'opaque' refused what was lowered for OpaqueBackend in method 'forward', so"
              + " Baton opens it and runs its operators itself: injected: LOAD 1 fails. Take the fault"
              + " out of the test.",
          lifted.message());
    }
  }

  @Test
  void explainingUnderThePolicyFailSaysWhatALoadWould() {
    String problem = explain(FAIL, new Capable()).problems().getFirst();
    assertTrue(problem.contains("'opaque' refused it: injected: LOAD "), problem);
    assertTrue(problem.contains(" fails. Take the fault out of the test. Baton could"), problem);
    assertTrue(problem.contains("policy FAIL forbids"), problem);
    assertFalse(problem.contains("export"), problem);
    BatonException e = assertThrows(DelegateFailedException.class, () -> placed(FAIL));
    assertEquals(problem, e.getMessage());
  }

  @Test
  void explainingWhatNobodyOpensNamesBoth() {
    Loading.Events events = new Loading.Events();
    String problem =
        explain(events.on(LoadOptions.defaults()), new Incapable()).problems().getFirst();
    assertTrue(problem.contains("cannot open it: node 1 (Odd) is odd. "), problem);
    assertTrue(problem.contains("'opaque' refused it: injected: LOAD "), problem);
    assertTrue(problem.endsWith("Or export the model again without that backend."), problem);
    assertEquals(List.of(), events.of(Event.PayloadsLifted.class), "it was not lifted");
  }

  private static final class Configurable extends ForwardingDelegate {
    Configurable() {
      super(new PureJavaDelegate());
    }

    @Override
    public List<DelegateOption> options() {
      return List.of(
          DelegateOption.text("library"),
          DelegateOption.oneOf("mode", "fast", "exact"),
          DelegateOption.bytes("limit"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anOptionThatADelegateDoesNotKnowIsAnErrorUnderEveryPolicy(FallbackPolicy policy) {
    LoadOptions options = LoadOptions.defaults().withPolicy(policy);
    assertEquals(
        "delegate 'pure-java' has no option 'mod'; it has library, mode, limit",
        refused(options.withDelegateOption("pure-java", "mod", "fast"), new Configurable())
            .getMessage());
    assertEquals(
        "the option 'mode' of delegate 'pure-java' is 'quick', expected one of fast, exact",
        refused(options.withDelegateOption("pure-java", "mode", "quick"), new Configurable())
            .getMessage());
    for (String limit : List.of("-1", "much", "")) {
      String message =
          refused(options.withDelegateOption("pure-java", "limit", limit), new Configurable())
              .getMessage();
      assertTrue(message.endsWith("expected a number of bytes"), message);
    }
  }

  @Test
  void optionsThatADelegateKnowsAreTaken() {
    LoadOptions options =
        LoadOptions.defaults()
            .withDelegateOption("pure-java", "library", "anything")
            .withDelegateOption("pure-java", "mode", "exact")
            .withDelegateOption("pure-java", "limit", "0")
            .withDelegateOption("opaque", "of a delegate that tells none", "");
    Loading.load(program(), options, new Configurable(), new OpaquePayloadDelegate()).close();
  }

  @Test
  void stateInsideADelegateIsItsExecutionsOwnAndCanBeReset() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.around(new OpaquePayloadDelegate(), Faults.none());
    byte[] program = program(OpaquePayloadDelegate.payload(0, 1, true));
    try (ModelMethod method = Loading.load(program, FAIL, delegate);
        Execution first = method.newExecution();
        Execution second = method.newExecution()) {
      assertEquals(1, Loading.run(first, X)[0]);
      assertEquals(2, Loading.run(first, X)[0]);
      assertEquals(1, Loading.run(second, X)[0]);
      first.reset();
      assertEquals(1, Loading.run(first, X)[0]);
      assertEquals(2, Loading.run(second, X)[0]);
    }
    assertEquals(1, delegate.journal().count(Moment.RESET));
    delegate.journal().assertAllClosed();
  }

  @Test
  void outputsAreToldFromInputsWhereTheirNumbersFollowEachOther() {
    byte[] program =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.delegate(
                      OpaquePayloadDelegate.PAYLOAD_ID,
                      OpaquePayloadDelegate.payload(3, 1, false),
                      List.of(x),
                      List.of(y));
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod method = Loading.load(program, FAIL, new OpaquePayloadDelegate());
        Execution execution = method.newExecution()) {
      assertArrayEquals(new float[] {4, -2, 2.5f, -5}, Loading.run(execution, X));
    }
  }

  @Test
  void aConstantMayBeAnInput() {
    byte[] program =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot w = m.constant(new float[] {1, 2, 3, 4}, 4);
                  m.none();
                  Slot y = m.tensor(DType.FLOAT, 4);
                  Slot v = m.tensor(DType.FLOAT, 4);
                  m.delegate(
                      OpaquePayloadDelegate.PAYLOAD_ID,
                      OpaquePayloadDelegate.payload(2, 0, false),
                      List.of(x, w),
                      List.of(y, v));
                  m.output(v, y);
                })
            .toBytes();
    try (ModelMethod method = Loading.load(program, FAIL, new OpaquePayloadDelegate());
        Execution execution = method.newExecution()) {
      assertArrayEquals(new float[] {2, 4, 6, 8}, Loading.run(execution, X));
      assertArrayEquals(
          new float[] {2, -2, 1, -4}, execution.output(1).toTensor().getDataAsFloatArray());
    }
  }

  @Test
  void aDynamicPayloadReportsItsShapes() {
    byte[] program =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.dynamicInput(DType.FLOAT, 8);
                  m.none();
                  Slot y = m.dynamicTensor(DType.FLOAT, 8);
                  m.delegate(
                      OpaquePayloadDelegate.PAYLOAD_ID,
                      OpaquePayloadDelegate.payload(2, 0, false),
                      List.of(x),
                      List.of(y));
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod method = Loading.load(program, FAIL, new OpaquePayloadDelegate());
        Execution execution = method.newExecution()) {
      for (int n : new int[] {3, 8, 1, 3}) {
        float[] x = new float[n];
        java.util.Arrays.fill(x, n);
        execution.setInput(0, Tensor.fromBlob(x, n));
        execution.run();
        float[] y = Loading.output(execution);
        assertEquals(n, y.length);
        assertEquals(2 * n, y[n - 1]);
      }
    }
  }
}
