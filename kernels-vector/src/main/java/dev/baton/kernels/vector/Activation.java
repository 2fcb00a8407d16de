package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * An elementwise function of one float32 tensor, its numbers filled in: an operator of its own, or
 * a stage of an {@link Epilogue}.
 */
@FunctionalInterface
interface Activation {
  /** Computes {@code n} elements; both places may be one. */
  void run(long from, long to, int n);

  /** The function of a call; null if it is none, or not of float32. */
  static @Nullable Activation of(Call call) {
    String name = call.node().name();
    if (!ActivationKernel.NAMES.contains(name) || call.type("self").dtype() != DType.FLOAT) {
      return null;
    }
    return switch (name) {
      case "aten::relu" -> Loops::relu;
      case "aten::relu6" -> new Clamp(0, 6);
      case "aten::hardtanh" ->
          clamp((float) call.number("min_val"), (float) call.number("max_val"));
      case "aten::clamp" ->
          clamp(
              call.isNone("min") ? Float.NEGATIVE_INFINITY : (float) call.number("min"),
              call.isNone("max") ? Float.POSITIVE_INFINITY : (float) call.number("max"));
      case "aten::leaky_relu" -> {
        float slope = (float) call.number("negative_slope");
        yield (from, to, n) -> Loops.leakyRelu(from, to, n, slope);
      }
      case "aten::sigmoid" -> Loops::sigmoid;
      case "aten::silu" -> Loops::silu;
      case "aten::tanh" -> Loops::tanh;
      case "aten::gelu" ->
          call.text("approximate", "none").equals("tanh") ? Loops::geluTanh : Loops::gelu;
      case "aten::hardswish" -> Loops::hardswish;
      case "aten::hardsigmoid" -> Loops::hardsigmoid;
      case "aten::exp" -> Loops::exp;
      case "aten::log" -> Loops::log;
      case "aten::elu" -> {
        float scale = (float) call.number("scale");
        float below = (float) call.number("alpha") * scale;
        yield call.number("input_scale") != 1
            ? null
            : (from, to, n) -> Loops.elu(from, to, n, below, scale);
      }
      case "aten::erf" -> Loops::erf;
      case "aten::abs" -> Loops::abs;
      case "aten::neg" -> Loops::neg;
      case "aten::sqrt" -> Loops::sqrt;
      case "aten::rsqrt" -> Loops::rsqrt;
      case "aten::reciprocal" -> Loops::reciprocal;
      case "aten::square" -> Loops::square;
      case "aten::pow.Tensor_Scalar" -> call.number("exponent") == 2 ? Loops::square : null;
      case "aten::add.Scalar" -> {
        float other = (float) call.number("alpha") * (float) call.number("other");
        yield (from, to, n) -> Loops.plus(from, to, n, other);
      }
      case "aten::sub.Scalar" -> {
        float other = -(float) call.number("alpha") * (float) call.number("other");
        yield (from, to, n) -> Loops.plus(from, to, n, other);
      }
      case "aten::mul.Scalar" -> {
        float other = (float) call.number("other");
        yield (from, to, n) -> Loops.times(from, to, n, other);
      }
      case "aten::div.Scalar" -> {
        float other = (float) call.number("other");
        yield (from, to, n) -> Loops.over(from, to, n, other);
      }
      default -> throw new IllegalStateException(name);
    };
  }

  /** Null for a bound that is NaN, which makes everything NaN. */
  private static @Nullable Activation clamp(float low, float high) {
    return Float.isNaN(low) || Float.isNaN(high) ? null : new Clamp(low, high);
  }

  /** Bounded between two numbers; NaN stays. */
  record Clamp(float low, float high) implements Activation {
    @Override
    public void run(long from, long to, int n) {
      Loops.clamp(from, to, n, low, high);
    }
  }

  static @Nullable FastKernel find(String operator) {
    return ActivationKernel.NAMES.contains(operator) ? new ActivationKernel() : null;
  }

  /** Loops, each compiled for what it alone does. */
  final class Loops {
    private Loops() {}

