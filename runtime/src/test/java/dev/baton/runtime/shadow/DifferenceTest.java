package dev.baton.runtime.shadow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class DifferenceTest {
  private static Operand reals(double... values) {
    return new Operand(MemorySegment.ofArray(values), DType.DOUBLE, Shape.of(values.length));
  }

  private static Operand longs(DType dtype, long... values) {
    return new Operand(MemorySegment.ofArray(values), dtype, Shape.of(values.length));
  }

  @Test
  void nearlyNothingIsNoErrorBesideZeros() {
    Difference difference = Difference.of(reals(0, 1e-30), reals(0, 0));
    assertEquals(1e-30, difference.absolute());
    assertEquals(1e-25, difference.relative(), 1e-30);
    assertEquals(100, Difference.of(reals(0, 1e-3), reals(0, 0)).relative(), 1e-9);
    assertEquals(0.5, Difference.of(reals(1, 2), reals(1, 4)).relative());
  }

  @Test
  void whatIsFiniteOnOneSideAloneIsInfinitelyFar() {
    for (double odd : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertEquals(Double.POSITIVE_INFINITY, Difference.of(reals(odd, 1), reals(1, 1)).relative());
      assertEquals(0, Difference.of(reals(odd, 1), reals(odd, 1)).relative());
    }
  }

  @Test
  void integersAreComparedAsSuch() {
    long large = 1L << 62;
    assertEquals(
        1, Difference.of(longs(DType.INT64, large + 1), longs(DType.INT64, large)).absolute());
    assertEquals(1, Difference.of(longs(DType.INT64, 1), longs(DType.INT64, 0)).relative());
    Difference far =
        Difference.of(longs(DType.INT64, Long.MAX_VALUE, 0), longs(DType.INT64, Long.MIN_VALUE, 0));
    assertEquals(0x1p64, far.absolute());
    assertEquals(2, far.relative());
    Difference unsigned = Difference.of(longs(DType.UINT64, -1), longs(DType.UINT64, 0));
    assertEquals(0x1p64, unsigned.absolute());
    assertEquals(1, Difference.of(longs(DType.UINT64, -1), longs(DType.UINT64, -2)).absolute());
  }

  @Test
  void quantilesOfInfiniteErrorsAreInfinite() {
    ErrorDistribution errors = new ErrorDistribution();
    assertEquals(0, errors.quantile(0.5));
    errors.add(0.1);
    errors.add(Double.POSITIVE_INFINITY);
    errors.add(Double.POSITIVE_INFINITY);
    assertTrue(errors.quantile(0.01) >= 0.1 && errors.quantile(0.01) < 0.2);
    assertEquals(Double.POSITIVE_INFINITY, errors.quantile(0.99));
  }
}
