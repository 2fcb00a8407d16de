package dev.baton.cases;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComparisonTest {
  private static final double TOLERANCE = 1e-2;

  private static Tensor floats(float... values) {
    return Tensor.fromBlob(values, values.length);
  }

  private static Comparison compare(Tensor actual, Tensor expected) {
    return Comparison.of(actual, expected, TOLERANCE);
  }

  @Test
  void theErrorIsRelativeToTheLargestExpectedValue() {
    assertTrue(compare(floats(100, 0.9f), floats(100, 0)).passed());
    Comparison failed = compare(floats(100, 1.5f), floats(100, 0));
    assertFalse(failed.passed());
    assertEquals(1.5, failed.maxAbsoluteError());
    assertEquals(0.015, failed.relativeError());
    assertArrayEquals(new long[] {1}, Objects.requireNonNull(failed.place()).index());
    assertTrue(failed.toString().contains("first at [1] is 1.5, expected 0.0"), failed.toString());
  }

  @Test
  void specialValuesMustBeTheSame() {
    float inf = Float.POSITIVE_INFINITY;
    assertTrue(compare(floats(Float.NaN, inf, -inf, 1), floats(Float.NaN, inf, -inf, 1)).passed());
    assertFalse(compare(floats(inf), floats(-inf)).passed());
    assertFalse(compare(floats(Float.NaN), floats(1)).passed());
    assertFalse(compare(floats(1), floats(Float.NaN)).passed());
    // An infinity does not widen what is allowed of the others.
    assertFalse(compare(floats(inf, 2), floats(inf, 1)).passed());
  }

  @Test
  void zeroExpectedAllowsNothingElse() {
    assertTrue(compare(floats(0, -0f), floats(0, 0)).passed());
    Comparison failed = compare(floats(1e-9f), floats(0));
    assertFalse(failed.passed());
    assertEquals(Double.POSITIVE_INFINITY, failed.relativeError());
  }

  @Test
  void integersAndBoolsMustBeEqual() {
    Tensor expected = Tensor.fromBlob(new long[] {1000, Long.MAX_VALUE}, 2);
    assertTrue(compare(Tensor.fromBlob(new long[] {1000, Long.MAX_VALUE}, 2), expected).passed());
    // As doubles these two would be equal.
    assertFalse(
        compare(Tensor.fromBlob(new long[] {1000, Long.MAX_VALUE - 1}, 2), expected).passed());
    assertFalse(
        compare(Tensor.fromBlob(new boolean[] {true}, 1), Tensor.fromBlob(new boolean[] {false}, 1))
            .passed());
  }

  @Test
  void shapesAndTypesMustBeTheSame() {
    assertFalse(compare(Tensor.zeros(DType.FLOAT, 2, 3), Tensor.zeros(DType.FLOAT, 3, 2)).passed());
    assertFalse(compare(Tensor.zeros(DType.DOUBLE, 2), Tensor.zeros(DType.FLOAT, 2)).passed());
    assertTrue(compare(Tensor.zeros(DType.FLOAT), Tensor.zeros(DType.FLOAT, 1)).passed());
    assertTrue(compare(Tensor.zeros(DType.FLOAT, 0, 2), Tensor.zeros(DType.FLOAT, 0, 2)).passed());
  }

  @Test
  void bfloat16IsComparedWithFloat() {
    short[] bits = {(short) 0x3f80};
    Tensor actual = Tensor.of(DType.BFLOAT16, MemorySegment.ofArray(bits), 1);
    assertTrue(compare(actual, floats(1)).passed());
    assertFalse(compare(actual, floats(2)).passed());
  }

  /** Values that are exact in all the dtypes: what NPY lacks comes back as it was. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"FLOAT", "HALF", "BFLOAT16", "COMPLEX_HALF", "COMPLEX_FLOAT"})
  void storedValuesAreInputsAndGoldens(DType dtype, @TempDir Path folder) throws IOException {
    Tensor tensor = Tensor.zeros(dtype, 2, 1);
    for (int i = 0; i < Numbers.asReals(tensor).numel(); i++) {
      Numbers.set(Numbers.asReals(tensor), i, i - 1.5);
    }
    Path file = folder.resolve("0.npy");
    Npy.write(file, tensor);
    Tensor read = Npy.read(file);
    assertTrue(compare(tensor, read).passed());
    TensorInfo input = new TensorInfo(dtype, tensor.shape(), false, DimOrder.contiguous(2));
    Tensor given = Numbers.asInput(read, Optional.of(input)).toTensor();
    assertEquals(dtype, given.dtype());
    assertEquals(-1, given.data().mismatch(tensor.data()));
  }

  @Test
  void plainValuesBecomeTensorsAndBack() {
    assertEquals(3, Numbers.asPlainValue(Numbers.asTensor(EValue.from(3L))).toInt());
    assertEquals(1.5, Numbers.asPlainValue(Numbers.asTensor(EValue.from(1.5))).toDouble());
    assertTrue(Numbers.asPlainValue(Numbers.asTensor(EValue.from(true))).toBool());
  }
}