    static void relu(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(relu(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(relu(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector relu(FloatVector x) {
      return x.blend(0f, x.lt(0f));
    }

    static void clamp(long from, long to, int n, float low, float high) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(clamp(Lanes.load(from + 4L * i), low, high), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(clamp(Lanes.load(from + 4L * i, n - i), low, high), to + 4L * i, n - i);
      }
    }

    private static FloatVector clamp(FloatVector x, float low, float high) {
      return VectorMath.clamp(x, Lanes.splat(low), Lanes.splat(high));
    }

    static void leakyRelu(long from, long to, int n, float slope) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(leakyRelu(Lanes.load(from + 4L * i), slope), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(leakyRelu(Lanes.load(from + 4L * i, n - i), slope), to + 4L * i, n - i);
      }
    }

    private static FloatVector leakyRelu(FloatVector x, float slope) {
      return x.blend(x.mul(slope), x.lt(0f));
    }

    static void sigmoid(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(sigmoid(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(sigmoid(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector sigmoid(FloatVector x) {
      return VectorMath.sigmoid(x);
    }

    static void silu(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(silu(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(silu(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector silu(FloatVector x) {
      return VectorMath.silu(x);
    }

    static void tanh(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(tanh(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(tanh(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector tanh(FloatVector x) {
      return VectorMath.tanh(x);
    }

    static void gelu(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        gelu(Lanes.load(from + 4L * i))
            .intoMemorySegment(Lanes.ALL, to + 4L * i, java.nio.ByteOrder.LITTLE_ENDIAN);
      }
      if (i < n) {
        Lanes.store(gelu(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector gelu(FloatVector x) {
      return VectorMath.gelu(x);
    }

    static void geluTanh(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(geluTanh(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(geluTanh(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector geluTanh(FloatVector x) {
      return VectorMath.geluTanh(x);
    }

    static void hardswish(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(hardswish(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(hardswish(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector hardswish(FloatVector x) {
      return VectorMath.clamp(x.add(3f), Lanes.splat(0f), Lanes.splat(6f)).mul(x).div(6f);
    }

    static void hardsigmoid(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(hardsigmoid(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(hardsigmoid(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector hardsigmoid(FloatVector x) {
      return VectorMath.clamp(x.add(3f), Lanes.splat(0f), Lanes.splat(6f)).div(6f);
    }

    static void exp(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(exp(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(exp(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector exp(FloatVector x) {
      return VectorMath.exp(x);
    }

    static void log(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(VectorMath.log(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(VectorMath.log(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    static void elu(long from, long to, int n, float below, float above) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(elu(Lanes.load(from + 4L * i), below, above), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(elu(Lanes.load(from + 4L * i, n - i), below, above), to + 4L * i, n - i);
      }
    }

    private static FloatVector elu(FloatVector x, float below, float above) {
      VectorMask<Float> positive = x.compare(VectorOperators.GT, 0f);
      FloatVector negative = VectorMath.expm1OfNegative(x.blend(0f, positive)).mul(below);
      return negative.blend(x.mul(above), positive);
    }

    static void erf(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(erf(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(erf(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector erf(FloatVector x) {
      return VectorMath.erf(x);
    }

    static void abs(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(abs(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(abs(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector abs(FloatVector x) {
      return x.abs();
    }

    static void neg(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(neg(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(neg(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector neg(FloatVector x) {
      return x.neg();
    }

    static void sqrt(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(sqrt(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(sqrt(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector sqrt(FloatVector x) {
      return x.sqrt();
    }

    static void rsqrt(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(rsqrt(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(rsqrt(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector rsqrt(FloatVector x) {
      return Lanes.splat(1f).div(x.sqrt());
    }

    static void reciprocal(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(reciprocal(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(reciprocal(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector reciprocal(FloatVector x) {
      return Lanes.splat(1f).div(x);
    }

    static void square(long from, long to, int n) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(square(Lanes.load(from + 4L * i)), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(square(Lanes.load(from + 4L * i, n - i)), to + 4L * i, n - i);
      }
    }

    private static FloatVector square(FloatVector x) {
      return x.mul(x);
    }

    static void plus(long from, long to, int n, float other) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(plus(Lanes.load(from + 4L * i), other), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(plus(Lanes.load(from + 4L * i, n - i), other), to + 4L * i, n - i);
      }
    }

    private static FloatVector plus(FloatVector x, float other) {
      return x.add(other);
    }

    static void times(long from, long to, int n, float other) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(times(Lanes.load(from + 4L * i), other), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(times(Lanes.load(from + 4L * i, n - i), other), to + 4L * i, n - i);
      }
    }

    private static FloatVector times(FloatVector x, float other) {
      return x.mul(other);
    }

    static void over(long from, long to, int n, float other) {
      int i = 0;
      for (; i < Lanes.whole(n); i += Lanes.COUNT) {
        Lanes.store(over(Lanes.load(from + 4L * i), other), to + 4L * i);
      }
      if (i < n) {
        Lanes.store(over(Lanes.load(from + 4L * i, n - i), other), to + 4L * i, n - i);
      }
    }

    private static FloatVector over(FloatVector x, float other) {
      return x.div(other);
    }
  }
}
