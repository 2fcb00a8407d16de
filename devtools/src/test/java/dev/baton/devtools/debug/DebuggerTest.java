package dev.baton.devtools.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.cases.Numbers;
import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.Subgraph;
import dev.baton.devtools.debug.DebugReport.Verdict;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Program;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.OperatorFault;
import dev.baton.tck.PureJavaDelegate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Delegates that are wrong are found, those that are right are not accused. */
final class DebuggerTest {
  private static final LoadOptions ONE_DELEGATE =
      LoadOptions.defaults().withDelegates(List.of(PureJavaDelegate.NAME));

  @TempDir Path folder;

  private static ModelCase read(String name) throws IOException {
    return ModelCase.read(Path.of("../models", name));
  }

  private static Delegates only(Delegate delegate) {
    return Delegates.of(List.of(delegate), List.copyOf(Delegates.load().lifters().values()));
  }

  private static Delegates wrong(OperatorFault... faults) {
    Faults all = Faults.none();
    for (OperatorFault fault : faults) {
      all = all.with(fault);
    }
    return only(FaultInjectingDelegate.of(all));
  }

  private DebugReport debug(ModelCase of, Delegates delegates, LoadOptions options)
      throws IOException {
    try (Program program = Program.open(of.model())) {
      List<Debugger.Inputs> calls = new ArrayList<>();
      List<List<Tensor>> goldens = new ArrayList<>();
      for (ModelCase.Call call : of.calls()) {
        calls.add(execution -> CaseRunner.setInputs(execution, call.inputs()));
        List<Tensor> expected = new ArrayList<>();
        for (ModelCase.Source source : call.expected()) {
          expected.add(source.read());
        }
        goldens.add(expected);
      }
      return new Debugger(program, of.method(), delegates)
          .suspect("this", options)
          .calls(calls)
          .goldens(goldens, of.tolerance())
          .subModel(folder.resolve("sub-model"))
          .run();
    }
  }

  /** Some operator of a name, in the middle of a model. */
  private static OperatorFault off(ModelCase of, String operator) throws IOException {
    try (Program program = Program.open(of.model());
        ModelMethod method = ModelMethod.load(program, of.method(), LoadOptions.javaOnly())) {
      List<Node> nodes =
          method.blocks().getFirst().graph().nodes().stream()
              .filter(n -> n.name().equals(operator) && n.result().dtype() == DType.FLOAT)
              .toList();
      Node middle = nodes.get(nodes.size() / 2);
      return new OperatorFault(operator, "", OperatorFault.checksum(middle), 1.01);
    }
  }

  private void assertFound(String model, String operator) throws IOException {
    ModelCase of = read(model);
    OperatorFault fault = off(of, operator);
    Delegates delegates = wrong(fault);
    DebugReport report = debug(of, delegates, ONE_DELEGATE);
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    Culprit culprit = report.culprit().orElseThrow();
    assertEquals(List.of(operator), culprit.operators().stream().map(o -> o.name()).toList());
    assertEquals(PureJavaDelegate.NAME, culprit.runner());
    assertFalse(culprit.subgraph().isEmpty());
    assertEquals(0.01, culprit.error().relative(), 1e-4);
    SubModel subModel = report.subModel().orElseThrow();
    assertTrue(subModel.reproduces());
    assertTrue(subModel.referencePasses());
    assertEquals(1, subModel.operators().size());
    ModelCase alone = ModelCase.read(subModel.folder());
    assertFalse(new CaseRunner(delegates, ONE_DELEGATE).run(alone).passed());
    assertTrue(new CaseRunner(only(new PureJavaDelegate()), ONE_DELEGATE).run(alone).passed());
  }

  @Test
  void aConvolutionThatIsOffIsFound() throws IOException {
    assertFound("mobilenet_v2-narrow-xnn", "aten::convolution");
    assertFound("digits-portable", "aten::convolution");
  }

