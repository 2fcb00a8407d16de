package dev.baton.xnnpack;

import dev.baton.delegate.Decline;
import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnNode;
import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Concatenate;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators that move data. */
final class Moves {
  private Moves() {}

  static void same(Node node, SubgraphCompiler c) {
    c.alias(node.result(), node.tensor("self"));
  }

  // Views

  static void view(Node node, SubgraphCompiler c, String parameter) {
    reshape(c, node.tensor("self"), node.result(), Shapes.viewSizes(node, parameter));
  }

  /**
   * @param sizes of the result; at most one is 0, to be inferred
   */
  private static void reshape(SubgraphCompiler c, Value x, Value result, long[] sizes) {
    boolean fixed = !x.tensorType().dynamic() && !result.tensorType().dynamic();
    if (fixed && x.shape().equals(result.shape())) {
      c.alias(result, x);
      return;
    }
    boolean channelsLast =
        !c.has(x, Layout.PLAIN)
            && !Layout.CHANNELS_LAST.isPlainFor(x.shape())
            && keepsChannels(x.shape(), result.shape());
    if (channelsLast) {
      int input = c.in(x, Layout.CHANNELS_LAST);
      c.add(
          new XnnNode.Reshape(
              Layout.CHANNELS_LAST.arrange(sizes), input, c.out(result, Layout.CHANNELS_LAST)));
    } else {
      int input = c.inAnyPlain(x);
      c.add(new XnnNode.Reshape(sizes, input, c.out(result, Layout.PLAIN)));
    }
  }

  /** True if only spatial dims of size 1 come or go. */
  private static boolean keepsChannels(Shape from, Shape to) {
    return Layout.hasChannelsLast(from.rank())
        && Layout.hasChannelsLast(to.rank())
        && from.size(0) == to.size(0)
        && from.size(1) == to.size(1)
        && Shapes.nontrivial(from, 2).equals(Shapes.nontrivial(to, 2));
  }

  static void unsqueeze(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = node.result();
    if (!Shapes.isDynamic(node)) {
      reshape(c, x, result, Shapes.longs(result.shape()));
      return;
    }
    int axis = Shapes.dim(node.integer("dim"), result.shape().rank());
    int input = c.in(x, Layout.PLAIN);
    c.add(new XnnNode.ExpandDims(axis, input, c.out(result, Layout.PLAIN)));
  }

  static void squeeze(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = node.result();
    if (!Shapes.isDynamic(node)) {
      reshape(c, x, result, Shapes.longs(result.shape()));
      return;
    }
    int[] dims = Shapes.dims(node.integers("dim"), x.shape().rank());
    List<Integer> removed =
        Arrays.stream(dims).filter(d -> x.shape().size(d) == 1).boxed().toList();
    if (removed.isEmpty()) {
      c.alias(result, x);
      return;
    }
    int current = c.in(x, Layout.PLAIN);
    long[] sizes = Shapes.longs(x.shape());
    for (int axis : removed.reversed()) {
      long[] fewer = without(sizes, axis);
      int to = axis == removed.getFirst() ? c.out(result, Layout.PLAIN) : c.temporaryLike(x, fewer);
      c.dropDim(current, sizes.length, axis, true, fewer, to);
      current = to;
      sizes = fewer;
    }
  }

  static void flatten(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    if (!Shapes.isDynamic(node)) {
      reshape(c, x, node.result(), Shapes.longs(node.result().shape()));
      return;
    }
    int first = Shapes.dim(node.integer("start_dim"), rank);
    int count = Shapes.dim(node.integer("end_dim"), rank) - first + 1;
    if (count <= 1) {
      c.alias(node.result(), x);
      return;
    }
    int input = c.in(x, Layout.PLAIN);
    c.add(new XnnNode.FuseDims(first, count, input, c.out(node.result(), Layout.PLAIN)));
  }

  static void unflatten(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    if (!Shapes.isDynamic(node)) {
      reshape(c, x, node.result(), Shapes.longs(node.result().shape()));
      return;
    }
    int axis = Shapes.dim(node.integer("dim"), x.shape().rank());
    long[] parts = Arrays.stream(node.integers("sizes")).map(size -> Math.max(size, 0)).toArray();
    int input = c.in(x, Layout.PLAIN);
    c.add(new XnnNode.SplitDim(axis, parts, input, c.out(node.result(), Layout.PLAIN)));
  }

