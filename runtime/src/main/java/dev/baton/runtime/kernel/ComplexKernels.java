package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operators over complex tensors, whose elements are two neighbouring numbers. All are computed in
 * double. What moves elements without looking at them takes complex tensors as any others; what
 * neither moves nor is here refuses them.
 */
final class ComplexKernels {
  /** Operators whose kernel for other dtypes copies bytes, or converts complex numbers itself. */
  private static final Set<String> MOVES =
      Set.of(
          "aten::_to_copy",
          "aten::alias_copy",
          "aten::as_strided_copy",
          "aten::cat",
          "aten::clone",
          "aten::contiguous",
          "aten::detach_copy",
          "aten::diagonal_copy",
          "aten::empty.memory_format",
          "aten::empty_like",
          "aten::expand",
          "aten::expand_copy",
          "aten::flatten.using_ints",
          "aten::flip",
          "aten::full",
          "aten::full_like",
          "aten::index_select",
          "aten::lift_fresh_copy",
          "aten::narrow_copy",
          "aten::new_full",
          "aten::new_ones",
          "aten::new_zeros",
          "aten::ones",
          "aten::ones_like",
          "aten::permute",
          "aten::permute_copy",
          "aten::repeat",
          "aten::reshape",
          "aten::roll",
          "aten::scalar_tensor",
          "aten::select.int",
          "aten::select_copy.int",
          "aten::slice.Tensor",
          "aten::slice_copy.Tensor",
          "aten::split_copy.Tensor",
          "aten::split_with_sizes_copy",
          "aten::squeeze.dim",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::stack",
          "aten::t_copy",
          "aten::transpose.int",
          "aten::transpose_copy.int",
          "aten::unbind_copy.int",
          "aten::unfold",
          "aten::unfold_copy",
          "aten::unsafe_split.Tensor",
          "aten::unsqueeze",
          "aten::unsqueeze_copy",
          "aten::view",
          "aten::view_copy",
          "aten::zeros",
          "aten::zeros_like",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_empty_dim_order",
          "dim_order_ops::_to_dim_order_copy",
          "et_copy::_d2h_copy",
          "et_copy::_h2d_copy",
          "executorch_prim::et_view");

  private ComplexKernels() {}

