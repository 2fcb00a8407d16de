package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Operators whose results are the argument's elements in other places: views, made whole. */
final class LayoutKernels {
  private static final int MOST_PARTS = 1 << 20;

  private LayoutKernels() {}

  /** A result: its shape, and where its elements are in the argument, in the result's order. */
  private record Piece(Shape shape, Layout source) {
    static Piece of(Layout source) {
      return new Piece(source.shape(), source);
    }
  }

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::alias_copy",
          "aten::clone",
          "aten::contiguous",
          "aten::detach_copy",
          "aten::lift_fresh_copy",
          "dim_order_ops::_clone_dim_order",
          "et_copy::_d2h_copy",
          "et_copy::_h2d_copy" ->
          one(call -> Piece.of(Layout.of(call.shape("self"))));
      case "aten::view_copy", "aten::view", "executorch_prim::et_view" ->
          one(call -> reshape(call, call.integers("size")));
      case "aten::reshape" -> one(call -> reshape(call, call.integers("shape")));
      case "aten::flatten.using_ints" -> one(LayoutKernels::flatten);
      case "aten::unflatten.int" -> one(LayoutKernels::unflatten);
      case "aten::unsqueeze", "aten::unsqueeze_copy" -> one(LayoutKernels::unsqueeze);
      case "aten::squeeze.dim", "aten::squeeze_copy.dim", "aten::squeeze_copy.dims" ->
          one(LayoutKernels::squeeze);
      case "aten::expand", "aten::expand_copy" -> one(LayoutKernels::expand);
      case "aten::permute", "aten::permute_copy" -> one(LayoutKernels::permute);
      case "aten::transpose.int", "aten::transpose_copy.int" ->
          one(call -> transpose(call, call.integer("dim0"), call.integer("dim1")));
      case "aten::t_copy" -> one(LayoutKernels::t);
      case "aten::slice.Tensor", "aten::slice_copy.Tensor" ->
          one(call -> Piece.of(slice(call, Layout.of(call.shape("self")))));
      case "aten::select.int", "aten::select_copy.int" ->
          one(call -> Piece.of(select(call, Layout.of(call.shape("self")))));
      case "aten::narrow_copy" -> one(LayoutKernels::narrow);
      case "aten::as_strided_copy" -> one(LayoutKernels::asStrided);
      case "aten::unfold", "aten::unfold_copy" -> one(LayoutKernels::unfold);
      case "aten::diagonal_copy" -> one(LayoutKernels::diagonal);
      case "aten::flip" -> one(LayoutKernels::flip);
      case "aten::repeat" -> one(LayoutKernels::repeat);
      case "aten::pixel_shuffle" -> one(LayoutKernels::pixelShuffle);
      case "aten::pixel_unshuffle" -> one(LayoutKernels::pixelUnshuffle);
      case "aten::split_copy.Tensor", "aten::unsafe_split.Tensor" ->
          new Relayout(LayoutKernels::split);
      case "aten::split_with_sizes_copy" ->
          new Relayout(call -> cut(call, call.integers("split_sizes")));
      case "aten::unbind_copy.int" -> new Relayout(LayoutKernels::unbind);
      case "aten::slice_scatter" -> new Update("self", "src", LayoutKernels::slice);
      case "aten::select_scatter" -> new Update("self", "src", LayoutKernels::select);
      case "executorch_prim::et_copy_index" -> new CopyIndex();
      case "llama::update_cache" -> new Update("cache", "value", LayoutKernels::cache);
      case "aten::roll" -> new Roll();
      case "aten::tril" -> new Triangle(false);
      case "aten::triu" -> new Triangle(true);
      default -> null;
    };
  }

  private static Kernel one(Function<Call, Piece> piece) {
    return new Relayout(call -> List.of(piece.apply(call)));
  }

  private static Piece reshape(Call call, long[] sizes) {
    Shape self = call.shape("self");
    return new Piece(Dims.reshape(self, sizes), Layout.of(self));
  }

  private static Piece flatten(Call call) {
    Shape self = call.shape("self");
    int rank = self.rank();
    int first = Dims.wrap(call.integer("start_dim"), rank);
    int last = Dims.wrap(call.integer("end_dim"), rank);
    if (first > last) {
      throw new KernelException("start_dim " + first + " is after end_dim " + last);
    }
    if (rank == 0) {
      return new Piece(Shape.of(1), Layout.of(self));
    }
    int[] sizes = new int[rank - (last - first)];
    for (int d = 0; d < sizes.length; d++) {
      sizes[d] = self.size(d <= first ? d : d + last - first);
    }
    sizes[first] = Math.toIntExact(Dims.product(self, first, last + 1));
    return new Piece(Shape.of(sizes), Layout.of(self));
  }

  /** One dim becomes several, of which one size may be −1, to be inferred. */
  private static Piece unflatten(Call call) {
    Shape self = call.shape("self");
    int dim = Dims.wrap(call.integer("dim"), self.rank());
    int[] parts = Dims.reshape(Shape.of(self.size(dim)), call.integers("sizes")).sizes();
    if (parts.length == 0) {
      throw new KernelException("no sizes for dimension " + dim);
    }
    int[] sizes = new int[self.rank() - 1 + parts.length];
    for (int d = 0; d < self.rank(); d++) {
      sizes[d < dim ? d : d + parts.length - 1] = self.size(d);
    }
    System.arraycopy(parts, 0, sizes, dim, parts.length);
    return new Piece(Shape.of(sizes), Layout.of(self));
  }

  private static Piece unsqueeze(Call call) {
    Layout self = Layout.of(call.shape("self"));
    int dim = Dims.wrap(call.integer("dim"), self.rank() + 1);
    return Piece.of(self.insert(dim, 1, 0));
  }

  private static Piece squeeze(Call call) {
    Shape self = call.shape("self");
    boolean[] asked = new boolean[Math.max(self.rank(), 1)];
    for (long dim : call.integers("dim")) {
      asked[Dims.wrap(dim, self.rank())] = true;
    }
    Layout source = Layout.of(self);
    for (int d = self.rank() - 1; d >= 0; d--) {
      if (asked[d] && self.size(d) == 1) {
        source = source.select(d, 0);
      }
    }
    return Piece.of(source);
  }

  private static Piece expand(Call call) {
    Shape self = call.shape("self");
    long[] sizes = call.integers("size");
    int added = sizes.length - self.rank();
    if (added < 0) {
      throw new KernelException(self + " does not expand to " + Arrays.toString(sizes));
    }
    long[] own = self.contiguousStrides();
    long[] strides = new long[sizes.length];
    for (int d = 0; d < sizes.length; d++) {
      int size = d < added ? 1 : self.size(d - added);
      if (sizes[d] == -1 && d >= added) {
        sizes[d] = size;
      }
      if (size != 1 && size != sizes[d]) {
        throw new KernelException(self + " does not expand to " + Arrays.toString(sizes));
      }
      strides[d] = size == 1 ? 0 : own[d - added];
    }
    return Piece.of(new Layout(Dims.shape(sizes).sizes(), 0, strides));
  }

  private static Piece permute(Call call) {
    Shape self = call.shape("self");
    long[] dims = call.integers("dims");
    int[] order = new int[dims.length];
    boolean[] seen = new boolean[Math.max(self.rank(), 1)];
    for (int d = 0; d < dims.length; d++) {
      order[d] = Dims.wrap(dims[d], self.rank());
      if (dims.length != self.rank() || seen[order[d]]) {
        throw new KernelException(
            Arrays.toString(dims) + " is no permutation of the dimensions of " + self);
      }
      seen[order[d]] = true;
    }
    if (dims.length != self.rank()) {
      throw new KernelException(
          Arrays.toString(dims) + " is no permutation of the dimensions of " + self);
    }
    return Piece.of(Layout.of(self).permute(order));
  }

  private static Piece transpose(Call call, long dim0, long dim1) {
    Layout self = Layout.of(call.shape("self"));
    int a = Dims.wrap(dim0, self.rank());
    int b = Dims.wrap(dim1, self.rank());
    if (self.rank() == 0) {
      return Piece.of(self);
    }
    int[] order = new int[self.rank()];
    Arrays.setAll(order, d -> d == a ? b : d == b ? a : d);
    return Piece.of(self.permute(order));
  }

  private static Piece t(Call call) {
    int rank = call.shape("self").rank();
    if (rank > 2) {
      throw new KernelException("t takes a matrix, not a tensor of rank " + rank);
    }
    return rank < 2 ? Piece.of(Layout.of(call.shape("self"))) : transpose(call, 0, 1);
  }

  private static Layout slice(Call call, Layout self) {
    int dim = dimension(call, self);
    long size = self.sizes()[dim];
    long step = call.integer("step");
    if (step <= 0) {
      throw new KernelException("the step of a slice is positive, not " + step);
    }
    long start = call.isNone("start") ? 0 : clamp(call.integer("start"), size);
    long end = call.isNone("end") ? size : clamp(call.integer("end"), size);
    long count = end <= start ? 0 : (end - start - 1) / step + 1;
    return self.slice(dim, count == 0 ? 0 : start, (int) count, step);
  }

  private static long clamp(long index, long size) {
    return Math.min(Math.max(index < 0 ? index + size : index, 0), size);
  }

  private static Layout select(Call call, Layout self) {
    int dim = dimension(call, self);
    return self.select(dim, Dims.index(call.integer("index"), self.sizes()[dim], dim));
  }

  private static int dimension(Call call, Layout self) {
    if (self.rank() == 0) {
      throw new KernelException("a tensor of rank 0 has no dimension to take a part of");
    }
    return Dims.wrap(call.integer("dim"), self.rank());
  }

  private static Piece narrow(Call call) {
    Layout self = Layout.of(call.shape("self"));
    int dim = dimension(call, self);
    long size = self.sizes()[dim];
    long start = call.integer("start");
    long first = start < 0 ? start + size : start;
    long length = call.integer("length");
    if (first < 0 || length < 0 || length > size || first > size - length) {
      throw new KernelException(
          "start " + start + ", length " + length + " of dimension " + dim + " of size " + size);
    }
    return Piece.of(self.slice(dim, first, (int) length, 1));
  }

  private static Piece asStrided(Call call) {
    Shape shape = Dims.shape(call.integers("size"));
    long[] strides = call.integers("stride");
    long start = call.isNone("storage_offset") ? 0 : call.integer("storage_offset");
    if (strides.length != shape.rank()) {
      throw new KernelException("sizes " + shape + " with strides " + Arrays.toString(strides));
    }
    long last = start;
    for (int d = 0; d < strides.length; d++) {
      if (strides[d] < 0) {
        throw new KernelException("the stride " + strides[d] + " is negative");
      }
      long steps = Math.max(shape.size(d) - 1, 0);
      last = Math.addExact(last, Math.multiplyExact(strides[d], steps));
    }
    if (start < 0 || (shape.numel() > 0 && last >= call.shape("self").numel())) {
      throw new KernelException(
          "element " + last + " of a tensor with " + call.shape("self").numel() + " elements");
    }
    return Piece.of(new Layout(shape.sizes(), start, strides));
  }

  private static Piece unfold(Call call) {
    Layout self = Layout.of(call.shape("self"));
    int dim = Dims.wrap(call.integer("dimension"), self.rank());
    long size = call.integer("size");
    long step = call.integer("step");
    if (self.rank() == 0) { // one window of at most one element, no dimension of windows
      self = self.insert(0, 1, 1);
      if (size >= 0 && size <= 1 && step > 0) {
        return Piece.of(self.slice(0, 0, (int) size, 1));
      }
    }
    int whole = self.sizes()[dim];
    if (size < 0 || size > whole || step <= 0) {
      throw new KernelException(
          "windows of size " + size + ", step " + step + " over a dimension of size " + whole);
    }
    int windows = (int) ((whole - size) / step + 1);
    return Piece.of(
        self.slice(dim, 0, windows, step).insert(self.rank(), (int) size, self.strides()[dim]));
  }

  private static Piece diagonal(Call call) {
    Layout self = Layout.of(call.shape("self"));
    int dim1 = Dims.wrap(call.integer("dim1"), self.rank());
    int dim2 = Dims.wrap(call.integer("dim2"), self.rank());
    long offset = call.integer("offset");
    if (self.rank() < 2 || dim1 == dim2) {
      throw new KernelException("a diagonal needs two different dimensions");
    }
    long rows = self.sizes()[dim1] + Math.min(offset, 0);
    long columns = self.sizes()[dim2] - Math.max(offset, 0);
    int size = (int) Math.max(Math.min(rows, columns), 0);
    long row = size == 0 ? 0 : Math.max(-offset, 0);
    long column = size == 0 ? 0 : Math.max(offset, 0);
    long stride = self.strides()[dim1] + self.strides()[dim2];
    Layout rest =
        self.select(Math.max(dim1, dim2), dim1 > dim2 ? row : column)
            .select(Math.min(dim1, dim2), dim1 > dim2 ? column : row);
    return Piece.of(rest.insert(rest.rank(), size, stride));
  }

  private static Piece flip(Call call) {
    Layout self = Layout.of(call.shape("self"));
    for (long dim : call.integers("dims")) {
      int d = Dims.wrap(dim, self.rank());
      if (self.rank() > 0) {
        int size = self.sizes()[d];
        self = self.slice(d, Math.max(size - 1, 0), size, -1);
      }
    }
    return Piece.of(self);
  }

  private static Piece repeat(Call call) {
    Shape self = call.shape("self");
    long[] repeats = call.integers("repeats");
    int added = repeats.length - self.rank();
    if (added < 0) {
      throw new KernelException(
          Arrays.toString(repeats) + " repeats of a tensor of rank " + self.rank());
    }
    long[] own = self.contiguousStrides();
    long[] result = new long[repeats.length];
    int[] sizes = new int[2 * repeats.length]; // repetition, dimension, …
    long[] strides = new long[sizes.length];
    for (int d = 0; d < repeats.length; d++) {
      int size = d < added ? 1 : self.size(d - added);
      result[d] = Math.multiplyExact(repeats[d], (long) size);
      sizes[2 * d] = Dims.shape(repeats[d]).size(0);
      sizes[2 * d + 1] = size;
      strides[2 * d + 1] = d < added ? 0 : own[d - added];
    }
    return new Piece(Dims.shape(result), new Layout(sizes, 0, strides));
  }

  private static Piece pixelShuffle(Call call) {
    Shape self = call.shape("self"); // [outer…, C·r·r, H, W]
    int rank = self.rank();
    int r = (int) call.integer("upscale_factor");
    if (rank < 3 || r <= 0 || self.size(-3) % (r * r) != 0) {
      throw new KernelException("channels of " + self + " are no multiple of " + r + "²");
    }
    int outer = Math.toIntExact(Dims.product(self, 0, rank - 3));
    int c = self.size(-3) / (r * r);
    int h = self.size(-2);
    int w = self.size(-1);
    Layout split = Layout.of(Shape.of(outer, c, r, r, h, w));
    int[] sizes = self.sizes();
    sizes[rank - 3] = c;
    sizes[rank - 2] = h * r;
    sizes[rank - 1] = w * r;
    return new Piece(Shape.of(sizes), split.permute(0, 1, 4, 2, 5, 3)); // [outer, C, H, r, W, r]
  }

  private static Piece pixelUnshuffle(Call call) {
    Shape self = call.shape("self"); // [outer…, C, H·r, W·r]
    int rank = self.rank();
    int r = (int) call.integer("downscale_factor");
    if (rank < 3 || r <= 0 || self.size(-2) % r != 0 || self.size(-1) % r != 0) {
      throw new KernelException("height and width of " + self + " are no multiples of " + r);
    }
    int outer = Math.toIntExact(Dims.product(self, 0, rank - 3));
    int c = self.size(-3);
    int h = self.size(-2) / r;
    int w = self.size(-1) / r;
    Layout split = Layout.of(Shape.of(outer, c, h, r, w, r));
    int[] sizes = self.sizes();
    sizes[rank - 3] = c * r * r;
    sizes[rank - 2] = h;
    sizes[rank - 1] = w;
    return new Piece(Shape.of(sizes), split.permute(0, 1, 3, 5, 2, 4)); // [outer, C, r, r, H, W]
  }

  private static List<Piece> split(Call call) {
    Layout self = Layout.of(call.shape("self"));
    long size = self.sizes()[dimension(call, self)];
    long piece = call.integer("split_size");
    if (piece < 0 || (piece == 0 && size != 0)) {
      throw new KernelException("split_size is " + piece);
    }
    long[] sizes = new long[parts(piece == 0 ? 1 : Math.max(Math.ceilDiv(size, piece), 1))];
    Arrays.setAll(sizes, i -> Math.min(piece, size - i * piece));
    return cut(call, sizes);
  }

  /** Refuses more parts of a tensor than a program has values: they are made one by one. */
  private static int parts(long count) {
    if (count > MOST_PARTS) {
      throw new KernelException(count + " parts of a tensor are more than " + MOST_PARTS);
    }
    return (int) count;
  }

  private static List<Piece> cut(Call call, long[] sizes) {
    Layout self = Layout.of(call.shape("self"));
    int dim = dimension(call, self);
    List<Piece> pieces = new ArrayList<>(sizes.length);
    long at = 0;
    for (long size : sizes) {
      if (size < 0) {
        throw new KernelException("a part of size " + size);
      }
      pieces.add(Piece.of(self.slice(dim, at, (int) size, 1)));
      at += size;
    }
    if (at != self.sizes()[dim]) {
      throw new KernelException(
          "parts "
              + Arrays.toString(sizes)
              + " of dimension "
              + dim
              + ", which has size "
              + self.sizes()[dim]);
    }
    return pieces;
  }

  private static List<Piece> unbind(Call call) {
    Layout self = Layout.of(call.shape("self"));
    int dim = dimension(call, self);
    List<Piece> pieces = new ArrayList<>();
    int parts = parts(self.sizes()[dim]);
    for (int i = 0; i < parts; i++) {
      pieces.add(Piece.of(self.select(dim, i)));
    }
    return pieces;
  }

  /** {@code update_cache(value [b, s, h, d], cache [b, S, h, d], start_pos)}. */
  private static Layout cache(Call call, Layout cache) {
    Shape value = call.shape("value");
    long start = call.integer("start_pos");
    if (cache.rank() != 4 || value.rank() != 4) {
      throw new KernelException("value " + value + " and cache have 4 dimensions");
    }
    int length = value.size(1);
    if (start < 0 || start > cache.sizes()[1] - length) {
      throw Dims.outOfRange(start + length - 1, cache.sizes()[1], 1);
    }
    return cache.slice(1, start, length, 1);
  }

  /** Results that are pieces of self. */
  private record Relayout(Function<Call, List<Piece>> pieces) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      DType dtype = call.type("self").dtype();
      List<TensorType> types = new ArrayList<>();
      for (Piece piece : pieces.apply(call)) {
        types.add(new TensorType(dtype, piece.shape(), false));
      }
      return types;
    }

    @Override
    public Step bind(BoundCall call) {
      List<Piece> all = pieces.apply(call);
      Step[] steps = new Step[all.size()];
      MemorySegment self = call.input("self").data();
      for (int i = 0; i < steps.length; i++) {
        Operand out = call.output(i);
        Layout source = all.get(i).source();
        Layout target = new Layout(source.sizes(), 0, source.shape().contiguousStrides());
        steps[i] = new StridedCopy(self, source, out.data(), target, out.dtype().byteSize());
      }
      return steps.length == 1 ? steps[0] : sequence(steps);
    }

    @Override
    public boolean isView(Call call) {
      List<Piece> all = pieces.apply(call);
      return all.size() == 1
          && all.get(0).source().isContiguous()
          && all.get(0).shape().numel() == call.shape("self").numel();
    }
  }

  static Step sequence(Step... steps) {
    return () -> {
      for (Step step : steps) {
        step.run();
      }
    };
  }

  /** Copies an operand whole, unless both are the same memory. */
  static Step copy(Operand from, Operand to) {
    MemorySegment a = from.data();
    MemorySegment b = to.data();
    return a.address() == b.address() ? () -> {} : () -> b.copyFrom(a);
  }

  /** The base with the elements of a layout replaced by the source's. */
  private record Update(String base, String source, Target target) implements Kernel {
    @FunctionalInterface
    interface Target {
      Layout of(Call call, Layout base);
    }

    @Override
    public List<TensorType> infer(Call call) {
      TensorType type = call.type(base);
      TensorType from = call.type(source);
      Shape place = target.of(call, Layout.of(type.shape())).shape();
      if (!from.shape().equals(place) || from.dtype() != type.dtype()) {
        throw new KernelException(
            source + " is " + from + ", expected " + new TensorType(type.dtype(), place, false));
      }
      return List.of(type);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand from = call.input(source);
      Operand out = call.output(0);
      Step update =
          new StridedCopy(
              from.data(),
              Layout.of(from.shape()),
              out.data(),
              target.of(call, Layout.of(out.shape())),
              out.dtype().byteSize());
      return sequence(copy(call.input(base), out), update);
    }

    @Override
    public String overwrites() {
      return base;
    }
  }

  /**
   * {@code et_copy_index(copy_to, copy_from, index)}: row {@code index} becomes copy_from; the
   * result has index + 1 rows at least.
   */
  private record CopyIndex() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType to = call.type("copy_to");
      TensorType from = call.type("copy_from");
      long index = call.integer("index");
      Shape shape = to.shape();
      if (shape.rank() != from.shape().rank() + 1
          || to.dtype() != from.dtype()
          || index < 0
          || !Shape.of(Arrays.copyOfRange(shape.sizes(), 1, shape.rank())).equals(from.shape())) {
        throw new KernelException(from + " is no row " + index + " of " + to);
      }
      long rows = Math.max(Math.addExact(index, 1), shape.size(0));
      int[] sizes = shape.sizes();
      sizes[0] = Dims.shape(rows).size(0);
      return Dims.one(to.dtype(), sizes);
    }

    @Override
    public Step bind(BoundCall call) {
      MemorySegment to = call.input("copy_to").data();
      MemorySegment from = call.input("copy_from").data();
      MemorySegment out = call.output(0).data();
      long at = call.integer("index") * from.byteSize();
      boolean same = to.address() == out.address();
      return () -> {
        if (!same) {
          MemorySegment.copy(to, 0, out, 0, to.byteSize());
        }
        MemorySegment.copy(from, 0, out, at, from.byteSize());
      };
    }

    @Override
    public String overwrites() {
      return "copy_to";
    }
  }

  /** {@code roll(Tensor self, shifts, dims=[])}: cyclic, over the flattened tensor without dims. */
  private record Roll() implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      int shifts = call.integers("shifts").length;
      long[] dims = call.integers("dims");
      if (shifts == 0 || shifts != Math.max(dims.length, 1)) {
        throw new KernelException(shifts + " shifts of " + dims.length + " dimensions");
      }
      for (long dim : dims) {
        Dims.wrap(dim, call.shape("self").rank());
      }
      return List.of(call.type("self"));
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      Operand out = call.output(0);
      long[] shifts = call.integers("shifts");
      long[] dims = call.integers("dims");
      Shape shape =
          dims.length == 0 || self.shape().rank() == 0
              ? Shape.of(Math.toIntExact(self.shape().numel()))
              : self.shape();
      long[] shift = new long[shape.rank()];
      for (int i = 0; i < shifts.length; i++) {
        shift[dims.length == 0 ? 0 : Dims.wrap(dims[i], shape.rank())] += shifts[i];
      }
      List<Step> steps = new ArrayList<>();
      pieces(self, Layout.of(shape), out, Layout.of(shape), shift, 0, steps);
      return sequence(steps.toArray(Step[]::new));
    }

    /** Each rolled dimension cuts the tensor in two: its head goes behind its tail. */
    private static void pieces(
        Operand self,
        Layout source,
        Operand out,
        Layout target,
        long[] shift,
        int dim,
        List<Step> steps) {
      if (dim == shift.length) {
        steps.add(new StridedCopy(self.data(), source, out.data(), target, out.dtype().byteSize()));
        return;
      }
      int size = source.sizes()[dim];
      int by = size == 0 ? 0 : (int) Math.floorMod(shift[dim], (long) size);
      if (by == 0) {
        pieces(self, source, out, target, shift, dim + 1, steps);
        return;
      }
      pieces(
          self,
          source.slice(dim, 0, size - by, 1),
          out,
          target.slice(dim, by, size - by, 1),
          shift,
          dim + 1,
          steps);
      pieces(
          self,
          source.slice(dim, size - by, by, 1),
          out,
          target.slice(dim, 0, by, 1),
          shift,
          dim + 1,
          steps);
    }
  }

  /** {@code tril}, {@code triu(Tensor self, SymInt diagonal=0)}. */
  private record Triangle(boolean upper) implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      TensorType self = call.type("self");
      if (self.shape().rank() < 2) {
        throw new KernelException("a matrix is expected, not " + self);
      }
      return List.of(self);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand self = call.input("self");
      MemorySegment x = self.data();
      MemorySegment y = call.output(0).data();
      long rows = self.shape().size(-2);
      long columns = self.shape().size(-1);
      long bytes = self.dtype().byteSize();
      long matrices = Dims.product(self.shape(), 0, self.shape().rank() - 2);
      long diagonal = call.integer("diagonal");
      boolean copies = x.address() != y.address();
      return () -> {
        for (long row = 0; row < matrices * rows; row++) {
          long cut = row % rows + diagonal + (upper ? 0 : 1); // first column beyond the lower part
          long lower = Math.min(Math.max(cut, 0), columns) * bytes;
          long at = row * columns * bytes;
          long rest = columns * bytes - lower;
          long end = upper ? at + lower : at + columns * bytes;
          for (long zero = upper ? at : at + lower; zero < end; zero++) {
            y.set(JAVA_BYTE, zero, (byte) 0);
          }
          if (copies) {
            long from = upper ? at + lower : at;
            MemorySegment.copy(x, from, y, from, upper ? rest : lower);
          }
        }
      };
    }

    @Override
    public String overwrites() {
      return "self";
    }
  }
}
