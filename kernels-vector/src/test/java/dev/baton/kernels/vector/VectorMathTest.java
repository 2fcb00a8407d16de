package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.kernel.Reals;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * The errors that {@link VectorMath} states, over the finite numbers of float32 of both signs,
 * subnormal ones among them, against double.
 */
class VectorMathTest {
  /**
   * From one number to the next, as bits: a prime, so that all bits vary. Steps of 41 found errors
   * that are larger by a tenth of an ulp.
   */
  private static final int STEP = Integer.getInteger("baton.vectormath.step", 997);

  private static final int BLOCK = 4096;

  /** An error; more than any bound, or NaN, if it has none. */
  @FunctionalInterface
  private interface Error {
    double of(float x, double exact, float actual);
  }

  /** Units in the last place of the true result. */
  private static final Error ULPS = (x, exact, actual) -> ulps(exact, actual, exact);

  /** Units in the last place of the argument. */
  private static final Error ULPS_OF_ARGUMENT = (x, exact, actual) -> ulps(exact, actual, x);

  /** As {@link #ULPS}; but results of a magnitude below {@code least} are only near 0. */
  private static Error ulpsFrom(float least) {
    return (x, exact, actual) ->
        Math.abs(exact) < least && Math.abs(actual) <= least ? 0 : ulps(exact, actual, exact);
  }

  private static double ulps(double exact, float actual, double of) {
    return actual == (float) exact ? 0 : Math.abs(actual - exact) / Math.ulp((float) of);
  }

  private static void within(
      double bound, Error error, Activation function, DoubleUnaryOperator exact) {
    within(bound, error, function, exact, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  /** All numbers between two bounds. */
  private static void within(
      double bound,
      Error error,
      Activation function,
      DoubleUnaryOperator exact,
      float low,
      float high) {
    double worst = 0;
    float where = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(4L * BLOCK, 64);
      MemorySegment to = arena.allocate(4L * BLOCK, 64);
      long bits = Integer.MIN_VALUE;
      while (bits <= Integer.MAX_VALUE) {
        int n = 0;
        for (; n < BLOCK && bits <= Integer.MAX_VALUE; bits += STEP) {
          float x = Float.intBitsToFloat((int) bits);
          if (x >= low && x <= high) {
            from.setAtIndex(ValueLayout.JAVA_FLOAT, n++, x);
          }
        }
        function.run(from.address(), to.address(), n);
        for (int i = 0; i < n; i++) {
          float x = from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          float actual = to.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          double off = error.of(x, exact.applyAsDouble(x), actual);
          if (!(off <= worst)) {
            worst = off;
            where = x;
          }
        }
      }
    }
    String message = "off by " + worst + " at " + where + ", at most " + bound + " is stated";
    assertTrue(worst <= bound, message);
  }

  private static float at(Activation function, float x) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4);
      memory.set(ValueLayout.JAVA_FLOAT, 0, x);
      function.run(memory.address(), memory.address(), 1);
      return memory.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  @Test
  void exp() {
    within(2, ulpsFrom(0x1p-125f), VectorMath::exp, Math::exp);
  }

  @Test
  void log() {
    within(2, ULPS, VectorMath::log, Math::log, Float.MIN_VALUE, Float.MAX_VALUE);
    assertEquals(Float.NEGATIVE_INFINITY, at(VectorMath::log, 0f));
    assertEquals(Float.POSITIVE_INFINITY, at(VectorMath::log, Float.POSITIVE_INFINITY));
    assertTrue(Float.isNaN(at(VectorMath::log, -1f)));
    assertTrue(Float.isNaN(at(VectorMath::log, Float.NaN)));
  }

  @Test
  void expm1() {
    within(2, ULPS, VectorMath::expm1OfNegative, Math::expm1, -Float.MAX_VALUE, 0);
    assertTrue(Float.isNaN(at(VectorMath::expm1OfNegative, Float.NaN)));
  }

  @Test
  void elu() {
    for (float[] factors : new float[][] {{1, 1}, {1.5f, 0.7f}, {-0.3f, 3}}) {
      float below = factors[0];
      float above = factors[1];
      within(
          3,
          ULPS,
          (from, to, n) -> VectorMath.elu(from, to, n, below, above),
          x -> x > 0 ? x * above : Math.expm1(x) * below);
    }
  }

  @Test
  void sigmoid() {
    within(3, ulpsFrom(0x1p-125f), VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)));
  }

  @Test
  void silu() {
    within(4, ulpsFrom(0x1p-118f), VectorMath::silu, x -> x / (1 + Math.exp(-x)));
  }

  @Test
  void tanh() {
    within(2, ULPS, VectorMath::tanh, Math::tanh);
  }

  @Test
  void erf() {
    within(3, ULPS, VectorMath::erf, Reals::erf);
  }

  @Test
  void gelu() {
    within(4, ULPS_OF_ARGUMENT, VectorMath::gelu, Reals::gelu);
  }

  @Test
  void geluTanh() {
    within(3, ULPS_OF_ARGUMENT, VectorMath::geluTanh, Reals::geluTanh);
  }

  @Test
  void specialValues() {
    float inf = Float.POSITIVE_INFINITY;
    Map<Float, Float> exp = Map.of(0f, 1f, -inf, 0f, inf, inf, -100f, 0f, 89f, inf);
    exp.forEach((x, y) -> assertEquals(y, at(VectorMath::exp, x), "exp " + x));
    assertEquals(1f, at(VectorMath::tanh, inf));
    assertEquals(-1f, at(VectorMath::erf, -inf));
    assertEquals(inf, at(VectorMath::gelu, inf));
    // As PyTorch: −∞ times 0.
    assertTrue(Float.isNaN(at(VectorMath::gelu, -inf)));
    assertTrue(Float.isNaN(at(VectorMath::silu, -inf)));
    for (Activation f :
        List.<Activation>of(
            VectorMath::exp,
            VectorMath::sigmoid,
            VectorMath::tanh,
            VectorMath::erf,
            VectorMath::gelu,
            VectorMath::geluTanh,
            VectorMath::silu,
            (from, to, n) -> VectorMath.elu(from, to, n, 1, 1))) {
      assertTrue(Float.isNaN(at(f, Float.NaN)));
    }
  }
}
