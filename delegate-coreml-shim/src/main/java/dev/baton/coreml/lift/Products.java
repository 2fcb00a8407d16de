package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Value;
import java.util.List;

/** Products of matrices. */
final class Products {
  private Products() {}

  /** x [*, in], weight [out, in], bias [out]. */
  static void linear(OperationCall c) throws DelegateException {
    c.give(c.apply("aten::linear", c.tensor("x"), c.tensor("weight"), c.tensorOrNone("bias")));
  }

  static void matmul(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    Value y = c.tensor("y");
    Value left = c.flag("transpose_x", false) ? turned(c, x) : x;
    Value right = c.flag("transpose_y", false) ? turned(c, y) : y;
    c.give(c.apply("aten::matmul", left, right));
  }

  /** The last two dimensions exchanged. */
  private static Value turned(OperationCall c, Value x) {
    int rank = x.shape().rank();
    int[] order = new int[rank];
    for (int d = 0; d < rank; d++) {
      order[d] = d;
    }
    if (rank > 1) {
      order[rank - 2] = rank - 1;
      order[rank - 1] = rank - 2;
    }
    return c.permute(x, order);
  }

  /** softmax(q kᵀ / √e + mask) v; a mask of truths hides where it is false. */
  static void attention(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value query = c.tensor("query");
    double scale = 1 / Math.sqrt(query.shape().size(-1));
    Value scaled = c.apply("aten::mul.Scalar", query, Argument.of(scale));
    Value scores = c.apply("aten::matmul", scaled, turned(c, c.tensor("key")));
    if (c.has("attn_mask")) {
      Value mask = c.tensor("attn_mask");
      if (mask.dtype() == DType.BOOL) {
        mask =
            c.apply(
                "aten::where.self",
                mask,
                c.scalar(0, DType.FLOAT),
                c.scalar(Double.NEGATIVE_INFINITY, DType.FLOAT));
      }
      scores = c.apply("aten::add.Tensor", scores, mask);
    }
    Value weights = c.apply("aten::_softmax", scores, Argument.of(-1L), Argument.of(false));
    c.give(c.apply("aten::matmul", weights, c.tensor("value")));
  }

  /** Two operands, each label once in each. */
  static void einsum(OperationCall c) throws DelegateException, UnsupportedOperation {
    String equation = c.text("equation", "").replace(" ", "");
    List<Value> values = c.tensors("values");
    Einsum parts = Einsum.parse(equation, values);
    if (parts == null) {
      throw new UnsupportedOperation("has the equation '" + equation + "'");
    }
    c.give(parts.apply(c, c.fixed(values.get(0)), c.fixed(values.get(1)), values));
  }
}
