package dev.baton.xnnpack.payload;

import static dev.baton.xnnpack.payload.Permutations.NCHW_TO_NHWC;
import static dev.baton.xnnpack.payload.Permutations.NHWC_TO_NCHW;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;
import dev.baton.xnnpack.payload.NodeKind.Flag;
import dev.baton.xnnpack.payload.PayloadNode.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Writes nodes as operators. XNNPACK's images are NHWC, the operators' NCHW: an operator on images
 * takes and gives NCHW tensors, and the transposition of its result stays pending until somebody
 * needs the elements in place. Elementwise operators pass it on; so transpositions meet and cancel.
 */
final class NodeWriter {
  private static final int[] NHWC_TO_NCWH = {0, 3, 2, 1};

  private final GraphBuilder into;
  private final Tensors tensors;
  private final Filters filters;
  private final IntPredicate isUsed;

  /**
   * @param isUsed true for the ids of values that somebody reads
   */
  NodeWriter(GraphBuilder into, Tensors tensors, Filters filters, IntPredicate isUsed) {
    this.into = into;
    this.tensors = tensors;
    this.filters = filters;
    this.isUsed = isUsed;
  }

  void write(NodeKind kind, PayloadNode node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    switch (node) {
      case PayloadNode.Unary n -> unary(kind, n, bounds);
      case PayloadNode.Activation n -> {
        Lifted x = tensors.read(n.input());
        Value y =
            into.apply(kind.operator(), x.stored().real(), Argument.of((double) n.parameter()));
        tensors.give(n.output(), y, x.order());
      }
      case PayloadNode.Binary n -> {
        switch (kind) {
          case PRELU -> prelu(kind, n);
          case BATCH_MATRIX_MULTIPLY -> matrixMultiply(n);
          default -> elementwise(kind, n, bounds);
        }
      }
      case PayloadNode.Concatenate n -> concatenate(kind, n);
      case PayloadNode.FullyConnected n -> fullyConnected(kind, n, bounds);
      case PayloadNode.Convolution n -> convolution(kind, n, bounds);
      case PayloadNode.Pooling n -> pooling(kind, n, bounds);
      case PayloadNode.ArgMaxPooling n -> argMaxPooling(kind, n);
      case PayloadNode.Transpose n -> transpose(n);
      case PayloadNode.Reshape n -> reshape(kind, n);
      case PayloadNode.Slice n -> slice(kind, n);
      case PayloadNode.Pad n -> pad(kind, n);
      case PayloadNode.Resize n -> resize(kind, n);
      case PayloadNode.Attention n -> attention(kind, n);
    }
  }

  private void give(int id, Value real, int[] order, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    tensors.give(id, bounds.clamp(into, real), order);
  }

  // Elementwise and reductions

