package dev.baton.devtools.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.runtime.Tensor;
import org.junit.jupiter.api.Test;

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
  void othersAreNotCompared() {
    assertThrows(
        IllegalArgumentException.class, () -> TensorDifference.of(tensor(1), tensor(1, 2)));
  }
}