  private static long[] without(long[] sizes, int axis) {
    long[] fewer = new long[sizes.length - 1];
    System.arraycopy(sizes, 0, fewer, 0, axis);
    System.arraycopy(sizes, axis + 1, fewer, axis, fewer.length - axis);
    return fewer;
  }

  private static int[] permutation(Node node) {
    int rank = node.tensor("self").shape().rank();
    if (node.operator().has("dims")) {
      return Arrays.stream(node.integers("dims")).mapToInt(d -> Shapes.dim(d, rank)).toArray();
    }
    int[] dims = java.util.stream.IntStream.range(0, rank).toArray();
    int a = node.operator().has("dim0") ? Shapes.dim(node.integer("dim0"), rank) : 0;
    int b = node.operator().has("dim1") ? Shapes.dim(node.integer("dim1"), rank) : rank - 1;
    if (rank > 0) {
      int kept = dims[a];
      dims[a] = dims[b];
      dims[b] = kept;
    }
    return dims;
  }

  /** Where the permutation only renames what is there, nothing is moved. */
  static void permute(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = node.result();
    int[] dims = permutation(node);
    int rank = dims.length;
    boolean renamed = false;
    for (Layout from : Layout.values()) {
      for (Layout to : Layout.values()) {
        if (c.has(x, from) && Arrays.equals(placedDims(dims, to), from.order(rank))) {
          c.alias(result, to, c.in(x, from));
          renamed = true;
        }
      }
    }
    if (renamed) {
      return;
    }
    Layout from = c.layoutOf(x);
    int input = c.in(x, from);
    long[] permutation = new long[rank];
    for (int d = 0; d < rank; d++) {
      permutation[d] = from.place(dims[d], rank);
    }
    c.add(new XnnNode.Transpose(permutation, input, c.out(result, Layout.PLAIN)));
  }

  /** The dim of the input at each place of a result in a layout. */
  private static int[] placedDims(int[] dims, Layout layout) {
    return Arrays.stream(layout.order(dims.length)).map(d -> dims[d]).toArray();
  }

  // Expansion

  /** Expanding multiplies with as many ones. */
  private static final int MAX_EXPANDED = 1 << 20;

  static @Nullable Decline expandCheck(Node node, Support.Setting setting) {
    Shape in = node.tensor("self").shape();
    Shape out = node.result().shape();
    if (out.numel() > MAX_EXPANDED) {
      return XnnpackOperators.shape("it expands to more than " + MAX_EXPANDED + " elements");
    }
    return in.equals(out) ? null : XnnpackOperators.staticOnly(node);
  }

