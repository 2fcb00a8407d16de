package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code self[i, :, j]}: elements at places that tensors of indices, or masks, name together. */
final class IndexKernels {
  private IndexKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::index.Tensor" -> new Index();
      case "aten::index_put" -> new IndexPut();
      default -> null;
    };
  }

  /**
   * How the dimensions of self are indexed. The result is [pre…, places…, post…]: index tensors
   * broadcast to the places, which stand where the indexed dimensions were, or first if these are
   * not adjacent.
   *
   * @param entries the index tensors that are not null
   * @param pre dimensions of self before the places
   * @param post dimensions of self after the places
   * @param lead the places without their last dimension
   * @param last size of the last dimension of the places that the integer indices have; masks make
   *     it the number of their true elements
   * @param flat true if the places have no dimension at all
   */
  private record Plan(
      List<Entry> entries,
      List<Integer> pre,
      List<Integer> post,
      Shape lead,
      long last,
      boolean flat,
      boolean masked) {
    static Plan of(Call call) {
      Shape self = call.shape("self");
      List<Entry> entries = new ArrayList<>();
      List<Integer> free = new ArrayList<>();
      List<Shape> ints = new ArrayList<>();
      List<TensorType> types = call.types("indices"); // of those that are not null
      boolean masked = false;
      int dim = 0;
      int item = 0;
      for (Argument argument : items(call)) {
        if (dim >= self.rank()) {
          throw new KernelException("too many indices for a tensor of " + self);
        }
        if (!(argument instanceof Value)) {
          free.add(dim++);
          item++;
          continue;
        }
        TensorType type = types.get(entries.size());
        boolean mask = type.dtype() == DType.BOOL || type.dtype() == DType.UINT8;
        int dims = mask ? type.shape().rank() : 1;
        if (dim + dims > self.rank()) {
          throw new KernelException("too many indices for a tensor of " + self);
        }
        if (mask) {
          Shape covered = MaskKernels.part(self, dim, dim + dims);
          if (!covered.equals(type.shape()) || dims == 0) {
            throw new KernelException("the mask " + type.shape() + " is laid over " + covered);
          }
          masked = true;
        } else {
          ScatterKernels.requireIndices(type.dtype());
          ints.add(type.shape());
        }
        entries.add(new Entry(item++, mask, dim, dims, type.shape()));
        dim += dims;
      }
      for (; dim < self.rank(); dim++) {
        free.add(dim);
      }
      Shape places = Broadcast.shape(ints.toArray(Shape[]::new));
      boolean flat = places.rank() == 0 && !masked;
      Shape lead = places.rank() == 0 ? places : MaskKernels.part(places, 0, places.rank() - 1);
      long last = places.rank() == 0 ? 1 : places.size(-1);
      int first = entries.isEmpty() ? self.rank() : entries.get(0).dim();
      boolean adjacent = true;
      int end = first;
      for (Entry entry : entries) {
        adjacent &= entry.dim() == end;
        end = entry.dim() + entry.dims();
      }
      List<Integer> pre = new ArrayList<>();
      List<Integer> post = new ArrayList<>();
      for (int d : free) {
        (adjacent && d < first ? pre : post).add(d);
      }
      return new Plan(entries, pre, post, lead, last, flat, masked);
    }

    private static List<Argument> items(Call call) {
      return call.node().argument("indices") instanceof Argument.Items list
          ? list.items()
          : List.of(call.node().argument("indices"));
    }

    /** The largest that the last dimension of the places can be. */
    long lastBound() {
      long bound = last;
      for (Entry entry : entries) {
        if (entry.mask() && last == 1) {
          bound = Math.max(bound, entry.shape().numel());
        }
      }
      return bound;
    }

    int[] resultSizes(Shape self, long lastSize) {
      List<Integer> sizes = new ArrayList<>();
      pre.forEach(d -> sizes.add(self.size(d)));
      for (int d = 0; d < lead.rank(); d++) {
        sizes.add(lead.size(d));
      }
      if (!flat) {
        sizes.add(Dims.shape(lastSize).size(0));
      }
      post.forEach(d -> sizes.add(self.size(d)));
      return sizes.stream().mapToInt(i -> i).toArray();
    }

    /** Which size of the result masks decide. */
    int maskedDim() {
      return pre.size() + lead.rank();
    }

    static Shape shape(Shape self, List<Integer> dims) {
      return Shape.of(dims.stream().mapToInt(self::size).toArray());
    }

    static long[] strides(Shape self, List<Integer> dims) {
      long[] all = self.contiguousStrides();
      return dims.stream().mapToLong(d -> all[d]).toArray();
    }

    /** True if the dimensions after the places are one run of self's elements. */
    boolean postIsRun(Shape self) {
      return post.isEmpty()
          || (post.get(0) == self.rank() - post.size() && post.getLast() == self.rank() - 1);
    }

    /** Elements of self between two indices of the dimensions before the places. */
    long preStride(Shape self) {
      return Dims.product(self, pre.size(), self.rank());
    }
  }

  /** An index tensor and the dimensions of self that it takes: a mask of rank k takes k. */
  private record Entry(int item, boolean mask, int dim, int dims, Shape shape) {}

  /** The places of a call: the offset in self of each, computed in each run. */
  private static final class Places {
    private final Plan plan;
    private final MemorySegment offsets; // longs, one for each place
    private final List<Source> sources = new ArrayList<>();
    private final Walk lead;
    private final long[] counts; // how often each mask is true
    long last;

    /** One index tensor; its positions, if it is a mask, are longs. */
    private record Source(
        boolean mask,
        Elements values,
        MemorySegment data,
        MemorySegment positions,
        int dim,
        long size,
        long stride,
        int step) {}

    Places(Plan plan, BoundCall call) {
      this.plan = plan;
      this.counts = new long[plan.entries().size()];
      Shape self = call.shape("self");
      long[] strides = self.contiguousStrides();
      long bytes = plan.lead().numel() * plan.lastBound() * Long.BYTES;
      long total = bytes;
      for (Entry entry : plan.entries()) {
        total += entry.mask() ? entry.shape().numel() * Long.BYTES : 0;
      }
      MemorySegment scratch = call.scratch(Math.max(total, Long.BYTES));
      offsets = scratch.asSlice(0, bytes);
      long at = bytes;
      List<@Nullable Operand> operands = call.inputs("indices");
      List<long[]> leadStrides = new ArrayList<>();
      for (Entry entry : plan.entries()) {
        Operand operand = operands.get(entry.item());
        if (operand == null) {
          throw new KernelException("index " + entry.item() + " is absent");
        }
        Shape shape = entry.shape();
        MemorySegment positions = MemorySegment.NULL;
        long[] aligned = new long[plan.lead().rank()];
        int step = 1;
        if (entry.mask()) {
          positions = scratch.asSlice(at, shape.numel() * Long.BYTES);
          at += positions.byteSize();
        } else {
          long[] own = shape.contiguousStrides();
          step = shape.rank() == 0 || shape.size(-1) == 1 ? 0 : 1;
          for (int d = 1; d < shape.rank(); d++) { // from the dimension before the last
            int dim = shape.rank() - 1 - d;
            aligned[aligned.length - d] = shape.size(dim) == 1 ? 0 : own[dim];
          }
        }
        int lastDim = entry.dim() + entry.dims() - 1;
        leadStrides.add(aligned);
        sources.add(
            new Source(
                entry.mask(),
                Elements.of(operand),
                operand.data(),
                positions,
                entry.dim(),
                self.size(lastDim),
                strides[lastDim],
                step));
      }
      lead = new Walk(plan.lead(), leadStrides.toArray(long[][]::new));
    }

    long offset(long place) {
      return offsets.getAtIndex(JAVA_LONG, place);
    }

    /** Number of places. */
    long compute() {
      last = plan.last();
      for (int i = 0; i < sources.size(); i++) {
        Source source = sources.get(i);
        if (source.mask()) {
          long count = positions(source.data(), source.positions());
          counts[i] = count;
          if (last == 1) {
            last = count;
          } else if (count != 1 && count != last) {
            throw new KernelException(
                "a mask is true " + count + " times, the other indices have " + last + " places");
          }
        }
      }
      long place = 0;
      for (boolean more = lead.start(); more; more = lead.next()) {
        for (long j = 0; j < last; j++) {
          long offset = 0;
          for (int i = 0; i < sources.size(); i++) {
            offset += sources.get(i).stride() * index(i, lead.at(i), j);
          }
          offsets.setAtIndex(JAVA_LONG, place++, offset);
        }
      }
      return place;
    }

    private long index(int i, long start, long j) {
      Source source = sources.get(i);
      if (source.mask()) {
        return source.positions().getAtIndex(JAVA_LONG, counts[i] == 1 ? 0 : j);
      }
      long index = source.values().getLong(start + j * source.step());
      return Dims.index(index, source.size(), source.dim());
    }

    /** The linear positions of the true elements. */
    private static long positions(MemorySegment mask, MemorySegment positions) {
      long count = 0;
      for (long i = 0; i < mask.byteSize(); i++) {
        if (mask.get(JAVA_BYTE, i) != 0) {
          positions.setAtIndex(JAVA_LONG, count++, i);
        }
      }
      return count;
    }
  }

  /** {@code index.Tensor(Tensor self, Tensor?[] indices)}. */
  private record Index() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      Plan plan = Plan.of(call);
      TensorType self = call.type("self");
      int[] sizes = plan.resultSizes(self.shape(), plan.lastBound());
      return List.of(new TensorType(self.dtype(), Shape.of(sizes), plan.masked()));
    }

    @Override
    public Step bind(BoundCall call) {
      Plan plan = Plan.of(call);
      Places places = new Places(plan, call);
      Operand self = call.input("self");
      Shape shape = self.shape();
      MemorySegment x = self.data();
      MemorySegment y = call.output(0).data();
      int bytes = self.dtype().byteSize();
      Shape postShape = Plan.shape(shape, plan.post());
      long outer = Plan.shape(shape, plan.pre()).numel();
      long stride = plan.preStride(shape);
      long post = postShape.numel();
      boolean run = plan.postIsRun(shape);
      Walk rest = new Walk(postShape, Plan.strides(shape, plan.post()));
      int[] sizes = plan.resultSizes(shape, 0);
      return () -> {
        long count = places.compute();
        long k = 0;
        for (long p = 0; post > 0 && p < outer; p++) {
          for (long b = 0; b < count; b++) {
            long from = p * stride + places.offset(b);
            if (run) {
              MemorySegment.copy(x, from * bytes, y, k * bytes, post * bytes);
              k += post;
            } else {
              for (boolean more = rest.start(); more; more = rest.next()) {
                MemorySegment.copy(x, (from + rest.at(0)) * bytes, y, k++ * bytes, bytes);
              }
            }
          }
        }
        if (plan.masked()) {
          sizes[plan.maskedDim()] = (int) places.last;
          call.resize(0, sizes);
        }
      };
    }

    @Override
    public boolean isDataDependent(Call call) {
      return Plan.of(call).masked();
    }
  }

  /** {@code index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False)}. */
  private record IndexPut() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      Plan plan = Plan.of(call);
      TensorType self = call.type("self");
      TensorType values = call.type("values");
      if (values.dtype() != self.dtype()) {
        throw new KernelException("values are " + values + ", self is " + self);
      }
      valueStrides(plan, self.shape(), values.shape());
      return List.of(self);
    }

    /** Strides of the values, broadcast to the result of the same indices. */
    private static long[] valueStrides(Plan plan, Shape self, Shape values) {
      int[] sizes = plan.resultSizes(self, plan.last());
      long[] own = values.contiguousStrides();
      long[] strides = new long[sizes.length];
      int added = sizes.length - values.rank();
      for (int d = 0; d < values.rank(); d++) {
        int size = values.size(d);
        int dim = d + added;
        boolean byMask = plan.masked() && dim == plan.maskedDim();
        if (dim < 0 ? size != 1 : size != 1 && size != sizes[dim] && !byMask) {
          throw new KernelException(
              "values of " + values + " do not broadcast to " + Arrays.toString(sizes));
        }
        if (dim >= 0) {
          strides[dim] = size == 1 ? 0 : own[d];
        }
      }
      return strides;
    }

    @Override
    public Step bind(BoundCall call) {
      Plan plan = Plan.of(call);
      Places places = new Places(plan, call);
      Operand self = call.input("self");
      Operand values = call.input("values");
      Operand out = call.output(0);
      Shape shape = self.shape();
      long[] strides = valueStrides(plan, shape, values.shape());
      int post = strides.length - plan.post().size();
      Shape preShape = Plan.shape(shape, plan.pre());
      Shape postShape = Plan.shape(shape, plan.post());
      long[] postStrides = Arrays.copyOfRange(strides, post, strides.length);
      Walk outer = new Walk(preShape, Arrays.copyOf(strides, plan.pre().size()));
      Walk lead =
          new Walk(
              plan.lead(),
              Arrays.copyOfRange(
                  strides, plan.pre().size(), plan.pre().size() + plan.lead().rank()));
      Walk rest = new Walk(postShape, Plan.strides(shape, plan.post()), postStrides);
      long valueStep = plan.flat() ? 0 : strides[post - 1];
      long valueLast = valueStep == 0 ? 1 : valueLast(plan, values.shape(), strides.length);
      long preStride = plan.preStride(shape);
      boolean accumulate = call.bool("accumulate");
      boolean run =
          !accumulate
              && plan.postIsRun(shape)
              && Arrays.equals(postStrides, postShape.contiguousStrides());
      boolean real = out.dtype().isFloatingPoint();
      int bytes = out.dtype().byteSize();
      long runBytes = postShape.numel() * bytes;
      MemorySegment v = values.data();
      MemorySegment y = out.data();
      Elements from = Elements.of(values);
      Elements to = Elements.of(out);
      Step update =
          () -> {
            places.compute();
            if (valueLast != 1 && valueLast != places.last) {
              throw new KernelException(
                  "values have " + valueLast + " rows for " + places.last + " places");
            }
            long base = 0;
            for (boolean p = outer.start(); p; p = outer.next(), base += preStride) {
              long b = 0;
              for (boolean l = lead.start(); l; l = lead.next()) {
                for (long j = 0; j < places.last; j++) {
                  long k = base + places.offset(b++);
                  long i = outer.at(0) + lead.at(0) + j * valueStep;
                  if (run) {
                    MemorySegment.copy(v, i * bytes, y, k * bytes, runBytes);
                    continue;
                  }
                  for (boolean r = rest.start(); r; r = rest.next()) {
                    long at = k + rest.at(0);
                    long value = i + rest.at(1);
                    if (!accumulate) {
                      MemorySegment.copy(v, value * bytes, y, at * bytes, bytes);
                    } else if (real) {
                      to.setDouble(at, to.getDouble(at) + from.getDouble(value));
                    } else {
                      to.setLong(at, to.getLong(at) + from.getLong(value));
                    }
                  }
                }
              }
            }
          };
      return LayoutKernels.sequence(LayoutKernels.copy(self, out), update);
    }

    private static long valueLast(Plan plan, Shape values, int rank) {
      return values.size(plan.maskedDim() - (rank - values.rank()));
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }
}