  private void unary(NodeKind kind, PayloadNode.Unary node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.input());
    Value real = x.stored().real();
    Value y =
        switch (kind) {
          case CLAMP, CONVERT -> real;
          case SQUARE -> into.apply(kind.operator(), real, Argument.of(2));
          case SOFTMAX ->
              into.apply(
                  kind.operator(),
                  real,
                  Argument.of(x.rank() == 0 ? -1 : x.order()[x.rank() - 1]),
                  Argument.of(false));
          case GLOBAL_AVG_POOLING_2D -> {
            globalAverage(kind, node, x, bounds);
            yield null;
          }
          default -> into.apply(kind.operator(), real);
        };
    if (y != null) {
      give(node.output(), y, x.order(), bounds);
    }
  }

  private void globalAverage(NodeKind kind, PayloadNode.Unary node, Lifted x, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    requireImage(x);
    boolean keepDims =
        (node.flags() & Flag.KEEP_DIMS) != 0
            || tensors.declared(node.output()).dims().length == x.rank();
    int height = x.order()[1];
    int width = x.order()[2];
    Value source = keepDims ? x.stored().real() : x.inPlace();
    Argument dims =
        keepDims
            ? Argument.ints(Math.min(height, width), Math.max(height, width))
            : Argument.ints(1, 2);
    Value y = into.apply(kind.operator(), source, dims, Argument.of(keepDims));
    give(node.output(), y, keepDims ? x.order() : Permutations.identity(2), bounds);
  }

  private void elementwise(NodeKind kind, PayloadNode.Binary node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    Aligned operands = align(List.of(tensors.read(node.first()), tensors.read(node.second())));
    List<Value> values = sameDType(operands.values());
    boolean quotient = kind == NodeKind.DIV && values.get(0).dtype() == DType.INT32;
    Value y =
        quotient
            ? quotient(values.get(0), values.get(1))
            : into.apply(kind.operator(), values.get(0), values.get(1));
    give(node.output(), y, operands.order(), bounds);
  }

  /** The whole number that leaves a remainder of 0 or more. */
  private Value quotient(Value dividend, Value divisor) {
    Value size = into.apply("aten::abs", divisor);
    Value floor = into.apply("aten::div.Tensor_mode", dividend, size, new Argument.Text("floor"));
    return into.apply("aten::mul.Tensor", into.apply("aten::sign", divisor), floor);
  }

  /** Operands of one operator, their dimensions in one order. */
  private record Aligned(List<Value> values, int[] order) {}

  /**
   * Makes operands that broadcast agree on a pending transposition. The payload writes a scalar as
   * dims [1]: a constant number next to a scalar of the program is one too.
   */
  private Aligned align(List<Lifted> operands) throws UnsupportedNode {
    boolean scalar = operands.stream().anyMatch(o -> o.rank() == 0);
    for (Lifted operand : operands) {
      boolean number = operand.stored().isConstant() && operand.stored().isOneElement();
      scalar &= operand.rank() == 0 || number;
    }
    int rank = scalar ? 0 : operands.stream().mapToInt(Lifted::rank).max().orElse(0);
    int[] order = order(operands, rank);
    int[] back = Permutations.inverse(order);
    List<Value> values = new ArrayList<>();
    for (Lifted operand : operands) {
      values.add(aligned(operand, rank, back));
    }
    return new Aligned(values, order);
  }

  private static Value aligned(Lifted operand, int rank, int[] back) throws UnsupportedNode {
    Stored stored = operand.stored();
    if (stored.isOneElement()) {
      return stored.isConstant() && rank == 0 ? stored.withRank(0).real() : stored.real();
    }
    if (operand.rank() == rank) {
      return operand.real(back);
    }
    if (!stored.isConstant() || Permutations.isIdentity(back)) {
      return operand.inPlace();
    }
    return Lifted.of(stored.withRank(rank)).real(back);
  }

  /** The pending transposition of the largest operand, if the others can follow it. */
  private static int[] order(List<Lifted> operands, int rank) {
    int[] order = Permutations.identity(rank);
    long largest = -1;
    for (Lifted operand : operands) {
      Stored stored = operand.stored();
      if (stored.isConstant() || stored.isOneElement()) {
        continue;
      }
      if (operand.rank() < rank) {
        return Permutations.identity(rank);
      }
      if (stored.shape().numel() > largest) {
        largest = stored.shape().numel();
        order = operand.order();
      }
    }
    return order;
  }

  private List<Value> sameDType(List<Value> values) {
    DType first = values.get(0).dtype();
    if (values.stream().allMatch(v -> v.dtype() == first)) {
      return values;
    }
    return values.stream().map(v -> tensors.cast(v, DType.FLOAT)).toList();
  }

  private void prelu(NodeKind kind, PayloadNode.Binary node)
      throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.first());
    Lifted slope = tensors.read(node.second());
    long slopes = slope.stored().shape().numel();
    if (slopes != 1 && (slope.rank() == 0 || slope.size(slope.rank() - 1) != slopes)) {
      throw new UnsupportedNode("has slopes that differ along more than the last dimension");
    }
    Value weight =
        slope.rank() == 1
            ? slope.inPlace()
            : into.apply("aten::view_copy", slope.inSequence(), Argument.ints(-1));
    int rank = x.rank();
    if (rank == 1 && slopes != 1) {
      Value row = into.apply("aten::unsqueeze_copy", x.inPlace(), Argument.of(0));
      List<Value> values = sameDType(List.of(row, weight));
      Value y = into.apply(kind.operator(), values.get(0), values.get(1));
      Value back = into.apply("aten::squeeze_copy.dim", y, Argument.of(0));
      tensors.give(node.output(), back, Permutations.identity(1));
      return;
    }
    int[] channelsSecond = Permutations.identity(rank);
    if (rank > 2) {
      channelsSecond[1] = rank - 1;
      for (int d = 2; d < rank; d++) {
        channelsSecond[d] = d - 1;
      }
    }
    List<Value> values = sameDType(List.of(x.real(channelsSecond), weight));
    Value y = into.apply(kind.operator(), values.get(0), values.get(1));
    tensors.give(node.output(), y, Permutations.inverse(channelsSecond));
  }

  // Matrices

  private void fullyConnected(NodeKind kind, PayloadNode.FullyConnected node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.input());
    Lifted filter = tensors.read(node.filter());
    if (filter.rank() != 2 || x.rank() == 0) {
      throw Failures.damaged(
          "a fully connected filter of rank %d on an input of rank %d, expected 2 on 1 or more"
              .formatted(filter.rank(), x.rank()));
    }
    boolean transposed = (node.flags() & Flag.TRANSPOSE) != 0;
    boolean rowsStay = x.order()[x.rank() - 1] == x.rank() - 1;
    List<Value> operands = new ArrayList<>();
    operands.add(rowsStay ? x.stored().real() : x.inPlace());
    operands.add(transposed ? filter.real(1, 0) : filter.inPlace());
    addBias(operands, node.bias());
    boolean floats = x.stored().encoding() instanceof Encoding.Plain;
    if (floats
        && operands.size() > 2
        && filter.stored().encoding() instanceof Encoding.PerChannel channels) {
      // XNNPACK's kernels for such filters multiply the sum by the scale after adding the bias.
      operands.set(2, into.apply("aten::mul.Tensor", operands.get(2), channels.scales()));
    }
    List<Value> values = sameDType(operands);
    Value y =
        into.apply(
            kind.operator(),
            values.get(0),
            values.get(1),
            values.size() > 2 ? values.get(2) : Argument.none());
    give(node.output(), y, rowsStay ? x.order() : Permutations.identity(x.rank()), bounds);
  }

  private void addBias(List<Value> operands, int bias) throws DelegateException, UnsupportedNode {
    if (bias != PayloadNode.NO_VALUE) {
      operands.add(tensors.read(bias).inPlace());
    }
  }

  private void matrixMultiply(PayloadNode.Binary node) throws DelegateException, UnsupportedNode {
    Lifted a = tensors.read(node.first());
    Lifted b = tensors.read(node.second());
    if (a.rank() < 2 || b.rank() < 2) {
      throw Failures.damaged(
          "a matrix product of ranks " + a.rank() + " and " + b.rank() + ", expected 2 or more");
    }
    boolean transposed = (node.flags() & Flag.TRANSPOSE) != 0;
    List<Value> values =
        sameDType(
            List.of(
                a.inPlace(), transposed ? b.real(Permutations.transposed(b.rank())) : b.inPlace()));
    boolean batches = a.rank() == 3 && b.rank() == 3 && a.size(0) == b.size(0);
    String operator =
        batches ? "aten::bmm" : a.rank() == 2 && b.rank() == 2 ? "aten::mm" : "aten::matmul";
    Value y = into.apply(operator, values.get(0), values.get(1));
    tensors.give(node.output(), y, Permutations.identity(Math.max(a.rank(), b.rank())));
  }

  private void attention(NodeKind kind, PayloadNode.Attention node)
      throws DelegateException, UnsupportedNode {
    Lifted query = tensors.read(node.query());
    Value scaled =
        into.apply("aten::mul.Tensor", query.inPlace(), tensors.read(node.scale()).inPlace());
    Value y =
        into.apply(
            kind.operator(),
            scaled,
            tensors.read(node.key()).inPlace(),
            tensors.read(node.value()).inPlace(),
            node.mask() == PayloadNode.NO_VALUE
                ? Argument.none()
                : tensors.read(node.mask()).inPlace(),
            Argument.of(0.0),
            Argument.of(false),
            Argument.of(1.0));
    tensors.give(node.output(), y, Permutations.identity(query.rank()));
  }

  // Images

  /** The NCHW form of an image that the payload has as NHWC. */
  private Value image(int id) throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(id);
    requireImage(x);
    return x.real(NHWC_TO_NCHW);
  }

  private static void requireImage(Lifted x) throws DelegateException {
    if (x.rank() != 4) {
      throw Failures.damaged("an image of rank " + x.rank() + ", expected 4");
    }
  }

  /** The window with its padding, which a flag may leave to the size of an image (NCHW). */
  private static Window window(Window stated, int flags, TensorType image)
      throws DelegateException, UnsupportedNode {
    if ((flags & Flag.SAME_PADDING) == 0) {
      return stated;
    }
    if (stated.isPadded()) {
      throw Failures.damaged("a padding, and the flag that leaves it to the image's size");
    }
    if (image.dynamic()) {
      throw new UnsupportedNode("pads by the size of an image whose size varies");
    }
    return stated.withSamePadding(image.shape().size(2), image.shape().size(3));
  }

  private void convolution(NodeKind kind, PayloadNode.Convolution node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    boolean transposed = kind == NodeKind.CONV_TRANSPOSE_2D;
    Value x = image(node.input());
    TensorType type = x.tensorType();
    long channels = (long) node.groups() * node.groupInputChannels();
    if (!type.dynamic() && type.shape().size(1) != channels) {
      throw Failures.damaged(
          "a convolution of %d channels on an image of %d"
              .formatted(channels, type.shape().size(1)));
    }
    Window w = window(node.window(), node.flags(), type);
    boolean asymmetric = !w.isSymmetric();
    if (asymmetric && !transposed) {
      x = padded(x, w, 0);
    }
    if (node.adjustmentHeight() >= Math.max(w.strideHeight(), w.dilationHeight())
        || node.adjustmentWidth() >= Math.max(w.strideWidth(), w.dilationWidth())) {
      throw new UnsupportedNode("adds as many rows or columns as its stride, or more");
    }
    List<Value> operands = new ArrayList<>(List.of(x, filters.filter(kind, node, tensors)));
    addBias(operands, node.bias());
    List<Value> values = sameDType(operands);
    Value y =
        into.apply(
            kind.operator(),
            values.get(0),
            values.get(1),
            values.size() > 2 ? values.get(2) : Argument.none(),
            Argument.ints(w.strideHeight(), w.strideWidth()),
            asymmetric ? Argument.ints(0, 0) : Argument.ints(w.top(), w.left()),
            Argument.ints(w.dilationHeight(), w.dilationWidth()),
            Argument.of(transposed),
            transposed
                ? Argument.ints(node.adjustmentHeight(), node.adjustmentWidth())
                : Argument.ints(0, 0),
            Argument.of(node.groups()));
    if (asymmetric && transposed) {
      y = cropped(cropped(y, 2, w.top(), w.bottom()), 3, w.left(), w.right());
    }
    give(node.output(), y, NCHW_TO_NHWC, bounds);
  }

  private Value cropped(Value x, int dim, int before, int after) {
    return before == 0 && after == 0
        ? x
        : into.apply(
            "aten::slice_copy.Tensor",
            x,
            Argument.of(dim),
            Argument.of(before),
            Argument.of(after == 0 ? Long.MAX_VALUE : -(long) after));
  }

  private Value padded(Value image, Window w, double value) {
    return into.apply(
        "aten::constant_pad_nd",
        image,
        Argument.ints(w.left(), w.right(), w.top(), w.bottom()),
        Argument.of(value));
  }

  private void pooling(NodeKind kind, PayloadNode.Pooling node, Bounds bounds)
      throws DelegateException, UnsupportedNode {
    Value x = image(node.input());
    Window w = window(node.window(), node.flags(), x.tensorType());
    boolean dilated = w.dilationHeight() != 1 || w.dilationWidth() != 1;
    PoolPadding padding = PoolPadding.of(w, x.tensorType());
    Argument kernel = Argument.ints(w.height(), w.width());
    Argument stride = Argument.ints(w.strideHeight(), w.strideWidth());
    Value y;
    if (kind == NodeKind.MAX_POOLING_2D) {
      y =
          into.call(
                  kind.operator(),
                  padding.isExplicit() ? padded(x, w, Double.NEGATIVE_INFINITY) : x,
                  kernel,
                  stride,
                  Argument.ints(padding.height(), padding.width()),
                  Argument.ints(w.dilationHeight(), w.dilationWidth()),
                  Argument.of(padding.ceil()))
              .get(0);
    } else {
      if (dilated) {
        throw new UnsupportedNode("averages a dilated window");
      }
      y =
          padding.isExplicit()
              ? averageOfRealCells(kind, x, w)
              : into.apply(
                  kind.operator(),
                  x,
                  kernel,
                  stride,
                  Argument.ints(padding.height(), padding.width()),
                  Argument.of(padding.ceil()),
                  Argument.of(false));
    }
    give(node.output(), y, NCHW_TO_NHWC, bounds);
  }

  /** The average of zero-padded windows, times the ratio of all cells to real ones. */
  private Value averageOfRealCells(NodeKind kind, Value x, Window w)
      throws DelegateException, UnsupportedNode {
    if (x.tensorType().dynamic()) {
      throw new UnsupportedNode(
          "averages a window with uneven padding on an image whose size varies");
    }
    int[] rows =
        PoolPadding.realCells(x.shape().size(2), w.top(), w.bottom(), w.height(), w.strideHeight());
    int[] columns =
        PoolPadding.realCells(x.shape().size(3), w.left(), w.right(), w.width(), w.strideWidth());
    Value y =
        into.apply(
            kind.operator(),
            tensors.cast(padded(x, w, 0), DType.FLOAT),
            Argument.ints(w.height(), w.width()),
            Argument.ints(w.strideHeight(), w.strideWidth()),
            Argument.ints(0, 0));
    Value byRow = tensors.floats(rows.length, i -> ratio(w.height(), rows[i]), rows.length, 1);
    Value byColumn =
        tensors.floats(columns.length, i -> ratio(w.width(), columns[i]), columns.length);
    return into.apply("aten::mul.Tensor", into.apply("aten::mul.Tensor", y, byRow), byColumn);
  }

  private static float ratio(int cells, int real) throws DelegateException {
    if (real == 0) {
      throw Failures.damaged("a window that lies in the padding as a whole");
    }
    return (float) cells / real;
  }

  private void resize(NodeKind kind, PayloadNode.Resize node)
      throws DelegateException, UnsupportedNode {
    Value x = image(node.input());
    boolean alignCorners = (node.flags() & Flag.ALIGN_CORNERS) != 0;
    boolean fromCorner = (node.flags() & Flag.FROM_CORNER) != 0;
    if (alignCorners && fromCorner) {
      throw Failures.damaged("flags that both say where the corners are");
    }
    Value y;
    if (fromCorner) {
      Value wide = tensors.cast(x, DType.FLOAT);
      y = stretched(stretched(wide, 2, node.height()), 3, node.width());
    } else {
      y =
          into.apply(
              kind.operator(),
              x,
              Argument.ints(node.height(), node.width()),
              Argument.of(alignCorners),
              Argument.none());
    }
    tensors.give(node.output(), y, NCHW_TO_NHWC);
  }

  /** Element i is at i · size / newSize between the elements of a dimension. */
  private Value stretched(Value image, int dim, int newSize)
      throws DelegateException, UnsupportedNode {
    if (image.tensorType().dynamic()) {
      throw new UnsupportedNode("resizes from the corner an image whose size varies");
    }
    int size = image.shape().size(dim);
    float step = (float) size / newSize;
    Value before = tensors.ints(newSize, i -> Math.min((int) (i * step), size - 1), newSize);
    Value after = tensors.ints(newSize, i -> Math.min((int) (i * step) + 1, size - 1), newSize);
    int[] shape = dim == 2 ? new int[] {newSize, 1} : new int[] {newSize};
    Value weight =
        tensors.floats(newSize, i -> Math.min(i * step, size - 1) - (int) (i * step), shape);
    Value from = into.apply("aten::index_select", image, Argument.of(dim), before);
    Value to = into.apply("aten::index_select", image, Argument.of(dim), after);
    return into.apply("aten::lerp.Tensor", from, to, weight);
  }

  /**
   * XNNPACK pads with the nearest pixel, and counts down the columns of a window: on an image with
   * width before height that is the operator's order.
   */
  private void argMaxPooling(NodeKind kind, PayloadNode.ArgMaxPooling node)
      throws DelegateException, UnsupportedNode {
    Lifted image = tensors.read(node.input());
    requireImage(image);
    Value x = image.real(NHWC_TO_NCWH);
    Window w = node.window();
    List<Value> results =
        into.call(
            kind.operator(),
            w.isPadded()
                ? into.apply(
                    "aten::replication_pad2d",
                    x,
                    Argument.ints(w.top(), w.bottom(), w.left(), w.right()))
                : x,
            Argument.ints(w.width(), w.height()),
            Argument.ints(w.strideWidth(), w.strideHeight()),
            Argument.ints(0, 0),
            Argument.ints(1, 1));
    tensors.give(node.output(), results.get(0), NHWC_TO_NCWH);
    if (isUsed.test(node.indices())) {
      if (x.tensorType().dynamic()) {
        throw new UnsupportedNode("gives indices in windows of an image whose size varies");
      }
      long height = (long) x.shape().size(3) + w.top() + w.bottom();
      tensors.give(node.indices(), indexInWindow(results.get(1), height, w), NHWC_TO_NCWH);
    }
  }

  /** Of an index in a padded plane of columns, the index in its window. */
  private Value indexInWindow(Value index, long height, Window w) {
    Argument columnHeight = Argument.of(height);
    Value column =
        into.apply("aten::div.Scalar_mode", index, columnHeight, new Argument.Text("floor"));
    Value columnInWindow = into.apply("aten::remainder.Scalar", column, Argument.of(w.width()));
    Value row = into.apply("aten::remainder.Scalar", index, columnHeight);
    Value rowInWindow = into.apply("aten::remainder.Scalar", row, Argument.of(w.height()));
    Value before = into.apply("aten::mul.Scalar", columnInWindow, Argument.of(w.height()));
    return into.apply("aten::add.Tensor", before, rowInWindow);
  }

  // Movement

  private void transpose(PayloadNode.Transpose node) throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.input());
    if (x.rank() == 0 && node.permutation().length == 1) {
      move(node.output(), x);
      return;
    }
    requireRank(x, node.permutation().length);
    move(node.output(), x.transposed(node.permutation()));
  }

  /** Gives a value that is an earlier one in another order. */
  private void move(int id, Lifted value) throws DelegateException, UnsupportedNode {
    if (tensors.isStoredAs(value, id)) {
      tensors.give(id, value);
    } else {
      tensors.give(id, value.stored().real(), value.order());
    }
  }

  private void reshape(NodeKind kind, PayloadNode.Reshape node)
      throws DelegateException, UnsupportedNode {
    int[] sizes = node.sizes().clone();
    int inferred = 0;
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] == 0) {
        sizes[d] = -1;
        inferred++;
      }
    }
    if (inferred > 1) {
      throw Failures.damaged(
          "a new shape with " + inferred + " inferred sizes, expected 1 at most");
    }
    Value x = tensors.read(node.input()).inSequence();
    Value y = into.apply(kind.operator(), x, Argument.ints(sizes));
    tensors.give(node.output(), y, Permutations.identity(sizes.length));
  }

  private void slice(NodeKind kind, PayloadNode.Slice node)
      throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.input());
    if (x.rank() == 0 && node.offsets().length == 1) {
      move(node.output(), x);
      return;
    }
    requireRank(x, node.offsets().length);
    boolean dynamic = x.stored().type().dynamic();
    Value y = x.stored().real();
    for (int d = 0; d < x.rank(); d++) {
      long start = node.offsets()[d];
      long end = start + node.sizes()[d]; // XNNPACK ends earlier where the dimension does
      if (!dynamic && start > x.size(d)) {
        throw Failures.damaged(
            "a slice from %d along dimension %d of size %d".formatted(start, d, x.size(d)));
      }
      if (start > 0 || end < x.size(d)) {
        y =
            into.apply(
                kind.operator(),
                y,
                Argument.of(x.order()[d]),
                Argument.of(start),
                Argument.of(end));
      }
    }
    tensors.give(node.output(), y, x.order());
  }

  private void concatenate(NodeKind kind, PayloadNode.Concatenate node)
      throws DelegateException, UnsupportedNode {
    List<Lifted> operands = new ArrayList<>();
    for (int id : node.inputs()) {
      operands.add(tensors.read(id));
    }
    int rank = operands.get(0).rank();
    if (node.axis() >= rank) {
      throw Failures.damaged("axis " + node.axis() + " of a value of rank " + rank);
    }
    for (Lifted operand : operands) {
      requireRank(operand, rank);
    }
    int[] order = order(operands, rank);
    int[] back = Permutations.inverse(order);
    List<Value> values = new ArrayList<>();
    for (Lifted operand : operands) {
      values.add(operand.real(back));
    }
    Value y =
        into.apply(
            kind.operator(), Argument.list(sameDType(values)), Argument.of(order[node.axis()]));
    tensors.give(node.output(), y, order);
  }

  private void pad(NodeKind kind, PayloadNode.Pad node) throws DelegateException, UnsupportedNode {
    Lifted x = tensors.read(node.input());
    requireRank(x, node.before().length);
    if (x.stored().dtype() == DType.INT32 && node.value() != 0) {
      throw new UnsupportedNode("pads whole numbers with other than 0");
    }
    int[] places = Permutations.inverse(x.order());
    int padded = 0;
    int[] amounts = new int[2 * x.rank()];
    for (int i = 0; i < x.rank(); i++) {
      int d = places[x.rank() - 1 - i];
      amounts[2 * i] = node.before()[d];
      amounts[2 * i + 1] = node.after()[d];
      if (node.before()[d] != 0 || node.after()[d] != 0) {
        padded = i + 1;
      }
    }
    Value y =
        into.apply(
            kind.operator(),
            x.stored().real(),
            Argument.ints(Arrays.copyOf(amounts, 2 * padded)),
            Argument.of((double) node.value()));
    tensors.give(node.output(), y, x.order());
  }

  private static void requireRank(Lifted x, int rank) throws DelegateException {
    if (x.rank() != rank) {
      throw Failures.damaged(
          "a value of rank " + x.rank() + " where one of rank " + rank + " is expected");
    }
  }
}
