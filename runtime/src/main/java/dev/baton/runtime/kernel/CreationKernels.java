package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Tensors from nothing, and copies that cast. */
final class CreationKernels {
  private static final Call.Number ZERO = new Call.Number(Call.Number.Kind.INTEGER, 0, 0);
  private static final Call.Number ONE = new Call.Number(Call.Number.Kind.INTEGER, 1, 1);

  private CreationKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::full" -> filled(call -> call.scalar("fill_value"));
      case "aten::zeros", "aten::empty.memory_format", "dim_order_ops::_empty_dim_order" ->
          filled(call -> ZERO);
      case "aten::ones" -> filled(call -> ONE);
      case "aten::full_like" -> filledLike(call -> call.scalar("fill_value"));
      case "aten::zeros_like", "aten::empty_like" -> filledLike(call -> ZERO);
      case "aten::ones_like" -> filledLike(call -> ONE);
      case "aten::new_full" -> filledNew(call -> call.scalar("fill_value"));
      case "aten::new_zeros" -> filledNew(call -> ZERO);
      case "aten::new_ones" -> filledNew(call -> ONE);
      case "aten::scalar_tensor" ->
          new Filled(
              call -> new TensorType(Dims.dtype(call, DType.FLOAT), Shape.SCALAR, false),
              call -> call.scalar("s"));
      case "aten::fill.Scalar" ->
          new Filled(call -> call.type("self"), call -> call.scalar("value"));
      case "aten::fill.Tensor" ->
          new Cast(
              "value",
              call -> {
                if (call.shape("value").rank() != 0) {
                  throw new KernelException("expected one value, not " + call.type("value"));
                }
                return call.type("self");
              });
      case "aten::copy" -> new Cast("src", call -> call.type("self"));
      case "quantized_decomposed::convert_element_type.no_fuse" ->
          new Cast(
              "input",
              call ->
                  new TensorType(
                      Dims.dtype(call, call.type("input").dtype()), call.shape("input"), false));
      case "aten::_to_copy", "dim_order_ops::_to_dim_order_copy" ->
          new Cast(
              "self",
              call ->
                  new TensorType(
                      Dims.dtype(call, call.type("self").dtype()), call.shape("self"), false));
      case "aten::arange", "aten::arange.start_step" -> new Arange();
      case "aten::eye", "aten::eye.m" -> new Eye();
      case "aten::tril_indices" -> new TriangleIndices(true);
      case "aten::triu_indices" -> new TriangleIndices(false);
      case "aten::rand", "aten::rand_like" -> new Random(false);
      case "aten::randn", "aten::randn_like" -> new Random(true);
      case "aten::randint",
          "aten::randint.low",
          "aten::randint_like",
          "aten::randint_like.low_dtype" ->
          new RandomIntegers();
      case "aten::randperm" -> new RandomPermutation();
      default -> null;
    };
  }

  private static Kernel filled(Function<Call, Call.Number> value) {
    return new Filled(
        call ->
            new TensorType(
                Dims.dtype(call, standard(value.apply(call), call)),
                Dims.shape(call.integers("size")),
                false),
        value);
  }

  /** The dtype of {@code full} follows its value; all others are float32. */
  private static DType standard(Call.Number value, Call call) {
    return call.node().name().equals("aten::full") ? Promotion.of(value) : DType.FLOAT;
  }

  private static Kernel filledLike(Function<Call, Call.Number> value) {
    return new Filled(
        call ->
            new TensorType(Dims.dtype(call, call.type("self").dtype()), call.shape("self"), false),
        value);
  }

  private static Kernel filledNew(Function<Call, Call.Number> value) {
    return new Filled(
        call ->
            new TensorType(
                Dims.dtype(call, call.type("self").dtype()),
                Dims.shape(call.integers("size")),
                false),
        value);
  }

  /** Writes a number to every element. */
  static Step fill(Operand out, Call.Number number) {
    if (out.dtype().isComplex()) {
      return ComplexKernels.fill(out, number.real());
    }
    Operand one = BinaryKernels.operand(number, out.dtype());
    long n = out.shape().numel();
    MemorySegment y = out.data();
    if (n == 0) {
      return () -> {};
    }
    // The value in the result's own dtype, of which the step writes the bits.
    MemorySegment cell = java.lang.foreign.Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
    convert(Elements.of(one), one.dtype(), Elements.of(cell, out.dtype()), 1).run();
    return switch (out.dtype().byteSize()) {
      case 1 -> {
        byte bits = cell.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
        yield () -> y.fill(bits);
      }
      case 2 -> {
        short bits = cell.get(JAVA_SHORT, 0);
        yield () -> {
          for (long i = 0; i < n; i++) {
            y.setAtIndex(JAVA_SHORT, i, bits);
          }
        };
      }
      case 4 -> {
        int bits = cell.get(JAVA_INT, 0);
        yield () -> {
          for (long i = 0; i < n; i++) {
            y.setAtIndex(JAVA_INT, i, bits);
          }
        };
      }
      default -> {
        long bits = cell.get(JAVA_LONG, 0);
        yield () -> {
          for (long i = 0; i < n; i++) {
            y.setAtIndex(JAVA_LONG, i, bits);
          }
        };
      }
    };
  }

  /** Casts the first n elements. */
  static Step convert(Elements from, DType source, Elements to, long n) {
    return source.isFloatingPoint()
        ? () -> {
          for (long i = 0; i < n; i++) {
            to.setDouble(i, from.getDouble(i));
          }
        }
        : source == DType.UINT64
            ? () -> {
              for (long i = 0; i < n; i++) {
                to.setDouble(i, from.getDouble(i));
              }
            }
            : () -> {
              for (long i = 0; i < n; i++) {
                to.setLong(i, from.getLong(i));
              }
            };
  }

  private record Filled(Function<Call, TensorType> type, Function<Call, Call.Number> value)
      implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType result = type.apply(call);
      Promotion.fit(value.apply(call), result.dtype());
      return List.of(result);
    }

    @Override
    public Step bind(BoundCall call) {
      return fill(call.output(0), value.apply(call));
    }
  }

  /** A tensor in another dtype, broadcast to a shape. */
  private record Cast(String source, Function<Call, TensorType> type) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType result = type.apply(call);
      if (!Broadcast.shape(call.shape(source), result.shape()).equals(result.shape())) {
        throw new KernelException(call.shape(source) + " does not broadcast to " + result.shape());
      }
      return List.of(result);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand from = call.input(source);
      Operand to = call.output(0);
      if (from.shape().numel() == to.shape().numel()) {
        return from.dtype() == to.dtype()
            ? LayoutKernels.copy(from, to)
            : from.dtype().isComplex() || to.dtype().isComplex()
                ? ComplexKernels.convert(from, to)
                : convert(Elements.of(from), from.dtype(), Elements.of(to), to.shape().numel());
      }
      if (to.shape().numel() == 0) {
        return () -> {};
      }
      Broadcast walk = new Broadcast(to.shape(), from.shape());
      Elements x = Elements.of(from);
      Elements y = Elements.of(to);
      boolean real = from.dtype().isFloatingPoint();
      return () -> {
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            long i = walk.at(0) + t * walk.step(0);
            if (real) {
              y.setDouble(walk.out() + t, x.getDouble(i));
            } else {
              y.setLong(walk.out() + t, x.getLong(i));
            }
          }
        } while (walk.next());
      };
    }

    @Override
    public boolean isView(Call call) {
      return source.equals("self") && type.apply(call).dtype() == call.type("self").dtype();
    }
  }

  /** {@code arange(end)}, {@code arange.start_step(start, end, step=1)}. */
  private record Arange() implements Kernel {
    private static Call.Number number(Call call, String parameter, Call.Number otherwise) {
      return call.node().operator().has(parameter) ? call.scalar(parameter) : otherwise;
    }

    @Override
    public List<TensorType> infer(Call call) {
      Call.Number start = number(call, "start", ZERO);
      Call.Number end = call.scalar("end");
      Call.Number step = number(call, "step", ONE);
      boolean real =
          start.kind() == Call.Number.Kind.REAL
              || end.kind() == Call.Number.Kind.REAL
              || step.kind() == Call.Number.Kind.REAL;
      double length = (end.real() - start.real()) / step.real();
      if (step.real() == 0 || !(length >= 0)) {
        throw new KernelException(
            "no range from " + start.real() + " to " + end.real() + " by " + step.real());
      }
      return Dims.one(
          Dims.dtype(call, real ? DType.FLOAT : DType.INT64), Dims.shape((long) Math.ceil(length)));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      Elements y = Elements.of(out);
      long n = out.shape().numel();
      Call.Number start = number(call, "start", ZERO);
      Call.Number step = number(call, "step", ONE);
      if (out.dtype().isFloatingPoint()) {
        double first = start.real();
        double by = step.real();
        return () -> {
          for (long i = 0; i < n; i++) {
            y.setDouble(i, first + i * by);
          }
        };
      }
      long first = start.integer();
      long by = step.integer();
      return () -> {
        for (long i = 0; i < n; i++) {
          y.setLong(i, first + i * by);
        }
      };
    }
  }

  private record Eye() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      long n = call.integer("n");
      long m = call.node().operator().has("m") ? call.integer("m") : n;
      return Dims.one(Dims.dtype(call, DType.FLOAT), Dims.shape(n, m));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      Elements y = Elements.of(out);
      long columns = out.shape().size(1);
      long n = Math.min(out.shape().size(0), columns);
      return () -> {
        out.data().fill((byte) 0);
        for (long i = 0; i < n; i++) {
          y.setLong(i * columns + i, 1);
        }
      };
    }
  }

  private static boolean isLike(Call call) {
    return call.node().operator().has("self");
  }

  private static DType like(Call call, DType otherwise) {
    return isLike(call) ? call.type("self").dtype() : otherwise;
  }

  private static Shape randomShape(Call call) {
    return isLike(call) ? call.shape("self") : Dims.shape(call.integers("size"));
  }

  /** {@code randint(low=0, high, size)}: of {@link RandomNumbers}, integers of low … high − 1. */
  private record RandomIntegers() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      if (low(call) >= call.integer("high")) {
        throw new KernelException(
            "no integers from " + low(call) + " below " + call.integer("high"));
      }
      return Dims.one(Dims.dtype(call, like(call, DType.INT64)), randomShape(call));
    }

    private static long low(Call call) {
      return call.node().operator().has("low") ? call.integer("low") : 0;
    }

    @Override
    public Step bind(BoundCall call) {
      Elements y = Elements.of(call.output(0));
      long n = call.output(0).shape().numel();
      long low = low(call);
      double range = (double) call.integer("high") - low;
      RandomNumbers random = call.random();
      return () -> {
        random.next();
        for (long i = 0; i < n; i++) {
          y.setLong(i, low + (long) (random.uniform(i, 53) * range));
        }
      };
    }
  }

  /** {@code randperm(n)}: of {@link RandomNumbers}, each of 0 … n − 1 once. */
  private record RandomPermutation() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      return Dims.one(Dims.dtype(call, DType.INT64), Dims.shape(call.integer("n")));
    }

    @Override
    public Step bind(BoundCall call) {
      Elements y = Elements.of(call.output(0));
      long n = call.output(0).shape().numel();
      RandomNumbers random = call.random();
      return () -> {
        random.next();
        for (long i = 0; i < n; i++) {
          long j = (long) (random.uniform(i, 53) * (i + 1));
          y.setLong(i, y.getLong(j));
          y.setLong(j, i);
        }
      };
    }
  }

  /**
   * {@code tril_indices(row, col, offset)} and {@code triu_indices}: rows and columns of a
   * triangle's elements, [2, count].
   */
  private record TriangleIndices(boolean lower) implements Kernel {
    private long count(Call call) {
      long rows = call.integer("row");
      long columns = call.integer("col");
      long offset = offset(call);
      return lower
          ? triangle(rows + offset, columns) - triangle(offset, columns)
          : rows * columns - triangle(rows + offset - 1, columns) + triangle(offset - 1, columns);
    }

    /** Elements of rows of 1, 2, … and at most so many columns. */
    private static long triangle(long rows, long columns) {
      long growing = Math.clamp(rows, 0, columns);
      return growing * (growing + 1) / 2 + Math.max(0, rows - columns) * columns;
    }

    /** The diagonal; one beyond the matrix is as good as any other beyond it. */
    private static long offset(Call call) {
      return Math.clamp(call.integer("offset"), -call.integer("row") - 1, call.integer("col") + 1);
    }

    private long from(Call call, long row) {
      return lower ? 0 : Math.clamp(row + offset(call), 0, call.integer("col"));
    }

    private long to(Call call, long row) {
      long columns = call.integer("col");
      return lower ? Math.clamp(row + offset(call) + 1, 0, columns) : columns;
    }

    @Override
    public List<TensorType> infer(Call call) {
      Dims.shape(call.integer("row"), call.integer("col"));
      return Dims.one(Dims.dtype(call, DType.INT64), Dims.shape(2, count(call)));
    }

    @Override
    public Step bind(BoundCall call) {
      Elements y = Elements.of(call.output(0));
      long count = call.output(0).shape().size(1);
      long rows = call.integer("row");
      long offset = offset(call);
      long first = lower ? Math.clamp(-offset, 0, rows) : 0;
      long end = lower ? rows : Math.clamp(call.integer("col") - offset, 0, rows);
      return () -> {
        long k = 0;
        for (long r = first; k < count && r < end; r++) {
          for (long c = from(call, r); c < to(call, r); c++) {
            y.setLong(k, r);
            y.setLong(count + k++, c);
          }
        }
      };
    }
  }

  /** {@code rand} and {@code randn}, as {@link RandomNumbers} are. */
  record Random(boolean normal) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      DType dtype = Dims.dtype(call, like(call, DType.FLOAT));
      if (!dtype.isFloatingPoint()) {
        throw new KernelException("random numbers are real, not " + Promotion.name(dtype));
      }
      return Dims.one(dtype, randomShape(call));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      Elements y = Elements.of(out);
      long n = out.shape().numel();
      int bits =
          switch (out.dtype()) {
            case DOUBLE -> 53;
            case FLOAT -> 24;
            case HALF -> 11;
            default -> 8;
          };
      RandomNumbers random = call.random();
      return normal
          ? () -> {
            random.next();
            for (long i = 0; i < n; i++) {
              y.setDouble(i, random.normal(i));
            }
          }
          : () -> {
            random.next();
            for (long i = 0; i < n; i++) {
              y.setDouble(i, random.uniform(i, bits));
            }
          };
    }
  }
}
