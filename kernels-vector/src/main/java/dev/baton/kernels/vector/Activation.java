package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.BYTES;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Clamp;
import dev.baton.runtime.kernel.FastKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * An elementwise function of one float32 tensor, its numbers filled in: an operator of its own, or
 * a stage of an {@link Epilogue}.
 */
@FunctionalInterface
interface Activation {
  /** Computes {@code n} elements that fill whole vectors; both places may be one. */
  void whole(long from, long to, int n);

  /** Computes {@code n} elements; both places may be one. */
  default void run(long from, long to, int n) {
    int whole = Lanes.whole(n);
    whole(from, to, whole);
    int rest = n - whole;
    if (rest > 0) {
      long vector = Scratch.vector();
      Lanes.copyElements(from + 4L * whole, vector, rest);
      whole(vector, vector, Lanes.COUNT);
      Lanes.copyElements(vector, to + 4L * whole, rest);
    }
  }

  /** The function of a call; null if it is none, or not of float32. */
  static @Nullable Activation of(Call call) {
    String name = call.node().name();
    if (!ActivationKernel.NAMES.contains(name) || call.type("self").dtype() != DType.FLOAT) {
      return null;
    }
    return switch (name) {
      case "aten::relu", "aten::relu6", "aten::hardtanh", "aten::clamp" ->
          Clamp.isSingle(call) ? clamp(Clamp.of(call)) : null;
      case "aten::leaky_relu" -> {
        float slope = (float) call.number("negative_slope");
        yield overflows(call.number("negative_slope"))
            ? null
            : (from, to, n) -> Loops.leakyRelu(from, to, n, slope);
      }
      case "aten::sigmoid" -> VectorMath::sigmoid;
      case "aten::silu" -> VectorMath::silu;
      case "aten::tanh" -> VectorMath::tanh;
      case "aten::gelu" ->
          call.text("approximate", "none").equals("tanh") ? VectorMath::geluTanh : VectorMath::gelu;
      case "aten::hardswish" -> Loops::hardswish;
      case "aten::hardsigmoid" -> Loops::hardsigmoid;
      case "aten::exp" -> VectorMath::exp;
      case "aten::log" -> VectorMath::log;
      case "aten::elu" -> {
        float scale = (float) call.number("scale");
        float below = (float) call.number("alpha") * scale;
        yield call.number("input_scale") != 1
            ? null
            : (from, to, n) -> VectorMath.elu(from, to, n, below, scale);
      }
      case "aten::erf" -> VectorMath::erf;
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
  private static @Nullable Activation clamp(Clamp bounds) {
    return Float.isNaN(bounds.low()) || Float.isNaN(bounds.high()) ? null : new Clamping(bounds);
  }

  /** True for what the reference kernel refuses as too large for float32. */
  private static boolean overflows(double number) {
    return Double.isFinite(number) && Float.isInfinite((float) number);
  }

  /** Bounded between two numbers; NaN stays. */
  record Clamping(Clamp bounds) implements Activation {
    @Override
    public void whole(long from, long to, int n) {
      Loops.clamp(from, to, n, bounds.low(), bounds.high());
    }
  }

  static @Nullable FastKernel find(String operator) {
    return ActivationKernel.NAMES.contains(operator) ? new ActivationKernel() : null;
  }

  /** Loops over whole vectors, each compiled for what it alone does. */
  final class Loops {
    private Loops() {}

    static void leakyRelu(long from, long to, int n, float slope) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.blend(x.mul(slope), x.lt(0f)).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void abs(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.abs().intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void neg(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.neg().intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void sqrt(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.sqrt().intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void rsqrt(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        broadcast(SPECIES, 1f).div(x.sqrt()).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void reciprocal(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        broadcast(SPECIES, 1f).div(x).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void square(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.mul(x).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void plus(long from, long to, int n, float other) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.add(other).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void times(long from, long to, int n, float other) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.mul(other).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void over(long from, long to, int n, float other) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x.div(other).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void clamp(long from, long to, int n, float low, float high) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        x = x.blend(low, x.lt(low)); // NaN stays
        x.blend(high, x.compare(VectorOperators.GT, high))
            .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void hardswish(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        FloatVector y = x.add(3f);
        y = y.blend(0f, y.lt(0f));
        y = y.blend(6f, y.compare(VectorOperators.GT, 6f));
        y.mul(x).div(6f).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }

    static void hardsigmoid(long from, long to, int n) {
      for (long i = 0; i < 4L * n; i += BYTES) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
        FloatVector y = x.add(3f);
        y = y.blend(0f, y.lt(0f));
        y = y.blend(6f, y.compare(VectorOperators.GT, 6f));
        y.div(6f).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
      }
    }
  }
}
