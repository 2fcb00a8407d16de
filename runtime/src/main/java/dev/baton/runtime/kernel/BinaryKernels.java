package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/** Elementwise operators of two tensors, or of a tensor and a number, broadcast to each other. */
final class BinaryKernels {
  private BinaryKernels() {}

  /** Dtype of the result, from the promoted dtype of the arguments. */
  private enum Result {
    PROMOTED,
    /** Real in any case. */
    FLOATING,
    BOOL
  }

  @FunctionalInterface
  interface FloatBinary {
    float apply(float a, float b);
  }

  /**
   * What an operator computes, its numbers filled in.
   *
   * @param floats for float32, if it has a loop of its own
   * @param single for float32, half and bfloat16, if rounding the {@code real} result to float is
   *     not the same
   * @param real null if real numbers are refused
   * @param integer null if integers are refused
   */
  private record Functions(
      FloatLoops.@Nullable Binary floats,
      @Nullable FloatBinary single,
      @Nullable DoubleBinaryOperator real,
      @Nullable LongBinaryOperator integer) {}

  /** What an operator computes in a dtype. */
  @FunctionalInterface
  private interface Rule {
    Functions functions(Call call, DType compute);
  }

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::add.Tensor", "aten::add.Scalar" -> binary(Result.PROMOTED, BinaryKernels::add);
      case "aten::sub.Tensor", "aten::sub.Scalar" -> binary(Result.PROMOTED, BinaryKernels::sub);
      case "aten::rsub.Tensor", "aten::rsub.Scalar" -> binary(Result.PROMOTED, BinaryKernels::rsub);
      case "aten::mul.Tensor", "aten::mul.Scalar", "aten::multiply.Tensor" ->
          promoted(FloatLoops::mul, (a, b) -> a * b, (a, b) -> a * b);
      case "aten::div.Tensor", "aten::div.Scalar" ->
          binary(
              Result.FLOATING,
              (call, dtype) -> new Functions(FloatLoops::div, null, (a, b) -> a / b, null));
      case "aten::div.Tensor_mode", "aten::div.Scalar_mode" -> new DivMode();
      case "aten::floor_divide", "aten::floor_divide.Scalar" ->
          binary(Result.PROMOTED, (call, dtype) -> floorDivide());
      case "aten::fmod.Tensor", "aten::fmod.Scalar" ->
          promoted(null, (a, b) -> a % b, (a, b) -> a % divisor(b));
      case "aten::remainder.Tensor", "aten::remainder.Scalar", "aten::remainder.Scalar_Tensor" ->
          promoted(null, Reals::remainder, (a, b) -> Math.floorMod(a, divisor(b)));
      case "aten::maximum" -> promoted(FloatLoops::maximum, Math::max, Math::max);
      case "aten::fmax" ->
          promoted(
              null,
              (a, b) -> Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b),
              Math::max);
      case "aten::fmin" ->
          promoted(
              null,
              (a, b) -> Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b),
              Math::min);
      case "aten::minimum" -> promoted(FloatLoops::minimum, Math::min, Math::min);
      case "aten::pow.Tensor_Tensor" -> new Binary(Result.PROMOTED, "self", "exponent", pow());
      case "aten::pow.Tensor_Scalar" ->
          new Binary(Result.PROMOTED, "self", "exponent", BinaryKernels::powScalar);
      case "aten::pow.Scalar" -> new Binary(Result.PROMOTED, "self", "exponent", pow());
      case "aten::atan2" -> floating(StrictMath::atan2);
      case "aten::hypot" -> promoted(null, StrictMath::hypot, null);
      case "aten::copysign.Tensor", "aten::copysign.Scalar" -> floating(Math::copySign);
      case "aten::logaddexp" -> promoted(null, Reals::logAddExp, null);
      case "aten::heaviside" ->
          new Binary(
              Result.PROMOTED,
              "self",
              "values",
              (call, dtype) ->
                  new Functions(
                      null,
                      null,
                      (x, v) -> x == 0 ? v : x > 0 ? 1 : 0,
                      (x, v) -> x == 0 ? v : x > 0 ? 1 : 0));
      case "aten::prelu" -> new Prelu();
      case "aten::_prelu_kernel" -> new Binary(Result.PROMOTED, "self", "weight", prelu());
      case "aten::eq.Tensor", "aten::eq.Scalar" ->
          test((a, b) -> a == b ? 1 : 0, (a, b) -> a == b ? 1 : 0);
      case "aten::ne.Tensor", "aten::ne.Scalar" ->
          test((a, b) -> a != b ? 1 : 0, (a, b) -> a != b ? 1 : 0);
      case "aten::lt.Tensor", "aten::lt.Scalar" ->
          test((a, b) -> a < b ? 1 : 0, (a, b) -> a < b ? 1 : 0);
      case "aten::le.Tensor", "aten::le.Scalar" ->
          test((a, b) -> a <= b ? 1 : 0, (a, b) -> a <= b ? 1 : 0);
      case "aten::gt.Tensor", "aten::gt.Scalar" ->
          test((a, b) -> a > b ? 1 : 0, (a, b) -> a > b ? 1 : 0);
      case "aten::ge.Tensor", "aten::ge.Scalar" ->
          test((a, b) -> a >= b ? 1 : 0, (a, b) -> a >= b ? 1 : 0);
      case "aten::logical_and" ->
          test((a, b) -> a != 0 && b != 0 ? 1 : 0, (a, b) -> a != 0 && b != 0 ? 1 : 0);
      case "aten::logical_or" ->
          test((a, b) -> a != 0 || b != 0 ? 1 : 0, (a, b) -> a != 0 || b != 0 ? 1 : 0);
      case "aten::logical_xor" ->
          test((a, b) -> (a != 0) != (b != 0) ? 1 : 0, (a, b) -> (a != 0) != (b != 0) ? 1 : 0);
      case "aten::bitwise_and.Tensor",
          "aten::bitwise_and.Scalar",
          "aten::bitwise_and.Scalar_Tensor" ->
          bits((a, b) -> a & b);
      case "aten::bitwise_or.Tensor", "aten::bitwise_or.Scalar", "aten::bitwise_or.Scalar_Tensor" ->
          bits((a, b) -> a | b);
      case "aten::bitwise_xor.Tensor",
          "aten::bitwise_xor.Scalar",
          "aten::bitwise_xor.Scalar_Tensor" ->
          bits((a, b) -> a ^ b);
      case "aten::gcd" -> numbers(BinaryKernels::gcd);
      case "aten::lcm" -> numbers((a, b) -> a == 0 ? 0 : Math.abs(a / gcd(a, b) * b));
      case "aten::bitwise_left_shift.Tensor",
          "aten::bitwise_left_shift.Tensor_Scalar",
          "aten::bitwise_left_shift.Scalar_Tensor" ->
          binary(
              Result.PROMOTED,
              (call, dtype) -> {
                int width = 8 * dtype.byteSize();
                return integers((a, b) -> b < 0 || b >= width ? 0 : a << b);
              });
      case "aten::bitwise_right_shift.Tensor",
          "aten::bitwise_right_shift.Tensor_Scalar",
          "aten::bitwise_right_shift.Scalar_Tensor" ->
          bits((a, b) -> a >> (b < 0 || b > 63 ? 63 : b));
      default -> null;
    };
  }

  private static Kernel binary(Result result, Rule rule) {
    return new Binary(result, "self", "other", rule);
  }

  private static Kernel promoted(
      FloatLoops.@Nullable Binary floats,
      DoubleBinaryOperator real,
      @Nullable LongBinaryOperator integer) {
    return binary(Result.PROMOTED, (call, dtype) -> new Functions(floats, null, real, integer));
  }

  private static Kernel floating(DoubleBinaryOperator real) {
    return binary(Result.FLOATING, (call, dtype) -> new Functions(null, null, real, null));
  }

  private static Kernel test(DoubleBinaryOperator real, LongBinaryOperator integer) {
    return binary(Result.BOOL, (call, dtype) -> new Functions(null, null, real, integer));
  }

  private static Kernel bits(LongBinaryOperator integer) {
    return binary(Result.PROMOTED, (call, dtype) -> integers(integer));
  }

  /** Integers, not bools. */
  private static Kernel numbers(LongBinaryOperator integer) {
    return binary(
        Result.PROMOTED,
        (call, dtype) ->
            dtype == DType.BOOL ? new Functions(null, null, null, null) : integers(integer));
  }

  private static long gcd(long a, long b) {
    while (b != 0) {
      long rest = a % b;
      a = b;
      b = rest;
    }
    return Math.abs(a);
  }

  private static Functions integers(LongBinaryOperator integer) {
    return new Functions(null, null, null, integer);
  }

  private static Functions add(Call call, DType compute) {
    Call.Number alpha = alpha(call, compute);
    double real = alpha.real();
    float single = (float) real;
    long integer = alpha.integer();
    return real == 1
        ? new Functions(FloatLoops::add, null, Double::sum, Long::sum)
        : new Functions(
            null, (a, b) -> a + single * b, (a, b) -> a + real * b, (a, b) -> a + integer * b);
  }

  private static Functions sub(Call call, DType compute) {
    Call.Number alpha = alpha(call, compute);
    refuseBool(compute);
    double real = alpha.real();
    float single = (float) real;
    long integer = alpha.integer();
    return real == 1
        ? new Functions(FloatLoops::sub, null, (a, b) -> a - b, (a, b) -> a - b)
        : new Functions(
            null, (a, b) -> a - single * b, (a, b) -> a - real * b, (a, b) -> a - integer * b);
  }

  private static Functions rsub(Call call, DType compute) {
    Call.Number alpha = alpha(call, compute);
    refuseBool(compute);
    double real = alpha.real();
    float single = (float) real;
    long integer = alpha.integer();
    return new Functions(
        null, (a, b) -> b - single * a, (a, b) -> b - real * a, (a, b) -> b - integer * a);
  }

  private static Call.Number alpha(Call call, DType compute) {
    Call.Number alpha = call.scalar("alpha");
    if (alpha.kind() == Call.Number.Kind.REAL && !compute.isFloatingPoint()) {
      throw new KernelException(
          "alpha is a real number, the tensors are " + Promotion.name(compute));
    }
    return Promotion.fit(alpha, compute);
  }

  private static void refuseBool(DType compute) {
    if (compute == DType.BOOL) {
      throw new KernelException("bools are not subtracted");
    }
  }

  private static Functions floorDivide() {
    return new Functions(
        null, Reals::floorDivide, Reals::floorDivide, (a, b) -> Math.floorDiv(a, divisor(b)));
  }

  private static long divisor(long b) {
    if (b == 0) {
      throw new KernelException("an integer is divided by zero");
    }
    return b;
  }

  private static Rule pow() {
    return (call, dtype) ->
        new Functions(null, null, Reals::pow, (a, b) -> b >= 0 ? power(a, b) : inversePower(a, b));
  }

  private static Functions powScalar(Call call, DType compute) {
    double exponent = call.scalar("exponent").real();
    if (exponent < 0 && !compute.isFloatingPoint()) {
      throw new KernelException("integers to a negative integer power");
    }
    FloatLoops.Binary floats =
        exponent == 2
            ? (a, i, da, b, j, db, y, k, n) -> FloatLoops.mul(a, i, da, a, i, da, y, k, n)
            : null;
    return new Functions(floats, null, Reals::pow, BinaryKernels::power);
  }

  private static long power(long base, long exponent) {
    long result = 1;
    for (long e = exponent; e > 0; e >>= 1) {
      if ((e & 1) != 0) {
        result *= base;
      }
      base *= base;
    }
    return result;
  }

  private static long inversePower(long base, long exponent) {
    return base == 1 ? 1 : base == -1 ? ((exponent & 1) == 0 ? 1 : -1) : 0;
  }

  private static Rule prelu() {
    return (call, dtype) -> new Functions(null, null, (x, weight) -> x > 0 ? x : weight * x, null);
  }

  /**
   * y = f(a, b), broadcast.
   *
   * @param compute the promoted dtype, or a real one that the operator computes in
   */
  private static Step bind(
      Functions functions, Operand a, Operand b, Operand out, DType compute, Shape bShape) {
    if (out.shape().numel() == 0) {
      return () -> {};
    }
    Broadcast walk = new Broadcast(out.shape(), a.shape(), bShape);
    LongBinaryOperator integer = functions.integer();
    if (!compute.isFloatingPoint() && integer != null) {
      return a.dtype() == DType.INT64 && b.dtype() == DType.INT64 && out.dtype() == DType.INT64
          ? longs(integer, a.data(), b.data(), out.data(), walk)
          : integers(
              integer, Elements.as(a, compute), Elements.as(b, compute), Elements.of(out), walk);
    }
    DoubleBinaryOperator real = functions.real();
    if (real == null) {
      throw new KernelException("no function of " + Promotion.name(compute));
    }
    FloatBinary single = functions.single();
    DoubleBinaryOperator rounded =
        single == null || compute == DType.DOUBLE
            ? real
            : (x, y) -> single.apply((float) x, (float) y);
    if (a.dtype() == DType.FLOAT && b.dtype() == DType.FLOAT && out.dtype() == DType.FLOAT) {
      FloatLoops.Binary floats = functions.floats();
      return floats != null
          ? floats(floats, a.data(), b.data(), out.data(), walk)
          : floats(rounded, a.data(), b.data(), out.data(), walk);
    }
    DType operands = compute == DType.DOUBLE ? DType.DOUBLE : DType.FLOAT;
    return reals(
        rounded, Elements.as(a, operands), Elements.as(b, operands), Elements.of(out), walk);
  }

  private static Step floats(
      FloatLoops.Binary loop, MemorySegment a, MemorySegment b, MemorySegment y, Broadcast walk) {
    return () -> {
      walk.start();
      do {
        loop.run(
            a, walk.at(0), walk.step(0), b, walk.at(1), walk.step(1), y, walk.out(), walk.run());
      } while (walk.next());
    };
  }

  private static Step floats(
      DoubleBinaryOperator f, MemorySegment a, MemorySegment b, MemorySegment y, Broadcast walk) {
    return () -> {
      walk.start();
      do {
        long i = walk.at(0);
        long j = walk.at(1);
        long k = walk.out();
        for (long t = 0; t < walk.run(); t++, i += walk.step(0), j += walk.step(1), k++) {
          y.setAtIndex(
              JAVA_FLOAT,
              k,
              (float) f.applyAsDouble(a.getAtIndex(JAVA_FLOAT, i), b.getAtIndex(JAVA_FLOAT, j)));
        }
      } while (walk.next());
    };
  }

  private static Step longs(
      LongBinaryOperator f, MemorySegment a, MemorySegment b, MemorySegment y, Broadcast walk) {
    return () -> {
      walk.start();
      do {
        long i = walk.at(0);
        long j = walk.at(1);
        long k = walk.out();
        for (long t = 0; t < walk.run(); t++, i += walk.step(0), j += walk.step(1), k++) {
          y.setAtIndex(
              JAVA_LONG, k, f.applyAsLong(a.getAtIndex(JAVA_LONG, i), b.getAtIndex(JAVA_LONG, j)));
        }
      } while (walk.next());
    };
  }

  private static Step reals(
      DoubleBinaryOperator f, Elements a, Elements b, Elements y, Broadcast walk) {
    return () -> {
      walk.start();
      do {
        long i = walk.at(0);
        long j = walk.at(1);
        long k = walk.out();
        for (long t = 0; t < walk.run(); t++, i += walk.step(0), j += walk.step(1), k++) {
          y.setDouble(k, f.applyAsDouble(a.getDouble(i), b.getDouble(j)));
        }
      } while (walk.next());
    };
  }

  private static Step integers(
      LongBinaryOperator f, Elements a, Elements b, Elements y, Broadcast walk) {
    return () -> {
      walk.start();
      do {
        long i = walk.at(0);
        long j = walk.at(1);
        long k = walk.out();
        for (long t = 0; t < walk.run(); t++, i += walk.step(0), j += walk.step(1), k++) {
          y.setLong(k, f.applyAsLong(a.getLong(i), b.getLong(j)));
        }
      } while (walk.next());
    };
  }

  /** True if the operator's parameter is a number and no tensor. */
  static boolean isNumber(Call call, String parameter) {
    var operator = call.node().operator();
    return operator.parameters().get(operator.indexOf(parameter)).type().startsWith("Scalar");
  }

  /**
   * A number as a tensor of rank 0, in the dtype that an operator computes in; half and bfloat16
   * compute in float32.
   */
  static Operand operand(Call.Number number, DType compute) {
    DType dtype = compute.isFloatingPoint() && compute != DType.DOUBLE ? DType.FLOAT : compute;
    MemorySegment data = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
    if (dtype.isFloatingPoint()) {
      Elements.of(data, dtype).setDouble(0, number.real());
    } else {
      Elements.of(data, dtype).setLong(0, number.integer());
    }
    return new Operand(data.asSlice(0, dtype.byteSize()), dtype, Shape.SCALAR);
  }

  private record Binary(Result result, String left, String right, Rule rule) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      DType compute = compute(call);
      Functions functions = rule.functions(call, compute);
      if (compute.isFloatingPoint() ? functions.real() == null : functions.integer() == null) {
        throw new KernelException("tensors of " + Promotion.name(compute) + " are not taken");
      }
      if (compute == DType.BOOL && call.node().name().startsWith("aten::floor_divide")) {
        throw new KernelException("bools are not divided");
      }
      if (compute == DType.UINT64 && !isOfBits(call.node().name())) {
        throw new KernelException("arithmetic with uint64");
      }
      return Dims.one(
          result == Result.BOOL ? DType.BOOL : compute,
          Broadcast.shape(shape(call, left), shape(call, right)));
    }

    /** True if signed longs give the bits that unsigned ones do. */
    private static boolean isOfBits(String operator) {
      return switch (operator) {
        case "aten::eq.Tensor",
            "aten::ne.Tensor",
            "aten::bitwise_and.Tensor",
            "aten::bitwise_or.Tensor",
            "aten::bitwise_xor.Tensor" ->
            true;
        default -> false;
      };
    }

    private DType compute(Call call) {
      DType promoted =
          isNumber(call, left)
              ? Promotion.resultType(List.of(call.type(right)), call.scalar(left))
              : isNumber(call, right)
                  ? Promotion.resultType(List.of(call.type(left)), call.scalar(right))
                  : Promotion.resultType(List.of(call.type(left), call.type(right)));
      return result == Result.FLOATING ? Promotion.floating(promoted) : promoted;
    }

    private static Shape shape(Call call, String parameter) {
      return isNumber(call, parameter) ? Shape.SCALAR : call.shape(parameter);
    }

    @Override
    public Step bind(BoundCall call) {
      DType compute = compute(call);
      Operand b = operand(call, right, compute);
      return BinaryKernels.bind(
          rule.functions(call, compute),
          operand(call, left, compute),
          b,
          call.output(0),
          compute,
          b.shape());
    }

    private static Operand operand(BoundCall call, String parameter, DType compute) {
      return isNumber(call, parameter)
          ? BinaryKernels.operand(call.scalar(parameter), compute)
          : call.input(parameter);
    }

    @Override
    public @Nullable String overwrites() {
      return left;
    }
  }

  /** {@code div.Tensor_mode}: true division, or rounded by {@code rounding_mode}. */
  private record DivMode() implements Kernel {
    private static final Kernel TRUE =
        binary(
            Result.FLOATING,
            (call, dtype) -> new Functions(FloatLoops::div, null, (a, b) -> a / b, null));
    private static final Kernel FLOOR = binary(Result.PROMOTED, (call, dtype) -> floorDivide());
    private static final Kernel TRUNC =
        binary(
            Result.PROMOTED,
            (call, dtype) ->
                new Functions(
                    null,
                    (a, b) -> (float) Reals.trunc(a / b),
                    (a, b) -> Reals.trunc(a / b),
                    (a, b) -> a / divisor(b)));

    private static Kernel of(Call call) {
      String mode = call.text("rounding_mode", "none");
      return switch (mode) {
        case "none" -> TRUE;
        case "floor" -> FLOOR;
        case "trunc" -> TRUNC;
        default -> throw new KernelException("rounding_mode is none, floor or trunc, not " + mode);
      };
    }

    @Override
    public List<TensorType> infer(Call call) {
      return of(call).infer(call);
    }

    @Override
    public Step bind(BoundCall call) {
      return of(call).bind(call);
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code prelu(Tensor self, Tensor weight)}: one weight, or one for each channel. */
  private record Prelu() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      TensorType weight = call.type("weight");
      int rank = self.shape().rank();
      long channels = rank > 1 ? self.shape().size(1) : 1;
      if (weight.dtype() != self.dtype() || !self.dtype().isFloatingPoint()) {
        throw new KernelException("self and weight are of one real dtype");
      }
      if (weight.shape().rank() > 1
          || (weight.shape().numel() != 1 && weight.shape().numel() != channels)) {
        throw new KernelException(
            "weight has shape " + weight.shape() + ", expected 1 or " + channels + " elements");
      }
      return List.of(self);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand weight = call.input("weight");
      int[] sizes = new int[Math.max(self.shape().rank() - 1, 0)]; // channels, then ones
      java.util.Arrays.fill(sizes, 1);
      if (sizes.length > 0) {
        sizes[0] = (int) weight.shape().numel();
      }
      return BinaryKernels.bind(
          prelu().functions(call, self.dtype()),
          self,
          weight,
          call.output(0),
          self.dtype(),
          Shape.of(sizes));
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }
}
