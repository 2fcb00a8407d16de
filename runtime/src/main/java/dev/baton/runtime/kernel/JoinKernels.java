package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tensors put together along a dimension. */
final class JoinKernels {
  private JoinKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::cat" -> new Cat();
      case "aten::stack" -> new Stack();
      default -> null;
    };
  }

  /** Copies a tensor, cast if need be, to its places along a dimension of the result. */
  private static Step part(Operand from, Operand to, int dim, long at, int length) {
    Layout target = Layout.of(to.shape()).slice(dim, at, length, 1);
    if (from.dtype() == to.dtype()) {
      Layout source = new Layout(target.sizes(), 0, target.shape().contiguousStrides());
      return new StridedCopy(from.data(), source, to.data(), target, to.dtype().byteSize());
    }
    long inner = Dims.product(to.shape(), dim + 1, to.shape().rank());
    long outer = Dims.product(to.shape(), 0, dim);
    long chunk = length * inner;
    long row = to.shape().size(dim) * inner;
    Elements x = Elements.of(from);
    Elements y = Elements.of(to);
    boolean real = from.dtype().isFloatingPoint();
    return () -> {
      for (long o = 0; o < outer; o++) {
        for (long i = 0; i < chunk; i++) {
          long k = o * row + at * inner + i;
          if (real) {
            y.setDouble(k, x.getDouble(o * chunk + i));
          } else {
            y.setLong(k, x.getLong(o * chunk + i));
          }
        }
      }
    };
  }

  /** {@code cat(Tensor[] tensors, int dim=0)}; tensors of shape [0] are passed over. */
  private record Cat() implements Kernel {
    private static boolean isNothing(Shape shape) {
      return shape.rank() == 1 && shape.size(0) == 0;
    }

    @Override
    public List<TensorType> infer(Call call) {
      List<TensorType> tensors = call.types("tensors");
      if (tensors.isEmpty()) {
        throw new KernelException("cat of no tensors");
      }
      DType dtype = Promotion.resultType(tensors);
      Shape first = null;
      for (TensorType tensor : tensors) {
        if (first == null || isNothing(first)) {
          first = tensor.shape();
        }
      }
      if (first == null || first.rank() == 0) {
        throw new KernelException("tensors of rank 0 are not concatenated");
      }
      int dim = Dims.wrap(call.integer("dim"), first.rank());
      long length = 0;
      for (TensorType tensor : tensors) {
        Shape shape = tensor.shape();
        if (isNothing(shape) && first.rank() != 1) {
          continue;
        }
        if (shape.rank() != first.rank()
            || !Arrays.equals(Dims.with(shape, dim, 0), Dims.with(first, dim, 0))) {
          throw new KernelException(
              shape + " and " + first + " differ beside the dimension " + dim);
        }
        length += shape.size(dim);
      }
      return Dims.one(dtype, Dims.with(first, dim, Math.toIntExact(length)));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      int dim = Dims.wrap(call.integer("dim"), out.shape().rank());
      List<Step> steps = new ArrayList<>();
      long at = 0;
      for (Operand tensor : call.inputs("tensors")) {
        if (tensor != null && tensor.shape().rank() == out.shape().rank()) {
          int length = tensor.shape().size(dim);
          steps.add(part(tensor, out, dim, at, length));
          at += length;
        }
      }
      return LayoutKernels.sequence(steps.toArray(Step[]::new));
    }
  }

  /** {@code stack(Tensor[] tensors, int dim=0)}. */
  private record Stack() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      List<TensorType> tensors = call.types("tensors");
      if (tensors.isEmpty()) {
        throw new KernelException("stack of no tensors");
      }
      Shape shape = tensors.get(0).shape();
      for (TensorType tensor : tensors) {
        if (!tensor.shape().equals(shape)) {
          throw new KernelException(tensor.shape() + " is stacked on " + shape);
        }
      }
      int dim = Dims.wrap(call.integer("dim"), shape.rank() + 1);
      return Dims.one(
          Promotion.resultType(tensors), Layout.of(shape).insert(dim, tensors.size(), 0).shape());
    }

    @Override
    public Step bind(BoundCall call) {
      Operand out = call.output(0);
      int dim = Dims.wrap(call.integer("dim"), out.shape().rank());
      List<Step> steps = new ArrayList<>();
      for (Operand tensor : call.inputs("tensors")) {
        if (tensor != null) {
          steps.add(part(tensor, out, dim, steps.size(), 1));
        }
      }
      return LayoutKernels.sequence(steps.toArray(Step[]::new));
    }
  }
}