  /** A product with ones where something expands. */
  static void expand(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Shape in = x.shape();
    Shape out = node.result().shape();
    if (in.equals(out)) {
      c.alias(node.result(), x);
      return;
    }
    long[] dims = new long[out.rank()];
    int missing = out.rank() - in.rank();
    for (int d = 0; d < dims.length; d++) {
      boolean expands = d < missing || in.size(d - missing) != out.size(d);
      dims[d] = expands ? out.size(d) : 1;
    }
    float[] ones = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact))];
    Arrays.fill(ones, 1);
    int input = c.in(x, Layout.PLAIN);
    c.add(
        new XnnNode.Binary(
            BinaryOperator.MULTIPLY,
            Range.ALL,
            input,
            c.constant(ones, dims),
            c.out(node.result(), Layout.PLAIN)));
  }

  // Concatenation

  static void concatenate(Node node, SubgraphCompiler c) {
    List<Value> tensors = node.tensors("tensors");
    Value result = node.result();
    int rank = result.shape().rank();
    if (tensors.size() == 1) {
      c.alias(result, tensors.get(0));
      return;
    }
    Layout layout = c.meet(rank, tensors);
    int axis = layout.place(Shapes.dim(node.integer("dim"), rank), rank);
    List<Integer> inputs = new ArrayList<>();
    tensors.forEach(t -> inputs.add(c.in(t, layout)));
    List<Long> sizes = tensors.stream().map(t -> layout.dims(t.shape())[axis]).toList();
    chain(c, inputs, sizes, axis, layout.dims(result.shape()), result, c.out(result, layout));
  }

  private static void chain(
      SubgraphCompiler c,
      List<Integer> inputs,
      List<Long> sizes,
      int axis,
      long[] dims,
      Value result,
      int to) {
    List<Integer> rest = new ArrayList<>(inputs);
    int joined = 0;
    long size = 0;
    while (rest.size() > 1) {
      int count = Math.min(Concatenate.MOST, rest.size());
      List<Integer> now = List.copyOf(rest.subList(0, count));
      int taken = joined == 0 ? count : count - 1;
      for (int i = joined; i < joined + taken; i++) {
        size += sizes.get(i);
      }
      joined += taken;
      int output = to;
      if (count < rest.size()) {
        long[] partial = dims.clone();
        partial[axis] = size;
        output = c.temporaryLike(result, partial);
      }
      c.add(new Concatenate(axis, now, output));
      rest.subList(0, count).clear();
      rest.add(0, output);
    }
  }

  static @Nullable Decline stackCheck(Node node, Support.Setting setting) {
    return node.tensors("tensors").size() == 1
        ? XnnpackOperators.shape("there is one tensor to stack")
        : null;
  }

  static void stack(Node node, SubgraphCompiler c) {
    Value result = node.result();
    int rank = result.shape().rank();
    int axis = Shapes.dim(node.integer("dim"), rank);
    long[] dims = Shapes.longs(result.shape());
    dims[axis] = 1;
    List<Integer> inputs = new ArrayList<>();
    for (Value tensor : node.tensors("tensors")) {
      int one = c.temporaryLike(tensor, dims);
      c.insertDim(c.in(tensor, Layout.PLAIN), axis, tensor.tensorType().dynamic(), dims, one);
      inputs.add(one);
    }
    chain(
        c,
        inputs,
        java.util.Collections.nCopies(inputs.size(), 1L),
        axis,
        Shapes.longs(result.shape()),
        result,
        c.out(result, Layout.PLAIN));
  }

  // Slices

  /** From {@code begin} to before {@code end} of a dim; an end of 0 is the end of the dim. */
  private static void slice(
      SubgraphCompiler c,
      Value x,
      Layout layout,
      int dim,
      long begin,
      long end,
      long[] resultSizes,
      boolean dynamic,
      int to) {
    int rank = x.shape().rank();
    long[] begins = new long[rank];
    long[] ends = new long[rank];
    int place = layout.place(dim, rank);
    begins[place] = begin;
    ends[place] = end;
    if (!dynamic) {
      long size = x.shape().size(dim);
      begins[place] = Math.min(begin < 0 ? Math.max(begin + size, 0) : begin, size);
    }
    c.add(
        new XnnNode.Slice(
            begins,
            ends,
            dynamic ? new long[0] : layout.arrange(resultSizes),
            c.in(x, layout),
            to));
  }

  private static long orElse(Node node, String parameter, long otherwise) {
    return node.isNone(parameter) ? otherwise : node.integer(parameter);
  }

  static void slice(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = node.result();
    int rank = x.shape().rank();
    int dim = Shapes.dim(node.integer("dim"), rank);
    long end = orElse(node, "end", Long.MAX_VALUE);
    Layout layout = c.meet(rank, List.of(x));
    slice(
        c,
        x,
        layout,
        dim,
        orElse(node, "start", 0),
        end >= x.shape().size(dim) ? 0 : end,
        Shapes.longs(result.shape()),
        Shapes.isDynamic(node),
        c.out(result, layout));
  }

  static void split(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    int dim = Shapes.dim(node.integer("dim"), rank);
    Layout layout = c.meet(rank, List.of(x));
    long begin = 0;
    for (Value part : node.results()) {
      long end = begin + part.shape().size(dim);
      if (c.isUsed(part)) {
        slice(
            c,
            x,
            layout,
            dim,
            begin,
            end,
            Shapes.longs(part.shape()),
            Shapes.isDynamic(node),
            c.out(part, layout));
      }
      begin = end;
    }
  }

  static Support.Check selectCheck() {
    return XnnpackOperators.whereDynamic(XnnFunction.DEFINE_STATIC_SLICE_V3)
        .and(XnnpackOperators.whereDynamic(XnnFunction.DEFINE_FUSE_DIMS));
  }

  static void select(Node node, SubgraphCompiler c) {
    select(c, node, node.integer("index"), node.result());
  }

  static void unbind(Node node, SubgraphCompiler c) {
    for (int i = 0; i < node.results().size(); i++) {
      Value part = node.results().get(i);
      if (c.isUsed(part)) {
        select(c, node, i, part);
      }
    }
  }

  private static void select(SubgraphCompiler c, Node node, long index, Value result) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    int dim = Shapes.dim(node.integer("dim"), rank);
    boolean dynamic = Shapes.isDynamic(node);
    Layout layout = c.meet(rank, List.of(x));
    Layout left = Layout.PLAIN;
    if (layout == Layout.CHANNELS_LAST) {
      if (dim == 0) {
        layout = Layout.PLAIN;
      } else if (dim > 1) {
        left = Layout.CHANNELS_LAST;
      }
    }
    long[] sizes = Shapes.longs(x.shape());
    sizes[dim] = 1;
    int one = c.temporaryLike(x, layout.arrange(sizes));
    slice(c, x, layout, dim, index, index + 1, sizes, dynamic, one);
    c.dropDim(
        one,
        rank,
        layout.place(dim, rank),
        dynamic,
        left.dims(result.shape()),
        c.out(result, left));
  }

  // Reversal

  private static final int MAX_REVERSED = 32;

  static @Nullable Decline flipCheck(Node node, Support.Setting setting) {
    Decline decline = XnnpackOperators.staticOnly(node);
    if (decline != null) {
      return decline;
    }
    long[] dims = node.integers("dims");
    int rank = node.tensor("self").shape().rank();
    if (dims.length != 1 || rank == 0) {
      return Decline.of(Decline.Kind.ARGUMENT, "it reverses " + dims.length + " dims, not one");
    }
    int size = node.tensor("self").shape().size(Shapes.dim(dims[0], rank));
    return size > MAX_REVERSED
        ? XnnpackOperators.shape("it reverses " + size + " rows, more than " + MAX_REVERSED)
        : null;
  }

  /** Slices of one row, joined from the last to the first. */
  static void flip(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    Value result = node.result();
    int rank = x.shape().rank();
    int dim = Shapes.dim(node.integers("dims")[0], rank);
    int size = x.shape().size(dim);
    if (size == 1) {
      c.alias(result, x);
      return;
    }
    Layout layout = c.meet(rank, List.of(x));
    long[] row = Shapes.longs(x.shape());
    row[dim] = 1;
    List<Integer> rows = new ArrayList<>();
    for (int i = size - 1; i >= 0; i--) {
      int one = c.temporaryLike(x, layout.arrange(row));
      slice(c, x, layout, dim, i, i + 1, row, false, one);
      rows.add(one);
    }
    chain(
        c,
        rows,
        java.util.Collections.nCopies(size, 1L),
        layout.place(dim, rank),
        layout.dims(result.shape()),
        result,
        c.out(result, layout));
  }

  // Padding

  static @Nullable Decline padCheck(Node node, Support.Setting setting) {
    long[] pad = node.integers("pad");
    if (pad.length % 2 != 0 || pad.length > 2 * node.result().shape().rank()) {
      return Decline.of(Decline.Kind.ARGUMENT, pad.length + " paddings");
    }
    return Arrays.stream(pad).anyMatch(p -> p < 0)
        ? Decline.of(Decline.Kind.ARGUMENT, "a padding is negative")
        : null;
  }

  static void pad(Node node, SubgraphCompiler c) {
    Value x = node.tensor("self");
    int rank = x.shape().rank();
    long[] pad = node.integers("pad");
    long[] before = new long[rank];
    long[] after = new long[rank];
    for (int i = 0; i < pad.length / 2; i++) {
      before[rank - 1 - i] = pad[2 * i];
      after[rank - 1 - i] = pad[2 * i + 1];
    }
    float value = node.argument("value") == Argument.none() ? 0 : (float) node.number("value");
    Layout layout = c.meet(rank, List.of(x));
    int input = c.in(x, layout);
    c.add(
        new XnnNode.Pad(
            layout.arrange(before),
            layout.arrange(after),
            value,
            input,
            c.out(node.result(), layout)));
  }
}
