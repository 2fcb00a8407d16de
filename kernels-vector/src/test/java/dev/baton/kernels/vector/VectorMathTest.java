package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** Errors of the vector functions over all magnitudes of float32, against double. */
class VectorMathTest {
  private static final float SMALLEST = 0x1p-125f;

  private static double worst(Activation function, DoubleUnaryOperator exact, float bound) {
    double worst = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Lanes.BYTES, 64);
      MemorySegment result = arena.allocate(Lanes.BYTES, 64);
      float x = 0x1p-40f;
      while (x < bound) {
        for (int i = 0; i < Lanes.COUNT; i++) {
          memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i & 1) == 0 ? x : -x);
          x *= 1.00037f;
        }
        function.run(memory.address(), result.address(), Lanes.COUNT);
        for (int i = 0; i < Lanes.COUNT; i++) {
          float in = memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          double want = exact.applyAsDouble(in);
          if (Math.abs(in) < bound
              && Math.abs(want) > SMALLEST
              && Math.abs(want) < Float.MAX_VALUE) {
            worst =
                Math.max(
                    worst,
                    Math.abs(result.getAtIndex(ValueLayout.JAVA_FLOAT, i) - want)
                        / Math.ulp((float) want));
          }
        }
      }
    }
    return worst;
  }

  /** A function of sign · |x|. */
  private static Activation withMagnitudes(int sign, Activation function) {
    return (from, to, n) -> {
      for (int i = 0; i < n; i++) {
        Lanes.set(to + 4L * i, sign * Math.abs(Lanes.get(from + 4L * i)));
      }
      function.whole(to, to, n);
    };
  }

  private static float at(Activation function, float x) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4);
      memory.set(ValueLayout.JAVA_FLOAT, 0, x);
      function.run(memory.address(), memory.address(), 1);
      return memory.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  private static void within(double ulps, double worst) {
    assertTrue(worst <= ulps, worst + " ulp, at most " + ulps + " are allowed");
  }

  @Test
  void exp() {
    within(2, worst(VectorMath::exp, Math::exp, 89));
  }

  @Test
  void log() {
    within(
        2, worst(withMagnitudes(1, VectorMath::log), x -> Math.log(Math.abs(x)), Float.MAX_VALUE));
    assertEquals(Float.NEGATIVE_INFINITY, at(VectorMath::log, 0f));
    assertEquals((float) Math.log(0x1p-140), at(VectorMath::log, 0x1p-140f));
    assertEquals(Float.POSITIVE_INFINITY, at(VectorMath::log, Float.POSITIVE_INFINITY));
    assertTrue(Float.isNaN(at(VectorMath::log, -1f)));
    assertTrue(Float.isNaN(at(VectorMath::log, Float.NaN)));
  }

  @Test
  void expm1() {
    within(
        4,
        worst(withMagnitudes(-1, VectorMath::expm1OfNegative), x -> Math.expm1(-Math.abs(x)), 200));
    assertTrue(Float.isNaN(at(VectorMath::expm1OfNegative, Float.NaN)));
  }

  @Test
  void sigmoid() {
    within(4, worst(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), 86));
  }

  @Test
  void silu() {
    within(5, worst(VectorMath::silu, x -> x / (1 + Math.exp(-x)), 80));
  }

  @Test
  void tanh() {
    within(3, worst(VectorMath::tanh, Math::tanh, 20));
  }

  @Test
  void erf() {
    // A series; beyond 3.9 the result is 1.
    DoubleUnaryOperator exact =
        x -> {
          double sum = 0;
          double term = x;
          for (int n = 0; n < 200; n++) {
            sum += term / (2 * n + 1);
            term *= -x * x / (n + 1);
          }
          return 2 / Math.sqrt(Math.PI) * sum;
        };
    within(3, worst(VectorMath::erf, exact, 3));
  }

  @Test
  void specialValues() {
    Map<Float, Float> exp =
        Map.of(
            0f,
            1f,
            Float.NEGATIVE_INFINITY,
            0f,
            Float.POSITIVE_INFINITY,
            Float.POSITIVE_INFINITY,
            -100f,
            0f,
            89f,
            Float.POSITIVE_INFINITY);
    exp.forEach((x, y) -> assertEquals(y, at(VectorMath::exp, x), "exp " + x));
    float inf = Float.POSITIVE_INFINITY;
    assertEquals(1f, at(VectorMath::tanh, inf));
    assertEquals(-1f, at(VectorMath::erf, -inf));
    assertEquals(inf, at(VectorMath::gelu, inf));
    // As PyTorch: −∞ times 0.
    assertTrue(Float.isNaN(at(VectorMath::gelu, -inf)));
    assertTrue(Float.isNaN(at(VectorMath::silu, -inf)));
    for (Activation f :
        java.util.List.<Activation>of(
            VectorMath::exp,
            VectorMath::sigmoid,
            VectorMath::tanh,
            VectorMath::erf,
            VectorMath::gelu,
            VectorMath::geluTanh,
            VectorMath::silu)) {
      assertTrue(Float.isNaN(at(f, Float.NaN)));
    }
  }
}