  /** Operators that take complex tensors only. */
  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::view_as_real_copy" ->
          new Plain(ComplexKernels::inferParts, ComplexKernels::bindParts);
      case "aten::view_as_complex_copy" ->
          new Plain(ComplexKernels::inferJoined, ComplexKernels::bindParts);
      case "aten::complex" ->
          new Plain(call -> inferPair(call, "real", "imag"), call -> bindPair(call, false));
      case "aten::polar" ->
          new Plain(call -> inferPair(call, "abs", "angle"), call -> bindPair(call, true));
      default -> null;
    };
  }

  /** The kernel of an operator for all dtypes, from the one for those that are not complex. */
  static Kernel with(String operator, Kernel kernel) {
    return MOVES.contains(operator) ? kernel : new Either(kernel, complex(operator));
  }

  private static @Nullable Kernel complex(String operator) {
    return switch (operator) {
      case "aten::neg" -> new Unary((re, im, to) -> set(to, -re, -im));
      case "aten::_conj_physical" -> new Unary((re, im, to) -> set(to, re, -im));
      case "aten::square" -> new Unary((re, im, to) -> multiply(re, im, re, im, to));
      case "aten::reciprocal" -> new Unary((re, im, to) -> divide(1, 0, re, im, to));
      case "aten::exp" ->
          new Unary((re, im, to) -> {
            double radius = StrictMath.exp(re);
            set(
                to,
                im == 0 ? radius : radius * StrictMath.cos(im),
                im == 0 ? im : radius * StrictMath.sin(im));
          });
      case "aten::abs" -> new Plain(ComplexKernels::inferAbs, ComplexKernels::bindAbs);
      case "aten::add.Tensor", "aten::add.Scalar" ->
          new Binary(
              (ar, ai, br, bi, alpha, to) -> set(to, ar + alpha * br, ai + alpha * bi), false);
      case "aten::sub.Tensor", "aten::sub.Scalar" ->
          new Binary(
              (ar, ai, br, bi, alpha, to) -> set(to, ar - alpha * br, ai - alpha * bi), false);
      case "aten::mul.Tensor", "aten::mul.Scalar", "aten::multiply.Tensor" ->
          new Binary((ar, ai, br, bi, alpha, to) -> multiply(ar, ai, br, bi, to), false);
      case "aten::div.Tensor", "aten::div.Scalar" ->
          new Binary((ar, ai, br, bi, alpha, to) -> divide(ar, ai, br, bi, to), false);
      case "aten::eq.Tensor", "aten::eq.Scalar" ->
          new Binary((ar, ai, br, bi, alpha, to) -> to[0] = ar == br && ai == bi ? 1 : 0, true);
      case "aten::ne.Tensor", "aten::ne.Scalar" ->
          new Binary((ar, ai, br, bi, alpha, to) -> to[0] = ar == br && ai == bi ? 0 : 1, true);
      case "aten::sum.dim_IntList", "aten::mean.dim" ->
          new Plain(ComplexKernels::inferSum, ComplexKernels::bindSum);
      case "aten::mm", "aten::bmm" ->
          new Plain(ComplexKernels::inferProduct, ComplexKernels::bindProduct);
      default -> null;
    };
  }

  /** One kernel for calls with a complex tensor, one for the others. */
  private record Either(Kernel other, @Nullable Kernel complex) implements Kernel {
    private Kernel of(Call call) {
      if (call.node().inputs().stream().noneMatch(Either::isComplex)) {
        return other;
      }
      if (complex == null) {
        throw new KernelException("no complex tensor is taken");
      }
      return complex;
    }

    private static boolean isComplex(Value value) {
      return value.isTensor() && value.tensorType().dtype().isComplex();
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
    public boolean isView(Call call) {
      return of(call).isView(call);
    }

    @Override
    public @Nullable String overwrites() {
      return other.overwrites();
    }

    @Override
    public boolean isDataDependent(Call call) {
      return of(call).isDataDependent(call);
    }
  }

  private static void set(double[] to, double re, double im) {
    to[0] = re;
    to[1] = im;
  }

  private static void multiply(double ar, double ai, double br, double bi, double[] to) {
    set(to, ar * br - ai * bi, ar * bi + ai * br);
  }

  /** Scaled by the larger part of the divisor, so that its square does not overflow. */
  private static void divide(double ar, double ai, double br, double bi, double[] to) {
    if (Math.abs(br) >= Math.abs(bi)) {
      if (br == 0 && bi == 0) {
        set(to, ar / Math.abs(br), ai / Math.abs(br));
        return;
      }
      double ratio = bi / br;
      double scale = 1 / (br + bi * ratio);
      set(to, (ar + ai * ratio) * scale, (ai - ar * ratio) * scale);
    } else {
      double ratio = br / bi;
      double scale = 1 / (bi + br * ratio);
      set(to, (ar * ratio + ai) * scale, (ai * ratio - ar) * scale);
    }
  }

  private interface One {
    void apply(double re, double im, double[] to);
  }

  private interface Two {
    void apply(double ar, double ai, double br, double bi, double alpha, double[] to);
  }

  private record Unary(One function) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      return List.of(call.type("self"));
    }

    @Override
    public Step bind(BoundCall call) {
      Elements x = Elements.parts(call.input("self"));
      Elements y = Elements.parts(call.output(0));
      long n = call.output(0).shape().numel();
      double[] to = new double[2];
      return () -> {
        for (long i = 0; i < n; i++) {
          function.apply(x.getDouble(2 * i), x.getDouble(2 * i + 1), to);
          y.setDouble(2 * i, to[0]);
          y.setDouble(2 * i + 1, to[1]);
        }
      };
    }
  }

  /** An operand of an operator that may mix complex numbers with others. */
  private record Numbers(Elements elements, boolean complex) {
    static Numbers of(Operand operand) {
      boolean complex = operand.dtype().isComplex();
      return new Numbers(complex ? Elements.parts(operand) : Elements.of(operand), complex);
    }

    double re(long i) {
      return elements.getDouble(complex ? 2 * i : i);
    }

    double im(long i) {
      return complex ? elements.getDouble(2 * i + 1) : 0;
    }
  }

  private record Binary(Two function, boolean comparison) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      if (scalar(call)) {
        return List.of(comparison ? new TensorType(DType.BOOL, self.shape(), false) : self);
      }
      TensorType other = call.type("other");
      DType dtype = Promotion.resultType(List.of(self, other));
      return Dims.one(
          comparison ? DType.BOOL : dtype, Broadcast.shape(self.shape(), other.shape()));
    }

    private static boolean scalar(Call call) {
      return call.node().name().endsWith(".Scalar");
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      if (out.shape().numel() == 0) {
        return () -> {};
      }
      Operand other =
          scalar(call)
              ? BinaryKernels.operand(call.scalar("other"), DType.DOUBLE)
              : call.input("other");
      double alpha = call.node().operator().has("alpha") ? call.number("alpha") : 1;
      Broadcast walk = new Broadcast(out.shape(), self.shape(), other.shape());
      Numbers a = Numbers.of(self);
      Numbers b = Numbers.of(other);
      Elements y = Elements.parts(out);
      double[] to = new double[2];
      return () -> {
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            long i = walk.at(0) + t * walk.step(0);
            long j = walk.at(1) + t * walk.step(1);
            function.apply(a.re(i), a.im(i), b.re(j), b.im(j), alpha, to);
            if (comparison) {
              y.setDouble(walk.out() + t, to[0]);
            } else {
              y.setDouble(2 * (walk.out() + t), to[0]);
              y.setDouble(2 * (walk.out() + t) + 1, to[1]);
            }
          }
        } while (walk.next());
      };
    }
  }

  private static List<TensorType> inferAbs(Call call) {
    TensorType self = call.type("self");
    return Dims.one(self.dtype().part(), self.shape());
  }

  private static Step bindAbs(BoundCall call) {
    Elements x = Elements.parts(call.input("self"));
    Elements y = Elements.of(call.output(0));
    long n = call.output(0).shape().numel();
    return () -> {
      for (long i = 0; i < n; i++) {
        y.setDouble(i, StrictMath.hypot(x.getDouble(2 * i), x.getDouble(2 * i + 1)));
      }
    };
  }

  /** {@code view_as_real_copy(Tensor self)}: a last dimension of 2. */
  private static List<TensorType> inferParts(Call call) {
    TensorType self = call.type("self");
    if (!self.dtype().isComplex()) {
      throw new KernelException("a complex tensor is expected, not " + self);
    }
    int[] sizes = java.util.Arrays.copyOf(self.shape().sizes(), self.shape().rank() + 1);
    sizes[sizes.length - 1] = 2;
    return Dims.one(self.dtype().part(), sizes);
  }

  private static List<TensorType> inferJoined(Call call) {
    TensorType self = call.type("self");
    int rank = self.shape().rank();
    if (!self.dtype().isFloatingPoint() || rank == 0 || self.shape().size(-1) != 2) {
      throw new KernelException("a real tensor with pairs in its rows is expected, not " + self);
    }
    return Dims.one(
        Promotion.complex(self.dtype()), java.util.Arrays.copyOf(self.shape().sizes(), rank - 1));
  }

  private static Step bindParts(BoundCall call) {
    var from = call.input("self").data();
    var to = call.output(0).data();
    return () -> to.copyFrom(from);
  }

  private static List<TensorType> inferPair(Call call, String first, String second) {
    TensorType a = call.type(first);
    TensorType b = call.type(second);
    if (a.dtype() != b.dtype() || !a.dtype().isFloatingPoint() || a.dtype() == DType.BFLOAT16) {
      throw new KernelException("two real tensors of one dtype are expected");
    }
    return Dims.one(Promotion.complex(a.dtype()), Broadcast.shape(a.shape(), b.shape()));
  }

  private static Step bindPair(BoundCall call, boolean polar) {
    Operand a = call.input(polar ? "abs" : "real");
    Operand b = call.input(polar ? "angle" : "imag");
    Operand out = call.output(0);
    if (out.shape().numel() == 0) {
      return () -> {};
    }
    Broadcast walk = new Broadcast(out.shape(), a.shape(), b.shape());
    Elements x = Elements.of(a);
    Elements y = Elements.of(b);
    Elements z = Elements.parts(out);
    return () -> {
      walk.start();
      do {
        for (long t = 0; t < walk.run(); t++) {
          double first = x.getDouble(walk.at(0) + t * walk.step(0));
          double second = y.getDouble(walk.at(1) + t * walk.step(1));
          long k = 2 * (walk.out() + t);
          z.setDouble(k, polar ? first * StrictMath.cos(second) : first);
          z.setDouble(k + 1, polar ? first * StrictMath.sin(second) : second);
        }
      } while (walk.next());
    };
  }

  private static List<TensorType> inferSum(Call call) {
    TensorType self = call.type("self");
    boolean[] reduced = Reduction.dims(call, "dim", self.shape().rank());
    DType dtype = Dims.dtype(call, self.dtype());
    if (!dtype.isComplex()) {
      throw new KernelException("the sum of complex numbers is complex");
    }
    return Dims.one(dtype, Reduction.shape(self.shape(), reduced, call.bool("keepdim")));
  }

  private static Step bindSum(BoundCall call) {
    Shape shape = call.shape("self");
    Reduction groups = new Reduction(shape, Reduction.dims(call, "dim", shape.rank()));
    Elements x = Elements.parts(call.input("self"));
    Elements y = Elements.parts(call.output(0));
    double by = call.node().name().equals("aten::mean.dim") ? groups.count : 1;
    return () -> {
      for (long g = 0; g < groups.groups; g++) {
        double re = 0;
        double im = 0;
        for (long e = 0; e < groups.count; e++) {
          long at = groups.index(g, e);
          re += x.getDouble(2 * at);
          im += x.getDouble(2 * at + 1);
        }
        y.setDouble(2 * g, re / by);
        y.setDouble(2 * g + 1, im / by);
      }
    };
  }

  /** (…, m, k) by (…, k, n). */
  private static List<TensorType> inferProduct(Call call) {
    TensorType a = call.type("self");
    TensorType b = call.type("mat2");
    int rank = call.node().name().equals("aten::mm") ? 2 : 3;
    if (a.dtype() != b.dtype()
        || a.shape().rank() != rank
        || b.shape().rank() != rank
        || a.shape().size(-1) != b.shape().size(-2)
        || (rank == 3 && a.shape().size(0) != b.shape().size(0))) {
      throw new KernelException("no matrix product of " + a + " with " + b);
    }
    return Dims.one(a.dtype(), Dims.with(a.shape(), rank - 1, b.shape().size(-1)));
  }

  private static Step bindProduct(BoundCall call) {
    Shape shape = call.output(0).shape();
    Elements a = Elements.parts(call.input("self"));
    Elements b = Elements.parts(call.input("mat2"));
    Elements c = Elements.parts(call.output(0));
    int n = shape.size(-1);
    int k = call.shape("self").size(-1);
    int m = shape.size(-2);
    return () -> {
      for (long i = 0; i < shape.numel(); i++) {
        long row = i / n * k;
        long column = i / ((long) m * n) * k * n + i % n;
        double re = 0;
        double im = 0;
        for (int e = 0; e < k; e++) {
          long x = 2 * (row + e);
          long y = 2 * (column + (long) e * n);
          double ar = a.getDouble(x);
          double ai = a.getDouble(x + 1);
          double br = b.getDouble(y);
          double bi = b.getDouble(y + 1);
          re += ar * br - ai * bi;
          im += ar * bi + ai * br;
        }
        c.setDouble(2 * i, re);
        c.setDouble(2 * i + 1, im);
      }
    };
  }

  /** Casts where one side at least is complex: a real number has no imaginary part. */
  static Step convert(Operand from, Operand to) {
    Numbers x = Numbers.of(from);
    Elements y = Elements.parts(to);
    boolean complex = to.dtype().isComplex();
    long n = to.shape().numel();
    return () -> {
      for (long i = 0; i < n; i++) {
        if (complex) {
          y.setDouble(2 * i, x.re(i));
          y.setDouble(2 * i + 1, x.im(i));
        } else {
          y.setDouble(i, x.re(i));
        }
      }
    };
  }

  /** Writes a real number to every element of a complex tensor. */
  static Step fill(Operand to, double value) {
    Elements y = Elements.parts(to);
    long n = to.shape().numel();
    return () -> {
      for (long i = 0; i < n; i++) {
        y.setDouble(2 * i, value);
        y.setDouble(2 * i + 1, 0);
      }
    };
  }
}
