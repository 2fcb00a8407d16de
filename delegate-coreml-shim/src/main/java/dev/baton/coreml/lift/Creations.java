package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Value;

/** Tensors that depend on sizes and numbers alone. */
final class Creations {
  private Creations() {}

  static void shape(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(Literal.integers(c.fixed(c.tensor("x")).sizes()));
  }

  private static Value filled(OperationCall c, int[] sizes)
      throws DelegateException, UnsupportedOperation {
    Literal value = c.literalOrNull("value");
    DType dtype = value == null ? DType.FLOAT : value.dtype();
    Argument number =
        dtype.isFloatingPoint()
            ? Argument.of(c.number("value", 0))
            : Argument.of(c.integer("value", 0));
    return c.apply("aten::full", Argument.ints(sizes), number, Argument.of(dtype));
  }

  static void fill(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(filled(c, c.integers("shape")));
  }

  static void fillLike(OperationCall c) throws DelegateException, UnsupportedOperation {
    c.give(filled(c, c.fixed(c.tensor("ref_tensor")).sizes()));
  }

  static void range(OperationCall c) throws DelegateException, UnsupportedOperation {
    DType dtype = c.literal("start").dtype();
    c.give(
        c.apply(
            "aten::arange.start_step",
            bound(c, "start", dtype),
            bound(c, "end", dtype),
            bound(c, "step", dtype),
            Argument.of(dtype)));
  }

  private static Argument bound(OperationCall c, String name, DType dtype)
      throws DelegateException, UnsupportedOperation {
    return dtype.isFloatingPoint() ? Argument.of(c.number(name)) : Argument.of(c.integer(name));
  }

  static void oneHot(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value indices = c.tensor("indices");
    int rank = indices.shape().rank() + 1;
    int axis = c.dim(c.integer("axis", -1), rank);
    int count = (int) c.integer("one_hot_vector_size");
    int[] sizes = new int[rank - axis];
    java.util.Arrays.fill(sizes, 1);
    sizes[0] = count;
    Value numbers =
        c.view(
            c.apply("aten::arange", Argument.of((long) count), Argument.of(indices.dtype())),
            sizes);
    Value hot =
        c.apply(
            "aten::eq.Tensor",
            c.apply("aten::unsqueeze_copy", indices, Argument.of((long) axis)),
            numbers);
    Literal on = c.literalOrNull("on_value");
    DType dtype = on == null ? DType.INT32 : on.dtype();
    c.give(
        c.apply(
            "aten::where.self",
            hot,
            c.scalar(c.number("on_value", 1), dtype),
            c.scalar(c.number("off_value", 0), dtype)));
  }
}
