package dev.baton.devtools.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.Comparison;
import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors by hand. */
final class TensorDifferenceTest {
  private static Tensor tensor(float... values) {
    return Tensor.fromBlob(values, values.length);
  }

  @Test
  void errorsAreThoseOfTheDefinitions() {
    TensorDifference d = TensorDifference.of(tensor(3, 4.4f, 0), tensor(3, 4, 0));
    assertEquals(0.4, d.maxAbsolute(), 1e-6);
    assertEquals(0.4 / 3, d.meanAbsolute(), 1e-6);
    assertEquals(0.1, d.maxRelative(), 1e-6);
    assertEquals(0.05, d.meanRelative(), 1e-6);
    assertEquals(0.08, d.relative(), 1e-6);
    assertEquals(20 * Math.log10(5 / 0.4), d.snrDecibels(), 1e-5);
    assertEquals((9 + 17.6) / (5 * Math.hypot(3, 4.4)), d.cosine(), 1e-6);
    assertEquals(1, d.different());
  }

  @Test
  void whatIsNoNumberIsCounted() {
    float inf = Float.POSITIVE_INFINITY;
    TensorDifference d =
        TensorDifference.of(tensor(Float.NaN, Float.NaN, inf, inf), tensor(Float.NaN, 1, inf, 2));
    assertEquals(2, d.special());
    assertEquals(2, d.actual().nan());
    assertEquals(1, d.reference().nan());
    assertEquals(2, d.actual().infinite());
    assertEquals(1, d.reference().infinite());
    assertEquals(0, d.rms());
  }

  @Test
  void anotherShapeOrTypeIsSaid() {
    TensorDifference d = TensorDifference.of(tensor(1), tensor(1, 2));
    assertEquals("the shape is [1], expected [2]", d.mismatch());
    assertTrue(Double.isNaN(d.relative()));
    assertEquals(
        "the dtype is int32, expected float",
        TensorDifference.of(Tensor.zeros(DType.INT32, 1), tensor(0)).mismatch());
    assertEquals("", TensorDifference.of(Tensor.zeros(DType.BFLOAT16, 1), tensor(0)).mismatch());
  }

  @Test
  void integersAreComparedExactly() {
    long big = 1L << 53;
    TensorDifference d =
        TensorDifference.of(
            Tensor.fromBlob(new long[] {big + 1, Long.MIN_VALUE}, 2),
            Tensor.fromBlob(new long[] {big, Long.MAX_VALUE}, 2));
    assertEquals(2, d.different());
    assertEquals(0x1p64, d.maxAbsolute());
    d =
        TensorDifference.of(
            Tensor.fromBlob(new long[] {big + 1}, 1), Tensor.fromBlob(new long[] {big}, 1));
    assertEquals(1, d.different());
    assertEquals(1, d.maxAbsolute());
  }

  @Test
  void unsignedIntegersAreLarge() {
    TensorDifference d =
        TensorDifference.of(
            Tensor.of(DType.UINT64, MemorySegment.ofArray(new long[] {-1}), 1),
            Tensor.of(DType.UINT64, MemorySegment.ofArray(new long[] {1}), 1));
    assertEquals(0x1p64, d.maxAbsolute());
    assertEquals(1, d.maxReference());
  }

  /** Their squares are no doubles. */
  @ParameterizedTest
  @ValueSource(doubles = {1e200, 1e-200, 1})
  void magnitudesDoNotMatter(double one) {
    TensorDifference d =
        TensorDifference.of(
            Tensor.fromBlob(new double[] {2 * one, one}, 2),
            Tensor.fromBlob(new double[] {one, one}, 2));
    assertEquals(Math.sqrt(0.5), d.relative(), 1e-12);
    assertEquals(3 / Math.sqrt(10), d.cosine(), 1e-12);
    assertEquals(one, d.maxAbsolute(), one * 1e-12);
    assertEquals(one, d.maxReference(), one * 1e-12);
    assertTrue(excess(DType.DOUBLE, d) > 1e6);
  }

  private static double excess(DType dtype, TensorDifference difference) {
    Profile.Step step =
        new Profile.Step(0, "", "", "", List.of(), List.of(), List.of(), 0, 0, 0, 0);
    return new Tolerance(1).excess(step, dtype, difference, 0);
  }

  @Test
  void whatIsNoNumberDeparts() {
    assertEquals(
        Double.POSITIVE_INFINITY,
        excess(DType.FLOAT, TensorDifference.of(tensor(Float.NaN), tensor(1))));
    assertEquals(
        Double.POSITIVE_INFINITY, excess(DType.FLOAT, TensorDifference.of(tensor(5), tensor(0))));
    assertEquals(
        Double.POSITIVE_INFINITY,
        excess(DType.FLOAT, TensorDifference.of(tensor(5), tensor(5, 5))));
    double huge = Double.MAX_VALUE;
    assertEquals(
        Double.POSITIVE_INFINITY,
        excess(
            DType.DOUBLE,
            TensorDifference.of(
                Tensor.fromBlob(new double[] {huge, 1}, 2),
                Tensor.fromBlob(new double[] {-huge, 1}, 2))));
    assertEquals(0, excess(DType.FLOAT, TensorDifference.of(tensor(0), tensor(0))));
  }

  /** All but one of the elements are one percent off, and that is a thousand times as large. */
  @Test
  void aCaseIsHeldToTheLargestValue() {
    float[] right = new float[1000];
    Arrays.fill(right, 1);
    right[7] = 1000;
    float[] wrong = new float[1000];
    Arrays.fill(wrong, 1.01f);
    wrong[7] = 1000;
    TensorDifference d = TensorDifference.of(tensor(wrong), tensor(right));
    double tolerance = SubModelSearch.tolerance(d, 1e-4);
    assertEquals(5e-6, tolerance, 1e-9);
    assertFalse(Comparison.of(tensor(wrong), tensor(right), tolerance).passed());
    assertTrue(excess(DType.FLOAT, d) > 1);
  }
}
