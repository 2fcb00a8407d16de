package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Views, aliases, constants and methods, each with nothing, all or a failing part delegated. */
@ExtendWith(NoLeaks.class)
final class MemoryTest {
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  /** In Java, on a delegate, and on one that fails in its second run half-way. */
  static Stream<Faults> placements() {
    return Stream.of(
        Faults.none().named("nothing").claiming(Claiming.nothing()),
        Faults.none().named("everything"),
        Faults.none().named("failing").failing(Moment.RUN, 2, Failure.partialOutput()));
  }

  private static void check(byte[] pte, Faults faults, float[] x, long[] shape, float[]... golden) {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(faults);
    try (ModelMethod method = Loading.load(pte, FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      for (int run = 1; run <= 3; run++) {
        execution.setInput(0, Tensor.fromBlob(x.clone(), shape));
        execution.run();
        for (int i = 0; i < golden.length; i++) {
          assertArrayEquals(
              golden[i],
              execution.output(i).toTensor().getDataAsFloatArray(),
              "run " + run + ", output " + i);
        }
      }
    }
    delegate.journal().assertAllClosed();
  }

  /** Of the subgraph's three tensors two live at a time. */
  @Test
  void whatLivesInsideOfASubgraphIsWithinTheBound() {
    int size = 1000;
    long two = 2L * size * Float.BYTES;
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, size);
                  Slot a = m.tensor(DType.FLOAT, size);
                  Slot b = m.tensor(DType.FLOAT, size);
                  Slot c = m.tensor(DType.FLOAT, size);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), a);
                  m.kernel("aten::relu.out", a, b);
                  m.kernel("aten::add.out", b, a, m.integer(1), c);
                  m.output(c);
                })
            .toBytes();
    LoadOptions options = LoadOptions.defaults();
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(Faults.none());
    Loading.load(pte, options.withMaxMemoryBytes(two), delegate).close();
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> Loading.load(pte, options.withMaxMemoryBytes(two - 1), delegate));
    assertTrue(e.getMessage().contains("has 8000 bytes of tensors at a time"), e.getMessage());
    delegate.journal().assertAllClosed();
  }

  @ParameterizedTest
  @MethodSource("placements")
  void aViewThatTheExporterElided(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 2, 3);
                  Slot y = m.tensor(DType.FLOAT, 2, 3);
                  Slot seen = m.tensorAt(y, DType.FLOAT, 3, 2); // nobody writes it
                  Slot z = m.tensor(DType.FLOAT, 3, 2);
                  Slot sum = m.tensor(DType.FLOAT, 3);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), y);
                  m.kernel("aten::neg.out", seen, z);
                  m.kernel("aten::sum.IntList_out", z, m.integers(1), m.bool(false), m.none(), sum);
                  m.output(sum, seen);
                })
            .toBytes();
    check(
        pte,
        faults,
        new float[] {1, 2, 3, 4, 5, 6},
        new long[] {2, 3},
        new float[] {-6, -14, -22},
        new float[] {2, 4, 6, 8, 10, 12});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void memoryThatTheFileReusesIsNoView(Faults faults) {
    // c is written over a's place after a's last use: equal positions, no view.
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot a = m.tensor(DType.FLOAT, 4);
                  Slot b = m.tensor(DType.FLOAT, 4);
                  Slot c = m.tensorAt(a, DType.FLOAT, 4);
                  Slot out = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), a);
                  m.kernel("aten::neg.out", a, b);
                  m.kernel("aten::add.out", b, x, m.integer(1), c);
                  m.kernel("aten::mul.out", b, c, out);
                  m.output(out);
                })
            .toBytes();
    check(pte, faults, new float[] {1, 2, 3, -4}, new long[] {4}, new float[] {2, 8, 18, 32});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void anInputMayBeAnOutput(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::neg.out", x, y);
                  m.output(x, y, y);
                })
            .toBytes();
    check(
        pte,
        faults,
        new float[] {1, 2, 3, 4},
        new long[] {4},
        new float[] {1, 2, 3, 4},
        new float[] {-1, -2, -3, -4},
        new float[] {-1, -2, -3, -4});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void anInputMayBeChangedInPlaceAndIsLeftAsItWas(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::neg.out", x, y);
                  m.kernelGiving("aten::copy_", x, x, y, m.bool(false));
                  Slot z = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), z);
                  m.output(z, x);
                })
            .toBytes();
    check(
        pte,
        faults,
        new float[] {1, 2, 3, 4},
        new long[] {4},
        new float[] {-2, -4, -6, -8},
        new float[] {-1, -2, -3, -4});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void aSubgraphOfViewsAlone(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 2, 2);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  Slot z = m.tensor(DType.FLOAT, 2, 2);
                  m.kernel("aten::view_copy.out", x, m.integers(4), y);
                  m.kernel("aten::permute_copy.out", x, m.integers(1, 0), z);
                  m.output(y, z);
                })
            .toBytes();
    check(
        pte,
        faults,
        new float[] {1, 2, 3, 4},
        new long[] {2, 2},
        new float[] {1, 2, 3, 4},
        new float[] {1, 3, 2, 4});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void constantsAndMatrixProducts(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 1, 2);
                  Slot w = m.constant(new float[] {1, 2, 3, 4}, 2, 2);
                  Slot product = m.tensor(DType.FLOAT, 1, 2);
                  Slot turned = m.tensor(DType.FLOAT, 2, 2);
                  Slot second = m.tensor(DType.FLOAT, 1, 2);
                  m.kernel("aten::mm.out", x, w, product);
                  m.kernel("aten::permute_copy.out", w, m.integers(1, 0), turned);
                  m.kernel("aten::mm.out", product, turned, second);
                  m.output(second, w);
                })
            .toBytes();
    check(
        pte,
        faults,
        new float[] {1, 1},
        new long[] {1, 2},
        new float[] {16, 36},
        new float[] {1, 2, 3, 4});
  }

  @ParameterizedTest
  @MethodSource("placements")
  void severalMethodsHaveMemoryOfTheirOwn(Faults faults) {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "double",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::mul.Scalar_out", x, m.real(2), y);
                  m.output(y);
                })
            .method(
                "negate",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::neg.out", x, y);
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod doubling =
            Loading.load(pte, "double", FALL_BACK, FaultInjectingDelegate.of(faults));
        ModelMethod negating =
            Loading.load(pte, "negate", FALL_BACK, FaultInjectingDelegate.of(faults));
        Execution first = doubling.newExecution();
        Execution second = negating.newExecution()) {
      for (int run = 0; run < 3; run++) {
        assertArrayEquals(new float[] {2, 4, 6, 8}, Loading.run(first, new float[] {1, 2, 3, 4}));
        assertArrayEquals(
            new float[] {-1, -2, -3, -4}, Loading.run(second, new float[] {1, 2, 3, 4}));
      }
    }
  }

  @Test
  void methodsThatOnlyTellAConstant() {
    byte[] pte =
        new ProgramBuilder()
            .method("get_max_seq_len", m -> m.output(m.integer(128)))
            .method("use_kv_cache", m -> m.output(m.bool(true)))
            .method("get_scale", m -> m.output(m.real(0.125)))
            .method("get_name", m -> m.output(m.text("llama"), m.none()))
            .method("table", m -> m.output(m.constant(new float[] {1, 2}, 2)))
            .toBytes();
    assertEquals(128, constant(pte, "get_max_seq_len").toInt());
    assertTrue(constant(pte, "use_kv_cache").toBool());
    assertEquals(0.125, constant(pte, "get_scale").toDouble());
    assertEquals("llama", constant(pte, "get_name").toStr());
    assertArrayEquals(new float[] {1, 2}, constant(pte, "table").toTensor().getDataAsFloatArray());
  }

  private static EValue constant(byte[] pte, String name) {
    try (ModelMethod method = Loading.load(pte, name, LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      assertEquals(0, method.inputCount());
      execution.run();
      EValue value = execution.output(0);
      return value.isTensor() ? EValue.from(value.toTensor().copy()) : value;
    }
  }

  @Test
  void aPlainInputWasFixedAtExport() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot factor = m.input(m.real(2));
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("aten::mul.Scalar_out", x, factor, y);
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod method = Loading.load(pte, LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      execution.setInput(1, EValue.from(2.0));
      assertArrayEquals(new float[] {2, 4, 6, 8}, Loading.run(execution, new float[] {1, 2, 3, 4}));
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> execution.setInput(1, EValue.from(3.0)));
      assertTrue(e.getMessage().contains("was fixed to 2.0"), e::getMessage);
    }
  }

  @Test
  void operatorsThatNobodyKnowsAreNamedAllAtOnce() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.kernel("mine::first.out", x, y);
                  m.kernel("mine::second.out", x, y);
                  m.output(y);
                })
            .toBytes();
    BatonException e =
        assertThrows(BatonException.class, () -> Loading.load(pte, LoadOptions.javaOnly()));
    for (String name : List.of("mine::first.out", "mine::second.out", "KernelProvider")) {
      assertTrue(e.getMessage().contains(name), e::getMessage);
    }
  }
}