  @Test
  void aLinearThatIsOffIsFound() throws IOException {
    assertFound("attn-xnn", "aten::linear");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mobilenet_v2-narrow-xnn",
        "attn-portable",
        "kv-cache-portable",
        "cond-portable",
        "mlp-dyn-portable",
        "int8-conv-xnn8",
        "int8-linear-xnn8",
        "half-portable16"
      })
  void whatIsRightIsNotAccused(String model) throws IOException {
    DebugReport report = debug(read(model), Delegates.load(), LoadOptions.defaults());
    assertEquals(Verdict.NO_DEPARTURE, report.verdict(), () -> String.join("\n", report.text()));
    assertTrue(report.operators().size() >= report.steps().size());
  }

  @Test
  void goldensThatTheReferenceMissesAccuseNobody() throws IOException {
    ModelCase of = read("digits-xnn");
    try (Program program = Program.open(of.model())) {
      Tensor golden = of.calls().getFirst().expected().getFirst().read().copy();
      dev.baton.cases.Numbers.set(golden, 0, 1e6);
      DebugReport report =
          new Debugger(program, of.method(), Delegates.load())
              .calls(List.of(e -> CaseRunner.setInputs(e, of.calls().getFirst().inputs())))
              .goldens(List.of(List.of(golden)), of.tolerance())
              .run();
      assertEquals(Verdict.REFERENCE_DEPARTS, report.verdict());
    }
  }

  @Test
  void theReportIsPlainData() throws IOException {
    ModelCase of = read("digits-xnn");
    DebugReport report = debug(of, wrong(off(of, "aten::linear")), ONE_DELEGATE);
    String json = com.fasterxml.jackson.jr.ob.JSON.std.asString(report.json());
    assertTrue(json.contains("\"verdict\":\"found\""), json);
    assertTrue(report.text().getFirst().startsWith("aten::linear"));
  }

  // ---- whom to accuse

  @Test
  void theWorstIsAccusedAndNotTheFirst() throws IOException {
    ModelCase of = read("digits-xnn");
    OperatorFault slight = off(of, "aten::convolution");
    OperatorFault heavy = off(of, "aten::linear");
    DebugReport report =
        debug(
            of,
            wrong(
                new OperatorFault(slight.operator(), "", slight.constants(), 1.0005),
                new OperatorFault(heavy.operator(), "", heavy.constants(), 3)),
            ONE_DELEGATE);
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    assertEquals("aten::linear", report.culprit().orElseThrow().operators().getFirst().name());
    assertTrue(
        report.operators().stream()
            .anyMatch(e -> e.departs() && e.step().operator().equals("aten::convolution")),
        "the slight one departs as well");
  }

  /** x → sin … → relu → cos … → sigmoid → tanh …, with so many of each. */
  private static byte[] chain(int around, int between) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot at = chain(m, m.input(DType.FLOAT, 2, 2), "aten::sin.out", around);
              at = chain(m, at, "aten::relu.out", 1);
              at = chain(m, at, "aten::cos.out", between);
              at = chain(m, at, "aten::sigmoid.out", 1);
              m.output(chain(m, at, "aten::tanh.out", around));
            })
        .toBytes();
  }

  private static Slot chain(ProgramBuilder.Method method, Slot from, String kernel, int count) {
    Slot at = from;
    for (int i = 0; i < count; i++) {
      Slot next = method.tensor(DType.FLOAT, 2, 2);
      method.kernel(kernel, at, next);
      at = next;
    }
    return at;
  }

  private DebugReport debug(byte[] pte, Delegate delegate, Tensor input) throws IOException {
    try (Program program = Program.of(pte)) {
      return new Debugger(program, "forward", only(delegate))
          .suspect("this", ONE_DELEGATE)
          .calls(List.of(e -> e.setInput(0, input)))
          .subModel(folder.resolve("sub-model"))
          .run();
    }
  }

  private static Tensor values() {
    return Tensor.fromBlob(new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 2, 2);
  }

  private static final OperatorFault SIGMOID = new OperatorFault("aten::sigmoid", "", "", 1.5);

  private static boolean fuses(Subgraph subgraph) {
    return WrongWhere.has(subgraph, "aten::relu") && WrongWhere.has(subgraph, "aten::sigmoid");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void operatorsThatAreWrongOnlyTogetherAreFound(int between) throws IOException {
    DebugReport report =
        debug(chain(5, between), new WrongWhere(SIGMOID, DebuggerTest::fuses), values());
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    Culprit culprit = report.culprit().orElseThrow();
    assertFalse(culprit.alone());
    assertEquals(2 + between, culprit.operators().size());
    assertEquals("aten::relu", culprit.operators().getFirst().name());
    assertEquals("aten::sigmoid", culprit.operators().getLast().name());
    assertTrue(report.sentence().contains("(only together)"), report.sentence());
    assertEquals(List.of(), report.notes());
    SubModel subModel = report.subModel().orElseThrow();
    assertTrue(subModel.reproduces());
    assertTrue(subModel.referencePasses());
    assertEquals(2 + between, subModel.operators().size());
  }

  @Test
  void aBisectionThatEndsEarlySaysSo() throws IOException {
    DebugReport report =
        debug(chain(2, 100), new WrongWhere(SIGMOID, DebuggerTest::fuses), values());
    assertEquals(Verdict.FOUND, report.verdict());
    assertTrue(
        report.notes().stream().anyMatch(n -> n.contains("the bisection ended after 64 loads")),
        () -> String.join("\n", report.text()));
  }

  /** The neighbours make it show: the least sub-model is more than the culprit. */
  @Test
  void aSubModelTakesNeighboursWhereItMust() throws IOException {
    DebugReport report =
        debug(
            chain(2, 1),
            new WrongWhere(
                SIGMOID, s -> s.nodes().size() == 1 || fuses(s) && s.nodes().size() >= 3),
            values());
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    assertEquals("aten::sigmoid", report.culprit().orElseThrow().operators().getFirst().name());
    assertTrue(report.subModel().orElseThrow().reproduces());
  }

  @Test
  void whatIsWrongOnlyAloneIsSaidToBe() throws IOException {
    DebugReport report =
        debug(chain(1, 0), new WrongWhere(SIGMOID, s -> s.nodes().size() == 1), values());
    assertEquals(Verdict.FOUND_ALONE, report.verdict(), () -> String.join("\n", report.text()));
    assertTrue(report.steps().stream().noneMatch(StepError::departs));
    assertTrue(
        report.sentence().contains("as a step of its own and not as it was placed"),
        report.sentence());
  }

  /** A sign forgets a factor. */
  @Test
  void whatIsHiddenIsFoundAllTheSame() throws IOException {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot at = chain(m, m.input(DType.FLOAT, 2, 2), "aten::sin.out", 1);
                  at = chain(m, at, "aten::sigmoid.out", 1);
                  m.output(chain(m, at, "aten::sign.out", 1));
                })
            .toBytes();
    DebugReport report =
        debug(pte, FaultInjectingDelegate.of(Faults.none().with(SIGMOID)), values());
    assertTrue(report.steps().stream().noneMatch(StepError::departs));
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    assertEquals("aten::sigmoid", report.culprit().orElseThrow().operators().getFirst().name());
    assertTrue(report.notes().getFirst().contains("hides it"), report.notes().toString());
  }

  // ---- what cannot be compared

  @Test
  void aGoldenOfAnotherShapeDeparts() throws IOException {
    ModelCase of = read("digits-portable");
    try (Program program = Program.open(of.model())) {
      Debugger debugger =
          new Debugger(program, of.method(), Delegates.load())
              .suspect("Java", LoadOptions.javaOnly())
              .calls(List.of(e -> CaseRunner.setInputs(e, of.calls().getFirst().inputs())));
      DebugReport shape =
          debugger.goldens(List.of(List.of(Tensor.zeros(DType.FLOAT, 3, 5))), 1e-4).run();
      assertEquals(Verdict.REFERENCE_DEPARTS, shape.verdict());
      assertTrue(String.join("\n", shape.text()).contains("expected [3, 5]"));
      DebugReport dtype =
          debugger.goldens(List.of(List.of(Tensor.zeros(DType.INT64, 1, 10))), 1e-4).run();
      assertEquals(Verdict.REFERENCE_DEPARTS, dtype.verdict());
      DebugReport none = debugger.goldens(List.of(List.of()), 1e-4).run();
      assertEquals(Verdict.NO_DEPARTURE, none.verdict());
      assertEquals(
          List.of("call 0 has 1 outputs and 0 goldens: the others were not compared"),
          none.notes());
    }
  }

  @Test
  void aStepOfAnotherShapeDeparts() throws IOException {
    ModelCase of = read("digits-portable");
    try (Program program = Program.open(of.model());
        ModelMethod method = ModelMethod.load(program, of.method(), LoadOptions.javaOnly());
        ObservedValues values = new ObservedValues(1 << 20)) {
      for (int call = 0; call < 3; call++) {
        values.put(new ObservedValues.Key(call, 0, 0, 0), observed(2, 3));
      }
      StepComparer comparer = new StepComparer(values, new MethodGraph(method), new Tolerance(1));
      Placement.PlacedOperator first = method.placement().operators().getFirst();
      Profile.Step step =
          new Profile.Step(
              0,
              first.name(),
              "some",
              "",
              List.of(new Profile.Operation(first.name(), first.origin(), 0, 0)),
              List.of(),
              List.of(),
              0,
              0,
              0,
              0);
      for (int[] shape : new int[][] {{2, 3}, {3, 2}, {2, 2}}) {
        comparer.beginCall();
        comparer.blockBegan(0, List.of(), Map.of());
        comparer.stepEnded(step, List.of(observed(shape)));
      }
      assertEquals(
          List.of(false, true, true), comparer.errors().stream().map(StepError::departs).toList());
      assertEquals(0, comparer.unknown());
    }
  }

  private static RunObserver.Observed observed(int... shape) {
    TensorType type = TensorType.of(DType.FLOAT, shape);
    return new RunObserver.Observed(
        0,
        0,
        type,
        Tensor.zeros(DType.FLOAT, Arrays.stream(shape).asLongStream().toArray()).data());
  }

  // ---- the sub-model

  @Test
  void whatNpyCannotStoreIsASubModelToo() throws IOException {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.BFLOAT16, 2, 2);
                  Slot y = m.tensor(DType.FLOAT, 2, 2);
                  Slot z = m.tensor(DType.FLOAT, 2, 2);
                  m.kernel(
                      "dim_order_ops::_to_dim_order_copy.out",
                      x,
                      m.bool(false),
                      m.integers(0, 1),
                      y);
                  m.kernel("aten::relu.out", y, z);
                  m.output(z);
                })
            .toBytes();
    Tensor input = Tensor.zeros(DType.BFLOAT16, 2, 2);
    for (int i = 0; i < input.numel(); i++) {
      Numbers.set(input, i, 1 + i);
    }
    String copy;
    try (Program program = Program.of(pte);
        ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly())) {
      copy = method.placement().operators().getFirst().name();
    }
    OperatorFault fault = new OperatorFault(copy, "", "", 1.5);
    DebugReport report = debug(pte, FaultInjectingDelegate.of(Faults.none().with(fault)), input);
    assertEquals(Verdict.FOUND, report.verdict(), () -> String.join("\n", report.text()));
    SubModel subModel = report.subModel().orElseThrow();
    assertTrue(subModel.reproduces());
    assertTrue(subModel.referencePasses());
  }

  @Test
  void anEarlierSubModelIsReplaced() throws IOException {
    Path into = folder.resolve("sub-model");
    ModelCase two = read("add-portable");
    DebugReport first =
        debug(two, wrong(new OperatorFault("aten::add.Tensor", "", "", 1.5)), ONE_DELEGATE);
    assertTrue(first.subModel().orElseThrow().reproduces());
    assertTrue(Files.exists(into.resolve("inputs/1.npy")));
    ModelCase one = read("digits-portable");
    DebugReport second = debug(one, wrong(off(one, "aten::convolution")), ONE_DELEGATE);
    assertTrue(second.subModel().orElseThrow().reproduces());
    assertFalse(Files.exists(into.resolve("inputs/1.npy")));
    debug(one, only(new PureJavaDelegate()), ONE_DELEGATE);
    assertFalse(Files.exists(into), "nothing departs now");
    try (var left = Files.list(folder)) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void whatIsNoSubModelIsLeftAlone() throws IOException {
    Path notes = folder.resolve("sub-model/notes.txt");
    Files.createDirectories(folder.resolve("sub-model"));
    Files.writeString(notes, "mine");
    ModelCase of = read("digits-portable");
    assertThrows(
        IllegalArgumentException.class,
        () -> debug(of, only(new PureJavaDelegate()), ONE_DELEGATE));
    assertEquals("mine", Files.readString(notes));
  }

  /** Something comes in the way while the search runs. */
  @Test
  void aFailureThereLeavesTheFinding() throws IOException {
    ModelCase of = read("digits-portable");
    Path into = folder.resolve("sub-model");
    try (Program program = Program.open(of.model())) {
      DebugReport report =
          new Debugger(program, of.method(), wrong(off(of, "aten::convolution")))
              .suspect("this", ONE_DELEGATE)
              .calls(List.of(e -> CaseRunner.setInputs(e, of.calls().getFirst().inputs())))
              .subModel(into)
              .progress(text -> {
                if (text.startsWith("sub-model")) {
                  assertTrue(into.resolve("x").toFile().mkdirs());
                }
              })
              .run();
      assertEquals(Verdict.FOUND, report.verdict());
      assertTrue(report.subModel().isEmpty());
      assertTrue(
          report.notes().stream().anyMatch(n -> n.contains("sub-model")),
          () -> report.notes().toString());
    }
  }

  @Test
  void aFilterThatFailsOnTheSubModelLeavesTheFinding() throws IOException {
    ModelCase of = read("digits-portable");
    boolean[] tried = {false};
    LoadOptions options =
        ONE_DELEGATE.withClaims((delegate, operator, node) -> {
          if (tried[0]) {
            throw new IllegalArgumentException("no more");
          }
          return true;
        });
    try (Program program = Program.open(of.model())) {
      DebugReport report =
          new Debugger(program, of.method(), wrong(off(of, "aten::convolution")))
              .suspect("this", options)
              .calls(List.of(e -> CaseRunner.setInputs(e, of.calls().getFirst().inputs())))
              .subModel(folder.resolve("sub-model"))
              .progress(text -> tried[0] |= text.startsWith("sub-model"))
              .run();
      assertEquals(Verdict.FOUND, report.verdict());
      assertTrue(
          report.notes().stream().anyMatch(n -> n.contains("no more")),
          () -> report.notes().toString());
    }
  }
}
