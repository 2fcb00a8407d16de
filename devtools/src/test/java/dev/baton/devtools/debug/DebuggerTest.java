package dev.baton.devtools.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.devtools.debug.DebugReport.Verdict;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.OperatorFault;
import dev.baton.tck.PureJavaDelegate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
}
