package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.LoadPhase;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sizes that vary from run to run. */
@ExtendWith(NoLeaks.class)
final class DynamicShapeTest {
  private static final int BOUND = 16;
  private static final int WIDTH = 3;
  private static final int WIDE = 256;
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  /** {@code relu(2x) + x} over [n, 3], n up to {@link #BOUND}. */
  private static byte[] rows() {
    return rows(WIDTH);
  }

  private static byte[] rows(int width) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.dynamicInput(DType.FLOAT, BOUND, width);
              Slot doubled = m.dynamicTensor(DType.FLOAT, BOUND, width);
              Slot positive = m.dynamicTensor(DType.FLOAT, BOUND, width);
              Slot y = m.dynamicTensor(DType.FLOAT, BOUND, width);
              m.kernel("aten::mul.Scalar_out", x, m.real(2), doubled);
              m.kernel("aten::relu.out", doubled, positive);
              m.kernel("aten::add.out", positive, x, m.integer(1), y);
              m.output(y);
            })
        .toBytes();
  }

  private static void assertRows(Execution execution, int n) {
    assertRows(execution, n, WIDTH);
  }

  private static void assertRows(Execution execution, int n, int width) {
    float[] x = new float[width * n];
    float[] golden = new float[width * n];
    for (int i = 0; i < x.length; i++) {
      x[i] = i - n;
      golden[i] = Math.max(2 * x[i], 0) + x[i];
    }
    float[] y = Loading.run(execution, x, n, width);
    assertArrayEquals(golden, y, "n = " + n);
    assertArrayEquals(new long[] {n, width}, execution.output(0).toTensor().shape());
  }

  @Test
  void everySizeUpToTheBoundInJava() {
    try (ModelMethod method = Loading.load(rows(), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      assertTrue(method.input(0).orElseThrow().dynamic());
      for (int n = 1; n <= BOUND; n++) {
        assertRows(execution, n);
      }
      assertRows(execution, 2);
      assertRows(execution, BOUND);
    }
  }

  @Test
  void aDelegateIsBoundForEachSignatureAndNotAgainForTheSame() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(Faults.none().claiming(Sample.ends()));
    try (ModelMethod method = Loading.load(rows(), FALL_BACK, delegate);
        Execution execution = method.newExecution()) {
      assertRows(execution, 4);
      assertRows(execution, 4);
      assertEquals(2, delegate.journal().count(Moment.BIND));
      assertRows(execution, 7);
      assertEquals(4, delegate.journal().count(Moment.BIND));
      assertRows(execution, 1);
      assertRows(execution, BOUND);
      assertEquals(2, delegate.journal().count(Moment.COMPILE), "compiled once for all sizes");
      assertEquals(2, delegate.journal().count(Moment.NEW_EXECUTION));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void whatFailedStaysInJavaAtEverySize() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none()
                .named("d")
                .claiming(Sample.ends())
                .with(new Fault(Moment.BIND, 2, 2, 0, Failure.delegateException())));
    Loading.Events events = new Loading.Events();
    try (ModelMethod method = Loading.load(rows(), events.on(FALL_BACK), delegate);
        Execution execution = method.newExecution()) {
      for (int n : new int[] {4, 5, 4, 6, 5, BOUND}) {
        assertRows(execution, n);
      }
      assertEquals(List.of("forward/d/0"), execution.fallenBack());
      assertEquals(1, events.failures().size());
      assertEquals(2, delegate.journal().count(Moment.BIND, "execution 1"));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aDelegateIsNotAskedForNothing() {
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(Faults.none());
    Loading.Events events = new Loading.Events();
    try (ModelMethod method = Loading.load(rows(), events.on(FALL_BACK), delegate);
        Execution execution = method.newExecution()) {
      for (int n : new int[] {0, 4, 0, 4}) {
        assertRows(execution, n);
      }
      assertEquals(1, delegate.journal().count(Moment.BIND));
      assertEquals(2, delegate.journal().count(Moment.RUN));
      assertEquals(List.of(), execution.fallenBack());
      assertEquals(List.of(), events.failures());
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void aTensorInsideWithoutElementsIsJavas() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> { // the sum of all rows but the first two
                  Slot x = m.dynamicInput(DType.FLOAT, BOUND, WIDTH);
                  Slot rest = m.dynamicTensor(DType.FLOAT, BOUND, WIDTH);
                  Slot sum = m.tensor(DType.FLOAT, WIDTH);
                  m.kernel(
                      "aten::slice_copy.Tensor_out",
                      x,
                      m.integer(0),
                      m.integer(2),
                      m.integer(BOUND),
                      m.integer(1),
                      rest);
                  m.kernel(
                      "aten::sum.IntList_out", rest, m.integers(0), m.bool(false), m.none(), sum);
                  m.output(sum);
                })
            .toBytes();
    FaultInjectingDelegate delegate = FaultInjectingDelegate.of(Faults.none());
    try (ModelMethod method =
            Loading.load(pte, FALL_BACK.withPolicy(FallbackPolicy.FAIL), delegate);
        Execution execution = method.newExecution()) {
      float[] x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
      assertArrayEquals(new float[] {7, 8, 9}, Loading.run(execution, x, 3, WIDTH));
      float[] two = java.util.Arrays.copyOf(x, 2 * WIDTH);
      assertArrayEquals(new float[WIDTH], Loading.run(execution, two, 2, WIDTH));
      assertArrayEquals(new float[] {7, 8, 9}, Loading.run(execution, x, 3, WIDTH));
      assertEquals(2, delegate.journal().count(Moment.RUN));
    }
    delegate.journal().assertAllClosed();
  }

  @Test
  void sizesThatDoNotFitAreRefusedWithTheBound() {
    try (ModelMethod method = Loading.load(rows(), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      for (long[] wrong : new long[][] {{BOUND + 1, 3}, {2, 4}, {6}, {1, 2, 3}}) {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> execution.resizeInput(0, wrong));
        assertTrue(
            e.getMessage().contains("input 0 of method 'forward'")
                && e.getMessage().contains("at most [16, 3]"),
            e::getMessage);
      }
      assertThrows(IllegalArgumentException.class, () -> execution.resizeInput(0, -1, 3));
      IllegalArgumentException dtype =
          assertThrows(
              IllegalArgumentException.class,
              () -> execution.setInput(0, Tensor.fromBlob(new int[3], 1, 3)));
      assertTrue(dtype.getMessage().contains("FLOAT"), dtype::getMessage);
      IllegalArgumentException number =
          assertThrows(IllegalArgumentException.class, () -> execution.input(1));
      assertTrue(number.getMessage().contains("has 1 inputs"), number::getMessage);
      assertRows(execution, 3);
    }
  }

  @Test
  void aStaticInputTakesItsOwnShapeOnly() {
    try (ModelMethod method = Loading.load(Sample.twoParts().pte(), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> execution.setInput(0, Tensor.fromBlob(new float[3], 3)));
      assertTrue(e.getMessage().contains("the program declares [4]"), e::getMessage);
    }
  }

  /** {@code view(x, [n · 3])} with n taken from the input while it runs. */
  private static byte[] flatten() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.dynamicInput(DType.FLOAT, BOUND, 3);
              Slot n = m.integerVariable(0);
              Slot count = m.integerVariable(0);
              Slot flat = m.dynamicTensor(DType.FLOAT, 3 * BOUND);
              Slot y = m.dynamicTensor(DType.FLOAT, 3 * BOUND);
              m.kernelGiving("aten::sym_size.int", n, x, m.integer(0));
              m.kernelGiving("executorch_prim::mul.Scalar", count, n, m.integer(3));
              m.kernel("aten::view_copy.out", x, m.integers(count), flat);
              m.kernel("aten::mul.Scalar_out", flat, m.real(2), y);
              m.output(y);
            })
        .toBytes();
  }

  @Test
  void sizesThatTheProgramComputes() {
    for (FaultInjectingDelegate delegate :
        List.of(
            FaultInjectingDelegate.of(Faults.none().claiming(Claiming.nothing())),
            FaultInjectingDelegate.of(Faults.none()),
            FaultInjectingDelegate.of(
                Faults.none().failing(Moment.RUN, 2, Failure.partialOutput())))) {
      try (ModelMethod method = Loading.load(flatten(), FALL_BACK, delegate);
          Execution execution = method.newExecution()) {
        for (int n : new int[] {2, 5, BOUND, 1, 2}) {
          float[] x = new float[3 * n];
          java.util.Arrays.fill(x, n);
          float[] y = Loading.run(execution, x, n, 3);
          assertEquals(3 * n, y.length);
          assertEquals(2 * n, y[3 * n - 1]);
        }
      }
      delegate.journal().assertAllClosed();
    }
  }

  /** {@code 2x · −x + 2x} over [n, {@link #WIDE}]: two values live at once beside the variables. */
  private static byte[] branches() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.dynamicInput(DType.FLOAT, BOUND, WIDE);
              Slot a = m.dynamicTensor(DType.FLOAT, BOUND, WIDE);
              Slot b = m.dynamicTensor(DType.FLOAT, BOUND, WIDE);
              Slot c = m.dynamicTensor(DType.FLOAT, BOUND, WIDE);
              Slot y = m.dynamicTensor(DType.FLOAT, BOUND, WIDE);
              m.kernel("aten::mul.Scalar_out", x, m.real(2), a);
              m.kernel("aten::neg.out", x, b);
              m.kernel("aten::mul.out", a, b, c);
              m.kernel("aten::add.out", c, a, m.integer(1), y);
              m.output(y);
            })
        .toBytes();
  }

  private static void runBranches(Execution execution, int n) {
    float[] x = new float[n * WIDE];
    java.util.Arrays.fill(x, 3);
    assertEquals(-12, Loading.run(execution, x, n, WIDE)[n * WIDE - 1]);
  }

  private static void assertBounded(ModelMethod method) {
    try (Execution growing = method.newExecution();
        Execution atOnce = method.newExecution()) {
      for (int n = BOUND; n >= 1; n--) {
        runBranches(atOnce, n);
      }
      for (int round = 0; round < 3; round++) {
        for (int n = 1; n <= BOUND; n++) {
          runBranches(growing, n);
        }
      }
      assertTrue(
          growing.memoryBytes() <= 3 * atOnce.memoryBytes(),
          () -> "growing: " + growing.memoryBytes() + ", at once: " + atOnce.memoryBytes());
    }
  }

  @Test
  void sizesThatGrowDoNotPileUpMemory() {
    try (ModelMethod method = Loading.load(branches(), LoadOptions.javaOnly().withPlansKept(2))) {
      assertBounded(method);
    }
  }

  @Test
  void twinsDoNotPileUpMemory() {
    FaultInjectingDelegate delegate =
        FaultInjectingDelegate.of(
            Faults.none().failing(Moment.RUN, 1, Failure.delegateException()));
    try (ModelMethod method = Loading.load(branches(), FALL_BACK.withPlansKept(2), delegate);
        Execution execution = method.newExecution()) {
      runBranches(execution, BOUND);
      long first = execution.memoryBytes();
      for (int round = 0; round < 5; round++) {
        for (int n = 1; n <= BOUND; n++) {
          runBranches(execution, n);
        }
      }
      assertTrue(
          execution.memoryBytes() <= 4 * first,
          () -> "first: " + first + ", then: " + execution.memoryBytes());
    }
    delegate.journal().assertAllClosed();
  }

  /** {@code out = rows[pos : pos + 1] · 2 + pos}, with a position that is data. */
  private static byte[] positionProgram(int rows) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, rows, 2);
              Slot at = m.input(DType.INT64, 1);
              Slot pos = m.integerVariable(0);
              Slot end = m.integerVariable(0);
              m.kernelGiving("aten::_local_scalar_dense", pos, at);
              m.kernelGiving("executorch_prim::add.Scalar", end, pos, m.integer(1));
              Slot row = m.dynamicTensor(DType.FLOAT, rows, 2);
              m.kernel("aten::slice_copy.Tensor_out", x, m.integer(0), pos, end, m.integer(1), row);
              Slot twice = m.dynamicTensor(DType.FLOAT, rows, 2);
              m.kernel("aten::mul.Scalar_out", row, m.real(2), twice);
              Slot out = m.dynamicTensor(DType.FLOAT, rows, 2);
              m.kernel("aten::add.Scalar_out", twice, pos, m.integer(1), out);
              m.output(out, end);
            })
        .toBytes();
  }

  @Test
  void aPositionThatChangesWithEachRunMakesNoPlanForEach() {
    int rows = 1000;
    float[] x = new float[2 * rows];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    try (ModelMethod method = Loading.load(positionProgram(rows), LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      execution.setInput(0, Tensor.fromBlob(x, rows, 2));
      for (int round = 0; round < 2; round++) {
        for (int pos = 0; pos < rows; pos++) {
          execution.setInput(1, Tensor.fromBlob(new long[] {pos}, 1));
          execution.run();
          assertArrayEquals(
              new float[] {4 * pos + pos, 4 * pos + 2 + pos}, Loading.output(execution));
          assertEquals(pos + 1, execution.output(1).toInt());
        }
      }
      execution.setInput(1, Tensor.fromBlob(new long[] {-1}, 1)); // [-1 : 0] is nothing
      execution.run();
      assertEquals(0, Loading.output(execution).length);
      execution.setInput(1, Tensor.fromBlob(new long[] {7}, 1));
      execution.run();
      assertArrayEquals(new float[] {35, 37}, Loading.output(execution));
      long plans =
          execution.profile().load().stream().filter(p -> p.kind() == LoadPhase.Kind.PLAN).count();
      assertTrue(plans < 20, "plans: " + plans);
    }
  }
}
