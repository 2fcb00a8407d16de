package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Elementwise operators of three tensors, broadcast to each other. */
final class TernaryKernels {
  private TernaryKernels() {}

  @FunctionalInterface
  private interface Real {
    double apply(double a, double b, double c);
  }

  @FunctionalInterface
  private interface Integer {
    long apply(long a, long b, long c);
  }

  /**
   * What an operator computes, its numbers filled in.
   *
   * @param real in double
   * @param single in float: for float32, half and bfloat16
   * @param integer null if integers are refused
   */
  private record Functions(Real real, Real single, @Nullable Integer integer) {}

  @FunctionalInterface
  private interface Rule {
    Functions functions(Call call, DType compute);
  }

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::where.self" -> new Where();
      case "aten::masked_fill.Scalar", "aten::masked_fill.Tensor" -> new MaskedFill();
      case "aten::clamp.Tensor" -> new ClampTensor();
      case "aten::lerp.Scalar", "aten::lerp.Tensor" ->
          new Ternary("end", "weight", TernaryKernels::lerp);
      case "aten::addcmul" -> new Ternary("tensor1", "tensor2", TernaryKernels::addcmul);
      case "aten::addcdiv" -> new Ternary("tensor1", "tensor2", TernaryKernels::addcdiv);
      case "aten::glu" -> new Glu();
      default -> null;
    };
  }

  private static Functions lerp(Call call, DType compute) {
    return new Functions(
        (a, b, w) -> Math.abs(w) < 0.5 ? a + w * (b - a) : b - (b - a) * (1 - w),
        (a, b, w) -> {
          float start = (float) a;
          float end = (float) b;
          float weight = (float) w;
          return Math.abs(weight) < 0.5f
              ? start + weight * (end - start)
              : end - (end - start) * (1 - weight);
        },
        null);
  }

  private static Functions addcmul(Call call, DType compute) {
    Call.Number value = call.scalar("value");
    double real = value.real();
    float single = (float) real;
    return new Functions(
        (a, b, c) -> a + real * b * c,
        (a, b, c) -> (float) a + single * (float) b * (float) c,
        (a, b, c) -> a + value.integer() * b * c);
  }

  private static Functions addcdiv(Call call, DType compute) {
    double real = call.number("value");
    float single = (float) real;
    return new Functions(
        (a, b, c) -> a + real * b / c,
        (a, b, c) -> (float) a + single * (float) b / (float) c,
        null);
  }

  private static Step bind(
      Functions functions, Operand a, Operand b, Operand c, Operand out, DType compute) {
    if (out.shape().numel() == 0) {
      return () -> {};
    }
    Broadcast walk = new Broadcast(out.shape(), a.shape(), b.shape(), c.shape());
    Elements y = Elements.of(out);
    Integer integer = functions.integer();
    if (!compute.isFloatingPoint() && integer != null) {
      Elements x0 = Elements.as(a, compute);
      Elements x1 = Elements.as(b, compute);
      Elements x2 = Elements.as(c, compute);
      return () -> {
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            y.setLong(
                walk.out() + t,
                integer.apply(
                    x0.getLong(walk.at(0) + t * walk.step(0)),
                    x1.getLong(walk.at(1) + t * walk.step(1)),
                    x2.getLong(walk.at(2) + t * walk.step(2))));
          }
        } while (walk.next());
      };
    }
    DType operands = compute == DType.DOUBLE ? DType.DOUBLE : DType.FLOAT;
    Real real = compute == DType.DOUBLE ? functions.real() : functions.single();
    Elements x0 = Elements.as(a, operands);
    Elements x1 = Elements.as(b, operands);
    Elements x2 = Elements.as(c, operands);
    return () -> {
      walk.start();
      do {
        for (long t = 0; t < walk.run(); t++) {
          y.setDouble(
              walk.out() + t,
              real.apply(
                  x0.getDouble(walk.at(0) + t * walk.step(0)),
                  x1.getDouble(walk.at(1) + t * walk.step(1)),
                  x2.getDouble(walk.at(2) + t * walk.step(2))));
        }
      } while (walk.next());
    };
  }

  /** {@code op(self, second, third)} in the promoted dtype. */
  private record Ternary(String second, String third, Rule rule) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      DType compute = compute(call);
      if (!compute.isFloatingPoint() && rule.functions(call, compute).integer() == null) {
        throw new KernelException("tensors of " + Promotion.name(compute) + " are not taken");
      }
      Shape last = BinaryKernels.isNumber(call, third) ? Shape.SCALAR : call.shape(third);
      return Dims.one(compute, Broadcast.shape(call.shape("self"), call.shape(second), last));
    }

    private DType compute(Call call) {
      List<TensorType> tensors = new ArrayList<>(List.of(call.type("self"), call.type(second)));
      if (!BinaryKernels.isNumber(call, third)) {
        tensors.add(call.type(third));
      }
      return Promotion.resultType(tensors);
    }

    @Override
    public Step bind(BoundCall call) {
      DType compute = compute(call);
      Operand last =
          BinaryKernels.isNumber(call, third)
              ? BinaryKernels.operand(call.scalar(third), compute)
              : call.input(third);
      return TernaryKernels.bind(
          rule.functions(call, compute),
          call.input("self"),
          call.input(second),
          last,
          call.output(0),
          compute);
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None)}. */
  private record ClampTensor() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      if (call.isNone("min") && call.isNone("max")) {
        throw new KernelException("clamp needs min or max");
      }
      List<TensorType> tensors = new ArrayList<>(List.of(call.type("self")));
      for (String bound : List.of("min", "max")) {
        if (!call.isNone(bound)) {
          tensors.add(call.type(bound));
        }
      }
      return Dims.one(
          Promotion.resultType(tensors),
          Broadcast.shape(tensors.stream().map(TensorType::shape).toArray(Shape[]::new)));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      Operand min = call.inputOrNull("min");
      Operand max = call.inputOrNull("max");
      Operand self = call.input("self");
      Real lower = min == null ? (x, low, high) -> x : (x, low, high) -> Math.max(x, low);
      Real both = max == null ? lower : (x, low, high) -> Math.min(lower.apply(x, low, high), high);
      Integer lowerLong = min == null ? (x, low, high) -> x : (x, low, high) -> Math.max(x, low);
      Integer bothLong =
          max == null ? lowerLong : (x, low, high) -> Math.min(lowerLong.apply(x, low, high), high);
      return TernaryKernels.bind(
          new Functions(both, both, bothLong),
          self,
          min == null ? self : min,
          max == null ? self : max,
          out,
          out.dtype());
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code where.self(Tensor condition, Tensor self, Tensor other)}. */
  private record Where() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      requireMask(call.type("condition").dtype());
      return Dims.one(
          Promotion.resultType(List.of(call.type("self"), call.type("other"))),
          Broadcast.shape(call.shape("condition"), call.shape("self"), call.shape("other")));
    }

    @Override
    public Step bind(BoundCall call) {
      return select(
          call.input("condition"), call.input("self"), call.input("other"), call.output(0));
    }
  }

  private static void requireMask(DType dtype) {
    if (dtype != DType.BOOL && dtype != DType.UINT8) {
      throw new KernelException("a mask is of bools, not of " + Promotion.name(dtype));
    }
  }

  private static Step select(Operand condition, Operand yes, Operand no, Operand out) {
    if (out.shape().numel() == 0) {
      return () -> {};
    }
    Broadcast walk = new Broadcast(out.shape(), condition.shape(), yes.shape(), no.shape());
    MemorySegment mask = condition.data();
    DType dtype = out.dtype();
    if (dtype == yes.dtype() && dtype == no.dtype() && dtype.byteSize() == Float.BYTES) {
      MemorySegment a = yes.data();
      MemorySegment b = no.data();
      MemorySegment y = out.data();
      return () -> {
        walk.start();
        do {
          select(
              mask,
              walk.at(0),
              walk.step(0),
              a,
              walk.at(1),
              walk.step(1),
              b,
              walk.at(2),
              walk.step(2),
              y,
              walk.out(),
              walk.run());
        } while (walk.next());
      };
    }
    Elements a = Elements.as(yes, dtype);
    Elements b = Elements.as(no, dtype);
    Elements y = Elements.of(out);
    boolean real = dtype.isFloatingPoint();
    return () -> {
      walk.start();
      do {
        for (long t = 0; t < walk.run(); t++) {
          boolean take = mask.get(JAVA_BYTE, walk.at(0) + t * walk.step(0)) != 0;
          Elements from = take ? a : b;
          int input = take ? 1 : 2;
          long at = walk.at(input) + t * walk.step(input);
          if (real) {
            y.setDouble(walk.out() + t, from.getDouble(at));
          } else {
            y.setLong(walk.out() + t, from.getLong(at));
          }
        }
      } while (walk.next());
    };
  }

  private static void select(
      MemorySegment mask,
      long m,
      int dm,
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    for (long t = 0; t < n; t++) {
      int yes = a.getAtIndex(JAVA_INT, i + t * da);
      int no = b.getAtIndex(JAVA_INT, j + t * db);
      y.setAtIndex(JAVA_INT, k + t, mask.get(JAVA_BYTE, m + t * dm) != 0 ? yes : no);
    }
  }

  /** {@code masked_fill(Tensor self, Tensor mask, value)}: the dtype is self's. */
  private record MaskedFill() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      requireMask(call.type("mask").dtype());
      TensorType self = call.type("self");
      if (!BinaryKernels.isNumber(call, "value")) {
        if (call.shape("value").rank() != 0) {
          throw new KernelException("value has shape " + call.shape("value") + ", expected rank 0");
        }
      } else {
        Promotion.fit(call.scalar("value"), self.dtype());
      }
      return Dims.one(self.dtype(), Broadcast.shape(self.shape(), call.shape("mask")));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand value =
          BinaryKernels.isNumber(call, "value")
              ? BinaryKernels.operand(call.scalar("value"), self.dtype())
              : call.input("value");
      return select(call.input("mask"), value, self, call.output(0));
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /** {@code glu(Tensor self, int dim=-1)}: the first half times the sigmoid of the second. */
  private record Glu() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      Shape shape = self.shape();
      int dim = Dims.wrap(call.integer("dim"), shape.rank());
      if (shape.rank() == 0 || shape.size(dim) % 2 != 0 || !self.dtype().isFloatingPoint()) {
        throw new KernelException("glu halves a dimension of even size of a real tensor: " + self);
      }
      return Dims.one(self.dtype(), Dims.with(shape, dim, shape.size(dim) / 2));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      int dim = Dims.wrap(call.integer("dim"), self.shape().rank());
      long half = Dims.product(self.shape(), dim, self.shape().rank()) / 2;
      long outer = Dims.product(self.shape(), 0, dim);
      Elements x = Elements.of(self);
      Elements y = Elements.of(call.output(0));
      return () -> {
        for (long o = 0; o < outer; o++) {
          for (long i = 0; i < half; i++) {
            double gate = x.getDouble((2 * o + 1) * half + i);
            y.setDouble(o * half + i, x.getDouble(2 * o * half + i) * Reals.sigmoid(gate));
          }
        }
      };
    }
  }
}
