package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Elementwise operators of one tensor. */
final class UnaryKernels {
  private UnaryKernels() {}

  /** Dtype of the result. */
  private enum Result {
    /** That of the argument. */
    SAME,
    /** That of the argument, int64 if it is bool. */
    NUMBER,
    /** That of the argument if it is real, else float32. */
    FLOATING,
    BOOL
  }

  /**
   * What an operator computes, its numbers filled in.
   *
   * @param floats for float32, if it has a loop of its own
   * @param real for real elements; half and bfloat16 round its float value
   * @param integer for integer elements where the result is none or keeps their dtype; null if they
   *     are refused
   */
  private record Functions(
      FloatLoops.@Nullable Unary floats,
      DoubleUnaryOperator real,
      @Nullable LongUnaryOperator integer) {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::abs" -> same(FloatLoops::abs, Math::abs, Math::abs);
      case "aten::neg" -> same(FloatLoops::neg, x -> -x, x -> -x);
      case "aten::square" ->
          of(Result.NUMBER, call -> new Functions(FloatLoops::square, x -> x * x, x -> x * x));
      case "aten::sign", "aten::sgn" -> same(null, Reals::sign, Long::signum);
      case "aten::ceil" -> same(null, Math::ceil, x -> x);
      case "aten::floor" -> same(FloatLoops::floor, Math::floor, x -> x);
      case "aten::round" -> same(null, Math::rint, x -> x);
      case "aten::trunc" -> same(null, Reals::trunc, x -> x);
      case "aten::frac" -> same(null, x -> x - Reals.trunc(x), null);
      case "aten::relu" -> same(FloatLoops::relu, x -> x < 0 ? 0 : x, x -> Math.max(x, 0));
      case "aten::relu6", "aten::hardtanh" -> of(Result.SAME, UnaryKernels::clamp);
      case "aten::_conj_physical" -> same(null, x -> x, x -> x);
      case "aten::bitwise_not" ->
          of(
              Result.SAME,
              call ->
                  new Functions(
                      null,
                      UnaryKernels::noBits,
                      call.type("self").dtype() == DType.BOOL ? x -> 1 - x : x -> ~x));
      case "aten::exp" -> floating(FloatLoops::exp, StrictMath::exp);
      case "aten::expm1" -> floating(null, StrictMath::expm1);
      case "aten::exp2" -> floating(null, x -> StrictMath.pow(2, x));
      case "aten::log" -> floating(FloatLoops::log, StrictMath::log);
      case "aten::log1p" -> floating(null, StrictMath::log1p);
      case "aten::log2" -> floating(null, Reals::log2);
      case "aten::log10" -> floating(null, StrictMath::log10);
      case "aten::sqrt" -> floating(FloatLoops::sqrt, Math::sqrt);
      case "aten::rsqrt" -> floating(FloatLoops::rsqrt, x -> 1 / Math.sqrt(x));
      case "aten::reciprocal" -> floating(FloatLoops::reciprocal, x -> 1 / x);
      case "aten::sin" -> floating(FloatLoops::sin, StrictMath::sin);
      case "aten::cos" -> floating(FloatLoops::cos, StrictMath::cos);
      case "aten::tan" -> floating(null, StrictMath::tan);
      case "aten::asin" -> floating(null, StrictMath::asin);
      case "aten::acos" -> floating(null, StrictMath::acos);
      case "aten::atan" -> floating(null, StrictMath::atan);
      case "aten::sinh" -> floating(null, StrictMath::sinh);
      case "aten::cosh" -> floating(null, StrictMath::cosh);
      case "aten::tanh" -> floating(FloatLoops::tanh, StrictMath::tanh);
      case "aten::asinh" -> floating(null, Reals::asinh);
      case "aten::acosh" -> floating(null, Reals::acosh);
      case "aten::atanh" -> floating(null, Reals::atanh);
      case "aten::erf", "aten::special_erf" -> floating(FloatLoops::erf, Reals::erf);
      case "aten::erfc" -> floating(null, Reals::erfc);
      case "aten::erfinv" -> floating(null, Reals::erfinv);
      case "aten::lgamma" -> floating(null, Reals::lgamma);
      case "aten::digamma" -> floating(null, Reals::digamma);
      case "aten::angle" -> floating(null, x -> Double.isNaN(x) ? x : x < 0 ? Math.PI : 0);
      case "aten::sigmoid" -> floating(FloatLoops::sigmoid, Reals::sigmoid);
      case "aten::deg2rad" -> floating(null, x -> x * (Math.PI / 180));
      case "aten::rad2deg" -> floating(null, x -> x * (180 / Math.PI));
      case "aten::logit" -> of(Result.FLOATING, UnaryKernels::logit);
      case "aten::logical_not" -> test(x -> x == 0, x -> x == 0 ? 1 : 0);
      case "aten::isnan" -> test(Double::isNaN, x -> 0);
      case "aten::isinf" -> test(Double::isInfinite, x -> 0);
      case "aten::isfinite" -> test(Double::isFinite, x -> 1);
      case "aten::signbit" -> test(x -> Double.doubleToRawLongBits(x) < 0, x -> x < 0 ? 1 : 0);
      case "aten::gelu" -> of(Result.SAME, UnaryKernels::gelu);
      case "aten::silu" -> same(FloatLoops::silu, Reals::silu, null);
      case "aten::mish" -> same(null, Reals::mish, null);
      case "aten::hardswish" ->
          same(FloatLoops::hardswish, x -> x * Math.min(Math.max(x + 3, 0), 6) / 6, null);
      case "aten::hardsigmoid" ->
          same(FloatLoops::hardsigmoid, x -> Math.min(Math.max(x + 3, 0), 6) / 6, null);
      case "aten::clamp" -> new PromotingClamp();
      case "aten::leaky_relu" -> of(Result.SAME, UnaryKernels::leakyRelu);
      case "aten::elu" ->
          of(
              Result.SAME,
              call -> elu(call.number("alpha"), call.number("scale"), call.number("input_scale")));
      case "aten::selu" -> of(Result.SAME, call -> elu(1.6732632423543772, 1.0507009873554805, 1));
      case "aten::celu" ->
          of(Result.SAME, call -> elu(call.number("alpha"), 1, 1 / call.number("alpha")));
      case "aten::softplus" -> of(Result.SAME, UnaryKernels::softplus);
      case "aten::threshold" -> of(Result.SAME, UnaryKernels::threshold);
      case "aten::hardshrink" ->
          of(
              Result.SAME,
              call -> {
                double lambda = call.number("lambd");
                return reals(x -> x >= -lambda && x <= lambda ? 0 : x);
              });
      case "aten::softshrink" ->
          of(
              Result.SAME,
              call -> {
                double lambda = call.number("lambd");
                return reals(x -> x > lambda ? x - lambda : x < -lambda ? x + lambda : x * 0);
              });
      case "aten::nan_to_num" -> of(Result.SAME, UnaryKernels::nanToNum);
      case "aten::round.decimals" -> of(Result.SAME, UnaryKernels::roundDecimals);
      case "aten::log_sigmoid_forward" -> new LogSigmoid();
      default -> null;
    };
  }

  private static Kernel of(Result result, Function<Call, Functions> functions) {
    return new Unary(result, functions);
  }

  private static Kernel same(
      FloatLoops.@Nullable Unary floats,
      DoubleUnaryOperator real,
      @Nullable LongUnaryOperator integer) {
    return of(Result.SAME, call -> new Functions(floats, real, integer));
  }

  private static Kernel floating(FloatLoops.@Nullable Unary floats, DoubleUnaryOperator real) {
    return of(Result.FLOATING, call -> new Functions(floats, real, null));
  }

  private static Kernel test(DoublePredicate real, LongUnaryOperator integer) {
    return of(Result.BOOL, call -> new Functions(null, x -> real.test(x) ? 1 : 0, integer));
  }

  private static Functions reals(DoubleUnaryOperator real) {
    return new Functions(null, real, null);
  }

  private static double noBits(double x) {
    throw new KernelException("bitwise operators take integers and bools");
  }

  /** Bounds of the dtype of the elements. */
  private static Functions clamp(Call call) {
    DType dtype = call.type("self").dtype();
    Clamp.Numbers bounds = Clamp.Numbers.of(call);
    return clamp(dtype, fit(bounds.low(), dtype), fit(bounds.high(), dtype));
  }

  private static Call.@Nullable Number fit(Call.@Nullable Number bound, DType dtype) {
    return bound == null ? null : Promotion.fit(bound, dtype);
  }

  private static Functions clamp(
      DType dtype, Call.@Nullable Number min, Call.@Nullable Number max) {
    double low = min == null ? Double.NEGATIVE_INFINITY : min.real();
    double high = max == null ? Double.POSITIVE_INFINITY : max.real();
    long lowest =
        min == null || (isUnsigned(dtype) && min.integer() < 0)
            ? Long.MIN_VALUE
            : Elements.wrap(dtype, min.integer());
    long highest = max == null ? Long.MAX_VALUE : Elements.wrap(dtype, max.integer());
    return new Functions(
        (x, y, n) -> FloatLoops.clamp(x, y, n, (float) low, (float) high),
        x -> Math.min(Math.max(x, low), high),
        x -> Math.min(Math.max(x, lowest), highest));
  }

  private static boolean isUnsigned(DType dtype) {
    return dtype == DType.UINT8 || dtype == DType.UINT16 || dtype == DType.UINT32;
  }

  private static Functions gelu(Call call) {
    String approximate = call.text("approximate", "none");
    return switch (approximate) {
      case "none" -> new Functions(FloatLoops::gelu, Reals::gelu, null);
      case "tanh" -> new Functions(FloatLoops::geluTanh, Reals::geluTanh, null);
      default ->
          throw new KernelException("gelu's approximate is none or tanh, not " + approximate);
    };
  }

  private static Functions leakyRelu(Call call) {
    double slope = Promotion.fit(call.scalar("negative_slope"), call.type("self").dtype()).real();
    return new Functions(
        (x, y, n) -> FloatLoops.leakyRelu(x, y, n, (float) slope),
        x -> x > 0 ? x : x * slope,
        null);
  }

  private static Functions elu(double alpha, double scale, double inputScale) {
    return reals(x -> x <= 0 ? StrictMath.expm1(x * inputScale) * alpha * scale : x * scale);
  }

  private static Functions softplus(Call call) {
    double beta = call.number("beta");
    double threshold = call.number("threshold");
    return reals(x -> x * beta > threshold ? x : StrictMath.log1p(StrictMath.exp(x * beta)) / beta);
  }

  private static Functions threshold(Call call) {
    Call.Number threshold = call.scalar("threshold");
    Call.Number value = call.scalar("value");
    DType dtype = call.type("self").dtype();
    long limit = Elements.wrap(dtype, threshold.integer());
    return new Functions(
        null, x -> x <= threshold.real() ? value.real() : x, x -> x <= limit ? value.integer() : x);
  }

  private static Functions logit(Call call) {
    if (call.isNone("eps")) {
      return reals(x -> StrictMath.log(x / (1 - x)));
    }
    double low = call.number("eps");
    double high = 1 - low;
    return reals(x -> {
      double z = x < low ? low : x > high ? high : x;
      return StrictMath.log(z / (1 - z));
    });
  }

  /** Scaled in float32 where the elements are no wider, as PyTorch does: 0.05 · 10 is ½ there. */
  private static Functions roundDecimals(Call call) {
    long decimals = call.integer("decimals");
    double tens = StrictMath.pow(10, Math.abs(decimals));
    if (call.type("self").dtype() == DType.DOUBLE) {
      return decimals >= 0
          ? reals(x -> Math.rint(x * tens) / tens)
          : reals(x -> Math.rint(x / tens) * tens);
    }
    float single = (float) tens;
    return decimals >= 0
        ? reals(x -> (float) Math.rint((float) x * single) / single)
        : reals(x -> (float) Math.rint((float) x / single) * single);
  }

  private static Functions nanToNum(Call call) {
    double largest =
        switch (call.type("self").dtype()) {
          case HALF -> 65504;
          case BFLOAT16 -> Elements.bfloat16ToFloat((short) 0x7F7F);
          case FLOAT -> Float.MAX_VALUE;
          default -> Double.MAX_VALUE;
        };
    double nan = call.isNone("nan") ? 0 : call.number("nan");
    double positive = call.isNone("posinf") ? largest : call.number("posinf");
    double negative = call.isNone("neginf") ? -largest : call.number("neginf");
    return new Functions(
        null,
        x ->
            Double.isNaN(x)
                ? nan
                : x == Double.POSITIVE_INFINITY
                    ? positive
                    : x == Double.NEGATIVE_INFINITY ? negative : x,
        x -> x);
  }

  /**
   * y[i] = f(x[i]) from an operand to another.
   *
   * @param compute the dtype whose values the function takes
   */
  private static Step bind(Functions functions, Operand in, Operand out, DType compute) {
    long n = out.shape().numel();
    LongUnaryOperator integer = functions.integer();
    if (!compute.isFloatingPoint() && integer != null) {
      Elements x = Elements.as(in, compute);
      Elements y = Elements.of(out);
      return () -> {
        for (long i = 0; i < n; i++) {
          y.setLong(i, integer.applyAsLong(x.getLong(i)));
        }
      };
    }
    DoubleUnaryOperator real = functions.real();
    if (in.dtype() == DType.FLOAT && out.dtype() == DType.FLOAT) {
      MemorySegment x = in.data();
      MemorySegment y = out.data();
      FloatLoops.Unary floats = functions.floats();
      return floats != null
          ? () -> floats.run(x, y, n)
          : () -> {
            for (long i = 0; i < n; i++) {
              y.setAtIndex(JAVA_FLOAT, i, (float) real.applyAsDouble(x.getAtIndex(JAVA_FLOAT, i)));
            }
          };
    }
    Elements x = Elements.as(in, compute);
    Elements y = Elements.of(out);
    return () -> {
      for (long i = 0; i < n; i++) {
        y.setDouble(i, real.applyAsDouble(x.getDouble(i)));
      }
    };
  }

  private record Unary(Result result, Function<Call, Functions> functions) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      boolean integral = !self.dtype().isFloatingPoint();
      if (self.dtype() == DType.BOOL && result == Result.SAME && refusesBool(call)) {
        throw new KernelException("bools are not taken");
      }
      if (self.dtype() == DType.UINT64 && result != Result.FLOATING) {
        throw new KernelException("arithmetic with uint64");
      }
      if (integral && result != Result.FLOATING && functions.apply(call).integer() == null) {
        throw new KernelException(
            "a tensor of real numbers is expected, not " + Promotion.name(self.dtype()));
      }
      return Dims.one(
          switch (result) {
            case SAME -> self.dtype();
            case NUMBER -> self.dtype() == DType.BOOL ? DType.INT64 : self.dtype();
            case FLOATING -> Promotion.floating(self.dtype());
            case BOOL -> DType.BOOL;
          },
          self.shape());
    }

    private static boolean refusesBool(Call call) {
      String name = call.node().name();
      return name.equals("aten::relu") || name.equals("aten::round");
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      DType compute = result == Result.FLOATING ? Promotion.floating(self.dtype()) : self.dtype();
      return UnaryKernels.bind(functions.apply(call), self, call.output(0), compute);
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code clamp(Tensor self, Scalar? min=None, Scalar? max=None)}: the bounds promote. */
  private record PromotingClamp() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      Clamp.Numbers bounds = Clamp.Numbers.of(call);
      Call.Number min = bounds.low();
      Call.Number max = bounds.high();
      if (min == null && max == null) {
        throw new KernelException("clamp needs min or max");
      }
      TensorType self = call.type("self");
      Call.Number[] numbers =
          min == null || max == null
              ? new Call.Number[] {min == null ? max : min}
              : new Call.Number[] {min, max};
      DType dtype = Promotion.resultType(List.of(self), numbers);
      for (Call.Number number : numbers) {
        Promotion.fit(number, dtype);
        if (number.real() < 0 && (dtype == DType.UINT8 || dtype == DType.BOOL)) {
          throw new KernelException("the bound " + number.real() + " is no unsigned number");
        }
      }
      return Dims.one(dtype, self.shape());
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      Clamp.Numbers bounds = Clamp.Numbers.of(call);
      Functions functions = clamp(out.dtype(), bounds.low(), bounds.high());
      return UnaryKernels.bind(functions, call.input("self"), out, out.dtype());
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code log_sigmoid_forward(Tensor self)}: the result, and exp(−|x|). */
  private record LogSigmoid() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      if (!self.dtype().isFloatingPoint()) {
        throw new KernelException("a tensor of real numbers is expected");
      }
      return List.of(self, self);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      DType dtype = self.dtype();
      Step buffer =
          UnaryKernels.bind(reals(x -> StrictMath.exp(-Math.abs(x))), self, call.output(1), dtype);
      Step output = UnaryKernels.bind(reals(Reals::logSigmoid), self, call.output(0), dtype);
      return () -> {
        buffer.run();
        output.run();
      };
    }
  }
}
