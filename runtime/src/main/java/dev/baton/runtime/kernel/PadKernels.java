package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Borders around a tensor. A negative pad cuts elements off. */
final class PadKernels {
  private PadKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::constant_pad_nd" -> new ConstantPad();
      case "aten::reflection_pad1d" -> new EdgePad(1, PadKernels::reflect);
      case "aten::reflection_pad2d" -> new EdgePad(2, PadKernels::reflect);
      case "aten::reflection_pad3d" -> new EdgePad(3, PadKernels::reflect);
      case "aten::replication_pad1d" -> new EdgePad(1, PadKernels::replicate);
      case "aten::replication_pad2d" -> new EdgePad(2, PadKernels::replicate);
      case "aten::replication_pad3d" -> new EdgePad(3, PadKernels::replicate);
      default -> null;
    };
  }

  /** Pads come in pairs, before and after, for the last dimension first. */
  private static Shape padded(Shape self, long[] pads) {
    long[] sizes = Arrays.stream(self.sizes()).asLongStream().toArray();
    for (int i = 0; i < pads.length; i++) {
      int dim = sizes.length - 1 - i / 2;
      sizes[dim] = Math.addExact(sizes[dim], pads[i]);
    }
    return Dims.shape(sizes);
  }

  /** {@code constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0)}. */
  private record ConstantPad() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      long[] pads = call.integers("pad");
      if (pads.length % 2 != 0 || pads.length > 2 * self.shape().rank()) {
        throw new KernelException(pads.length + " pads of a tensor of rank " + self.shape().rank());
      }
      Promotion.fit(call.scalar("value"), self.dtype());
      return Dims.one(self.dtype(), padded(self.shape(), pads));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      long[] pads = call.integers("pad");
      int rank = self.shape().rank();
      Layout source = Layout.of(self.shape());
      Layout target = Layout.of(out.shape());
      boolean fills = false;
      for (int i = 0; i < pads.length; i += 2) {
        int dim = rank - 1 - i / 2;
        long before = pads[i];
        long after = pads[i + 1];
        fills |= before > 0 || after > 0;
        long cut = Math.max(-before, 0);
        int kept = (int) Math.max(self.shape().size(dim) - cut - Math.max(-after, 0), 0);
        source = source.slice(dim, kept == 0 ? 0 : cut, kept, 1);
        target = target.slice(dim, kept == 0 ? 0 : Math.max(before, 0), kept, 1);
      }
      Step copy = new StridedCopy(self.data(), source, out.data(), target, out.dtype().byteSize());
      return fills
          ? LayoutKernels.sequence(CreationKernels.fill(out, call.scalar("value")), copy)
          : copy;
    }
  }

  @FunctionalInterface
  private interface Edge {
    /** The element of a dimension of the given size that stands at a place outside or inside. */
    long source(long place, long size);
  }

  private static long reflect(long place, long size) {
    long inside = Math.abs(place);
    return inside < size ? inside : 2 * (size - 1) - inside;
  }

  private static long replicate(long place, long size) {
    return Math.min(Math.max(place, 0), size - 1);
  }

  /** {@code reflection_pad} and {@code replication_pad} of the last dimensions. */
  private record EdgePad(int dims, Edge edge) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      long[] pads = call.integers("padding");
      int rank = self.shape().rank();
      if (pads.length != 2 * dims || (rank != dims + 1 && rank != dims + 2)) {
        throw new KernelException(
            Arrays.toString(pads) + " as padding of " + dims + " dimensions of " + self);
      }
      Shape result = padded(self.shape(), pads);
      for (int i = 0; i < pads.length; i++) {
        long size = self.shape().size(rank - 1 - i / 2);
        // The farthest place outside must have its element inside.
        long source = edge.source(-Math.max(pads[i], 0), size);
        long mirrored = edge.source(size - 1 + Math.max(pads[i], 0), size);
        if (source < 0 || source >= size || mirrored < 0 || mirrored >= size) {
          throw new KernelException("a pad of " + pads[i] + " of a dimension of size " + size);
        }
      }
      if (result.numel() == 0 && self.shape().numel() != 0 && !isBatchEmpty(result)) {
        throw new KernelException(self.shape() + " padded is " + result);
      }
      return Dims.one(self.dtype(), result);
    }

    private boolean isBatchEmpty(Shape result) {
      return Dims.product(result, 0, result.rank() - dims) == 0;
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      long[] pads = call.integers("padding");
      long[][] places = new long[3][]; // by dimension: the element of self, in elements
      long stride = 1;
      for (int i = 0; i < 3; i++) {
        places[i] = new long[] {0};
        if (i < dims) {
          long size = self.shape().size(-1 - i);
          places[i] = call.longs(out.shape().size(-1 - i));
          for (int k = 0; k < places[i].length; k++) {
            places[i][k] = edge.source(k - pads[2 * i], size) * stride;
          }
          stride *= size;
        }
      }
      long volume = stride;
      long outer = Dims.product(self.shape(), 0, self.shape().rank() - dims);
      int bytes = out.dtype().byteSize();
      MemorySegment x = self.data();
      MemorySegment y = out.data();
      return () -> {
        long k = 0;
        for (long o = 0; o < outer; o++) {
          for (long depth : places[2]) {
            for (long row : places[1]) {
              for (long column : places[0]) {
                long i = o * volume + depth + row + column;
                MemorySegment.copy(x, i * bytes, y, k++ * bytes, bytes);
              }
            }
          }
        }
      };
    }
  }
}
