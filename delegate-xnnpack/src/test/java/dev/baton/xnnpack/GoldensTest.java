package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Operators;
import dev.baton.xnnpack.Cases.Built;
import dev.baton.xnnpack.Cases.Case;
import dev.baton.xnnpack.Cases.Data;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each program of goldens.txt against PyTorch's results. */
class GoldensTest {
  @AfterEach
  void nothingLives() {
    Rig.assertNothingLives();
  }

  static Stream<Arguments> cases() {
    return Cases.all().stream().map(c -> argumentSet(c.name(), c));
  }

  static Stream<Arguments> dynamicCases() {
    return cases().filter(a -> !((Case) a.get()[0]).less().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fixedShapes(Case c) throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(c, arena, false);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        check(execution, built.inputs(), c.results());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dynamicCases")
  void dynamicBatch(Case c) throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(c, arena, true);
      List<Data> less = built.inputs().stream().map(GoldensTest::oneLess).toList();
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph());
          DelegateExecution execution = compiled.newExecution(Rig.Context.ONE_THREAD)) {
        check(execution, less, c.less());
        check(execution, built.inputs(), c.results());
        check(execution, less, c.less());
      }
    }
  }

  private static Data oneLess(Data input) {
    int[] sizes = input.shape().sizes();
    sizes[0]--;
    dev.baton.graph.Shape shape = dev.baton.graph.Shape.of(sizes);
    return new Data(shape, Arrays.copyOf(input.values(), (int) shape.numel()));
  }

  private static void check(DelegateExecution execution, List<Data> inputs, List<Data> expected)
      throws DelegateException {
    List<float[]> outputs = Rig.run(execution, inputs, Rig.shapes(expected));
    for (int i = 0; i < expected.size(); i++) {
      Rig.assertClose(expected.get(i).values(), outputs.get(i));
    }
  }

  @Test
  void everyOperatorHasACase() {
    String programs =
        String.join("\n", Cases.all().stream().flatMap(c -> c.program().stream()).toList());
    TreeSet<String> untested = new TreeSet<>();
    for (String name : Operators.names()) {
      boolean supported = XnnpackOperators.find(name) != null;
      // Conversions are tested by QuantizedTest.
      boolean converts = name.startsWith("quantized_decomposed::");
      if (supported && !converts && !programs.contains(" = " + name + "(")) {
        untested.add(name);
      }
    }
    assertTrue(untested.isEmpty(), () -> "no case for " + untested);
  }
}
