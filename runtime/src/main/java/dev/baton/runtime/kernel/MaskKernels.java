package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators whose result is as large as their data says. */
final class MaskKernels {
  private MaskKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::nonzero", "aten::nonzero_static" -> new Nonzero();
      case "aten::masked_select" -> new MaskedSelect();
      case "aten::masked_scatter" -> new MaskedScatter();
      case "aten::repeat_interleave.Tensor" -> new RepeatInterleave();
      default -> null;
    };
  }

  private static void requireBools(Call call) {
    if (call.type("mask").dtype() != DType.BOOL) {
      throw new KernelException("mask is " + call.type("mask") + ", expected bools");
    }
  }

  /**
   * {@code nonzero(Tensor self)}: the index of each element that is not zero, [count, rank]. {@code
   * nonzero_static(Tensor self, SymInt size, int fill_value)}: the first size of them, and rows of
   * fill_value.
   */
  private record Nonzero() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      Shape self = call.shape("self");
      boolean varies = isDataDependent(call);
      Shape shape = Dims.shape(varies ? self.numel() : call.integer("size"), self.rank());
      return List.of(new TensorType(DType.INT64, shape, varies));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      int[] sizes = self.shape().sizes();
      int rank = sizes.length;
      long n = self.shape().numel();
      Elements x = Elements.of(self);
      Elements y = Elements.of(call.output(0));
      int[] result = {0, rank};
      boolean varies = isDataDependent(call);
      long rows = varies ? n : call.integer("size");
      long filling = varies ? 0 : call.integer("fill_value");
      return () -> {
        int count = 0;
        for (long i = 0; i < n && count < rows; i++) {
          if (x.getBool(i)) {
            long rest = i;
            for (int d = rank - 1; d >= 0; d--) {
              y.setLong((long) count * rank + d, rest % sizes[d]);
              rest /= sizes[d];
            }
            count++;
          }
        }
        if (varies) {
          result[0] = count;
          call.resize(0, result);
          return;
        }
        for (long i = (long) count * rank; i < rows * rank; i++) {
          y.setLong(i, filling);
        }
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return !call.node().operator().has("fill_value");
    }
  }

  /** {@code masked_select(Tensor self, Tensor mask)}: the elements where the mask is true. */
  private record MaskedSelect() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      requireBools(call);
      Shape both = Broadcast.shape(call.shape("self"), call.shape("mask"));
      return List.of(new TensorType(call.type("self").dtype(), Dims.shape(both.numel()), true));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand mask = call.input("mask");
      Shape both = Broadcast.shape(self.shape(), mask.shape());
      int[] result = {0};
      if (both.numel() == 0) {
        return () -> call.resize(0, result);
      }
      Broadcast walk = new Broadcast(both, self.shape(), mask.shape());
      MemorySegment x = self.data();
      MemorySegment m = mask.data();
      MemorySegment y = call.output(0).data();
      int bytes = self.dtype().byteSize();
      return () -> {
        int count = 0;
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            if (m.get(JAVA_BYTE, walk.at(1) + t * walk.step(1)) != 0) {
              long i = walk.at(0) + t * walk.step(0);
              MemorySegment.copy(x, i * bytes, y, (long) count++ * bytes, bytes);
            }
          }
        } while (walk.next());
        result[0] = count;
        call.resize(0, result);
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return true;
    }
  }

  /**
   * {@code masked_scatter(Tensor self, Tensor mask, Tensor source)}: the elements of the source, in
   * order, where the mask is true.
   */
  private record MaskedScatter() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      requireBools(call);
      TensorType self = call.type("self");
      if (call.type("source").dtype() != self.dtype()) {
        throw new KernelException("source is " + call.type("source") + ", self is " + self);
      }
      return Dims.one(self.dtype(), Broadcast.shape(self.shape(), call.shape("mask")));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand mask = call.input("mask");
      Operand source = call.input("source");
      Operand out = call.output(0);
      if (out.shape().numel() == 0) {
        return () -> {};
      }
      Broadcast walk = new Broadcast(out.shape(), self.shape(), mask.shape());
      MemorySegment x = self.data();
      MemorySegment m = mask.data();
      MemorySegment s = source.data();
      MemorySegment y = out.data();
      int bytes = out.dtype().byteSize();
      long available = source.shape().numel();
      return () -> {
        long used = 0;
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            long k = (walk.out() + t) * bytes;
            if (m.get(JAVA_BYTE, walk.at(1) + t * walk.step(1)) != 0) {
              if (used == available) {
                throw new KernelException("the mask is true more often than source has elements");
              }
              MemorySegment.copy(s, used++ * bytes, y, k, bytes);
            } else {
              MemorySegment.copy(x, (walk.at(0) + t * walk.step(0)) * bytes, y, k, bytes);
            }
          }
        } while (walk.next());
      };
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /**
   * {@code repeat_interleave.Tensor(Tensor repeats, SymInt? output_size=None)}: index i, repeats[i]
   * times. Without output_size the program must bound the result.
   */
  private record RepeatInterleave() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType repeats = call.type("repeats");
      if (repeats.shape().rank() != 1 || !repeats.dtype().isInteger()) {
        throw new KernelException("repeats is a vector of integers, not " + repeats);
      }
      Shape shape =
          call.isNone("output_size") ? bound(call) : Dims.shape(call.integer("output_size"));
      return List.of(new TensorType(repeats.dtype(), shape, isDataDependent(call)));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand repeats = call.input("repeats");
      Operand out = call.output(0);
      Elements x = Elements.of(repeats);
      Elements y = Elements.of(out);
      long n = repeats.shape().numel();
      long capacity = out.shape().numel();
      boolean resizes = isDataDependent(call);
      int[] result = {0};
      return () -> {
        long k = 0;
        for (long i = 0; i < n; i++) {
          long times = x.getLong(i);
          if (times < 0 || times > capacity - k) {
            throw new KernelException(
                "repeats[" + i + "] is " + times + ", the result has " + capacity + " elements");
          }
          for (long t = 0; t < times; t++) {
            y.setLong(k++, i);
          }
        }
        if (resizes) {
          result[0] = (int) k;
          call.resize(0, result);
        } else if (k != capacity) {
          throw new KernelException("output_size is " + capacity + ", repeats sum up to " + k);
        }
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return call.isNone("output_size");
    }
  }

  /** The first result's shape, where data decide it and the operands do not bound it. */
  static Shape bound(Call call) {
    return call.node().results().stream()
        .map(result -> result.shape())
        .findFirst()
        .orElseThrow(
            () -> new KernelException("the size of the result is neither given nor bounded"));
  }

  /** Sizes of part of a shape. */
  static Shape part(Shape shape, int from, int to) {
    return Shape.of(Arrays.copyOfRange(shape.sizes(), from, to));
  }
}
