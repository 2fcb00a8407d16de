package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Elements moved along one dimension to or from places that an index tensor names. */
final class ScatterKernels {
  private ScatterKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::gather" -> new Gather();
      case "aten::scatter.src", "aten::scatter.value" -> new Scatter(Reduction.REPLACE);
      case "aten::scatter.reduce", "aten::scatter.value_reduce" -> new Scatter(null);
      case "aten::scatter_add" -> new Scatter(Reduction.SUM);
      case "aten::scatter_reduce.two" -> new ScatterReduce();
      case "aten::index_select" -> new IndexSelect("self", "index", "dim");
      case "aten::embedding" -> new IndexSelect("weight", "indices", "");
      case "aten::index_copy" -> new IndexUpdate(Reduction.REPLACE);
      case "aten::index_add" -> new IndexUpdate(Reduction.SUM);
      case "llama::update_cache_with_indices" -> new UpdateCache();
      default -> null;
    };
  }

  static void requireIndices(DType dtype) {
    if (dtype != DType.INT64 && dtype != DType.INT32) {
      throw new KernelException("indices are int64 or int32, not " + Promotion.name(dtype));
    }
  }

  /** A tensor of rank 0 as one of rank 1. */
  private static Shape ranked(Shape shape) {
    return shape.rank() == 0 ? Shape.of(1) : shape;
  }

  /** Sizes of the index beside the dimension are no larger than those of the tensor. */
  private static void requireWithin(Shape index, Shape tensor, int dim, String name) {
    boolean fits = index.rank() == tensor.rank();
    for (int d = 0; fits && d < index.rank(); d++) {
      fits = d == dim || index.size(d) <= tensor.size(d);
    }
    if (!fits && index.numel() > 0) {
      throw new KernelException("index " + index + " does not fit " + name + " " + tensor);
    }
  }

  /** {@code gather(self, dim, index)}: result[i][j] = self[index[i][j]][j] for dim 0. */
  private record Gather() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      Shape self = ranked(call.shape("self"));
      TensorType index = call.type("index");
      if (index.shape().numel() > 0) {
        requireIndices(index.dtype());
      }
      int dim = Dims.wrap(call.integer("dim"), self.rank());
      requireWithin(ranked(index.shape()), self, dim, "self");
      return Dims.one(call.type("self").dtype(), index.shape());
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      Shape shape = ranked(self.shape());
      int dim = Dims.wrap(call.integer("dim"), shape.rank());
      long size = shape.size(dim);
      long[] strides = shape.contiguousStrides();
      long stride = strides[dim];
      strides[dim] = 0;
      if (out.shape().numel() == 0) {
        return () -> {};
      }
      Walk walk = new Walk(ranked(out.shape()), strides);
      Elements index = Elements.of(call.input("index"));
      int bytes = out.dtype().byteSize();
      MemorySegment x = self.data();
      MemorySegment y = out.data();
      return () -> {
        long k = 0;
        for (boolean more = walk.start(); more; more = walk.next()) {
          long i = walk.at(0) + Dims.fromFirst(index.getLong(k), size, dim) * stride;
          MemorySegment.copy(x, i * bytes, y, k++ * bytes, bytes);
        }
      };
    }
  }

  /** What happens to an element that is written to. */
  private enum Reduction {
    REPLACE,
    SUM,
    PROD,
    AMAX,
    AMIN,
    MEAN;

    double apply(double old, double added) {
      return switch (this) {
        case REPLACE -> added;
        case SUM, MEAN -> old + added;
        case PROD -> old * added;
        case AMAX -> Math.max(old, added);
        case AMIN -> Math.min(old, added);
      };
    }

    long apply(long old, long added) {
      return switch (this) {
        case REPLACE -> added;
        case SUM, MEAN -> old + added;
        case PROD -> old * added;
        case AMAX -> Math.max(old, added);
        case AMIN -> Math.min(old, added);
      };
    }

    static Reduction of(String name) {
      return switch (name) {
        case "sum", "add" -> SUM;
        case "prod", "multiply" -> PROD;
        case "amax" -> AMAX;
        case "amin" -> AMIN;
        case "mean" -> MEAN;
        default -> throw new KernelException("no reduction " + name);
      };
    }

    void into(Elements y, long k, Elements x, long i, boolean real) {
      if (real) {
        y.setDouble(k, apply(y.getDouble(k), x.getDouble(i)));
      } else {
        y.setLong(k, apply(y.getLong(k), x.getLong(i)));
      }
    }
  }

  /** Where scatter writes: a walk over the index, with places in the result and in the source. */
  private static Walk walk(Shape index, Shape self, Shape source, int dim) {
    long[] into = self.contiguousStrides();
    into[dim] = 0;
    long[] from =
        source.rank() == index.rank() ? source.contiguousStrides() : new long[index.rank()];
    return new Walk(index, into, from, index.contiguousStrides());
  }

  private static void inferScatter(Call call) {
    Shape self = ranked(call.shape("self"));
    TensorType index = call.type("index");
    Shape ranked = ranked(index.shape());
    requireIndices(index.dtype());
    int dim = Dims.wrap(call.integer("dim"), self.rank());
    requireWithin(ranked, self, dim, "self");
    if (call.node().operator().has("src")) {
      TensorType src = call.type("src");
      requireWithin(ranked, ranked(src.shape()), -1, "src");
      if (src.dtype() != call.type("self").dtype()) {
        throw new KernelException("src is " + src + ", self is " + call.type("self"));
      }
    }
  }

  /**
   * {@code scatter.src}, {@code scatter.value}, {@code scatter_add}, and those that name their
   * reduction.
   *
   * @param fixed null if the argument {@code reduce} tells it
   */
  private record Scatter(@Nullable Reduction fixed) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      inferScatter(call);
      reduction(call);
      if (!call.node().operator().has("src")) {
        Promotion.fit(call.scalar("value"), call.type("self").dtype());
      }
      return List.of(call.type("self"));
    }

    private Reduction reduction(Call call) {
      return fixed == null ? Reduction.of(call.text("reduce", "")) : fixed;
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      Operand src =
          call.node().operator().has("src")
              ? call.input("src")
              : BinaryKernels.operand(call.scalar("value"), out.dtype());
      return LayoutKernels.sequence(
          LayoutKernels.copy(self, out), scatter(call, src, out, reduction(call)));
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  private static Step scatter(BoundCall call, Operand src, Operand out, Reduction reduction) {
    Shape self = ranked(out.shape());
    Shape shape = ranked(call.shape("index"));
    int dim = Dims.wrap(call.integer("dim"), self.rank());
    if (shape.numel() == 0) {
      return () -> {};
    }
    boolean one = !call.node().operator().has("src");
    Walk walk = walk(shape, self, one ? Shape.SCALAR : ranked(src.shape()), dim);
    long size = self.size(dim);
    long stride = self.contiguousStrides()[dim];
    Elements index = Elements.of(call.input("index"));
    Elements x = Elements.of(src);
    Elements y = Elements.of(out);
    boolean real = out.dtype().isFloatingPoint();
    return () -> {
      for (boolean more = walk.start(); more; more = walk.next()) {
        long k = walk.at(0) + Dims.fromFirst(index.getLong(walk.at(2)), size, dim) * stride;
        reduction.into(y, k, x, walk.at(1), real);
      }
    };
  }

  /** {@code scatter_reduce.two(self, dim, index, src, reduce, include_self=True)}. */
  private record ScatterReduce() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      inferScatter(call);
      Reduction.of(call.text("reduce", ""));
      return List.of(call.type("self"));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand src = call.input("src");
      Operand out = call.output(0);
      Reduction reduction = Reduction.of(call.text("reduce", ""));
      Step copy = LayoutKernels.copy(self, out);
      Step reduce = scatter(call, src, out, reduction);
      if (call.bool("include_self") && reduction != Reduction.MEAN) {
        return LayoutKernels.sequence(copy, reduce);
      }
      Shape shape = ranked(out.shape());
      Shape index = ranked(call.shape("index"));
      int dim = Dims.wrap(call.integer("dim"), shape.rank());
      if (index.numel() == 0) {
        return copy;
      }
      long n = shape.numel();
      MemorySegment scratch = call.scratch(n * Integer.BYTES); // writes to each element
      Elements counts = Elements.of(scratch, DType.INT32);
      Elements places = Elements.of(call.input("index"));
      Walk walk = walk(index, shape, ranked(src.shape()), dim);
      long size = shape.size(dim);
      long stride = shape.contiguousStrides()[dim];
      Elements x = Elements.of(src);
      Elements y = Elements.of(out);
      boolean real = out.dtype().isFloatingPoint();
      boolean includesSelf = call.bool("include_self");
      return () -> {
        copy.run();
        for (long i = 0; i < n; i++) {
          counts.setLong(i, includesSelf ? 1 : 0);
        }
        for (boolean more = walk.start(); more; more = walk.next()) {
          long k = walk.at(0) + Dims.fromFirst(places.getLong(walk.at(2)), size, dim) * stride;
          long count = counts.getLong(k);
          (count == 0 ? Reduction.REPLACE : reduction).into(y, k, x, walk.at(1), real);
          counts.setLong(k, count + 1);
        }
        for (long i = 0; reduction == Reduction.MEAN && i < n; i++) {
          long count = Math.max(counts.getLong(i), 1);
          if (real) {
            y.setDouble(i, y.getDouble(i) / count);
          } else {
            y.setLong(i, Math.floorDiv(y.getLong(i), count));
          }
        }
      };
    }
  }

  /**
   * {@code index_select(self, dim, index)}, and {@code embedding(weight, indices)}, whose indices
   * have any shape.
   */
  private record IndexSelect(String source, String index, String dim) implements Kernel {
    private int dimension(Call call, int rank) {
      return dim.isEmpty() ? 0 : Dims.wrap(call.integer(dim), rank);
    }

    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type(source);
      TensorType indices = call.type(index);
      requireIndices(indices.dtype());
      if (dim.isEmpty()) {
        if (self.shape().rank() != 2) {
          throw new KernelException("weight is a matrix, not " + self);
        }
        return Dims.one(
            self.dtype(),
            Layout.of(indices.shape())
                .insert(indices.shape().rank(), self.shape().size(1), 0)
                .shape());
      }
      if (indices.shape().rank() > 1) {
        throw new KernelException("index is a vector, not " + indices);
      }
      int d = dimension(call, self.shape().rank());
      int count = Math.toIntExact(indices.shape().numel());
      if (self.shape().rank() == 0 && count != 1) {
        throw new KernelException(count + " indices of a tensor without dimensions");
      }
      return self.shape().rank() == 0
          ? List.of(self)
          : Dims.one(self.dtype(), Dims.with(self.shape(), d, count));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input(source);
      Operand indices = call.input(index);
      Shape shape = ranked(self.shape());
      int d = dimension(call, shape.rank());
      long outer = Dims.product(shape, 0, d);
      long size = shape.size(d);
      long row = Dims.product(shape, d + 1, shape.rank()) * self.dtype().byteSize();
      long count = indices.shape().numel();
      Elements places = Elements.of(indices);
      MemorySegment x = self.data();
      MemorySegment y = call.output(0).data();
      return () -> {
        for (long o = 0; o < outer; o++) {
          for (long i = 0; i < count; i++) {
            long from = o * size + Dims.fromFirst(places.getLong(i), size, d);
            MemorySegment.copy(x, from * row, y, (o * count + i) * row, row);
          }
        }
      };
    }
  }

  /** {@code index_copy}, {@code index_add(self, dim, index, source, alpha=1)}. */
  private record IndexUpdate(Reduction reduction) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      TensorType source = call.type("source");
      TensorType index = call.type("index");
      requireIndices(index.dtype());
      Shape shape = ranked(self.shape());
      int dim = Dims.wrap(call.integer("dim"), shape.rank());
      int count = (int) index.shape().numel();
      Shape expected = Shape.of(Dims.with(shape, dim, count));
      if (index.shape().rank() > 1
          || source.dtype() != self.dtype()
          || !ranked(source.shape()).equals(expected)) {
        throw new KernelException(
            "source is "
                + source
                + " for "
                + count
                + " indices of dimension "
                + dim
                + " of "
                + self);
      }
      return List.of(self);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand source = call.input("source");
      Operand out = call.output(0);
      Shape shape = ranked(self.shape());
      int dim = Dims.wrap(call.integer("dim"), shape.rank());
      Call.Number alpha =
          call.node().operator().has("alpha")
              ? call.scalar("alpha")
              : new Call.Number(Call.Number.Kind.INTEGER, 1, 1);
      long outer = Dims.product(shape, 0, dim);
      long size = shape.size(dim);
      long row = Dims.product(shape, dim + 1, shape.rank());
      long count = call.shape("index").numel();
      Elements places = Elements.of(call.input("index"));
      Elements x = Elements.of(source);
      Elements y = Elements.of(out);
      boolean real = out.dtype().isFloatingPoint();
      Step update =
          () -> {
            for (long i = 0; i < count; i++) {
              long place = Dims.fromFirst(places.getLong(i), size, dim);
              for (long o = 0; o < outer; o++) {
                long k = (o * size + place) * row;
                long from = (o * count + i) * row;
                for (long r = 0; r < row; r++) {
                  if (real) {
                    double added = alpha.real() * x.getDouble(from + r);
                    y.setDouble(k + r, reduction.apply(y.getDouble(k + r), added));
                  } else {
                    long added = alpha.integer() * x.getLong(from + r);
                    y.setLong(k + r, reduction.apply(y.getLong(k + r), added));
                  }
                }
              }
            }
          };
      return LayoutKernels.sequence(LayoutKernels.copy(self, out), update);
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }

  /**
   * {@code update_cache_with_indices(value [b, s, h, d], cache [b, S, h, d], start_pos, indices [b,
   * s])}: row s of value goes to row indices[b, s] of the cache.
   */
  private record UpdateCache() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType cache = call.type("cache");
      TensorType value = call.type("value");
      TensorType indices = call.type("indices");
      requireIndices(indices.dtype());
      Shape v = value.shape();
      Shape c = cache.shape();
      if (v.rank() != 4
          || c.rank() != 4
          || value.dtype() != cache.dtype()
          || v.size(0) != c.size(0)
          || v.size(2) != c.size(2)
          || v.size(3) != c.size(3)
          || !indices.shape().equals(Shape.of(v.size(0), v.size(1)))) {
        throw new KernelException(value + " at " + indices + " does not fit the cache " + cache);
      }
      return List.of(cache);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand value = call.input("value");
      Operand out = call.output(0);
      Elements indices = Elements.of(call.input("indices"));
      long batches = value.shape().size(0);
      long length = value.shape().size(1);
      long size = out.shape().size(1);
      long row = Dims.product(value.shape(), 2, 4) * value.dtype().byteSize();
      MemorySegment x = value.data();
      MemorySegment y = out.data();
      Step update =
          () -> {
            for (long b = 0; b < batches; b++) {
              for (long s = 0; s < length; s++) {
                long place = indices.getLong(b * length + s);
                long k = b * size + Dims.fromFirst(place, size, 1);
                MemorySegment.copy(x, (b * length + s) * row, y, k * row, row);
              }
            }
          };
      return LayoutKernels.sequence(LayoutKernels.copy(call.input("cache"), out), update);
    }

    @Override
    public String overwrites() {
      return "cache";
    }
  }
}
