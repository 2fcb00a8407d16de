package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Elements by indices. Negative indices count from the end. */
final class Gathers {
  private Gathers() {}

  private static Value indices(OperationCall c) throws DelegateException {
    return c.to(c.tensor("indices"), DType.INT64);
  }

  /** Whole dimensions, then the indices. */
  private static List<Argument> after(int dims, Argument... indices) {
    List<Argument> all = new ArrayList<>(Collections.nCopies(dims, Argument.none()));
    all.addAll(List.of(indices));
    return all;
  }

  static void gather(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int axis = c.dim(c.integer("axis", 0), x.shape().rank());
    int batch = (int) c.integer("batch_dims", 0);
    Literal one = c.literalOrNull("indices");
    if (one != null && one.shape().rank() == 0) {
      Argument place = Argument.of(one.integer(0));
      c.give(c.apply("aten::select_copy.int", x, Argument.of((long) axis), place));
      return;
    }
    Value indices = indices(c);
    if (batch == 0) {
      List<Argument> places = after(axis, indices);
      c.give(c.apply("aten::index.Tensor", x, new Argument.Items(places)));
      return;
    }
    if (batch != axis) {
      throw new UnsupportedOperation(
          "gathers along dimension " + axis + " with " + batch + " of batches");
    }
    List<Argument> places = new ArrayList<>();
    int rank = indices.shape().rank();
    for (int d = 0; d < batch; d++) {
      int[] sizes = new int[rank - d];
      java.util.Arrays.fill(sizes, 1);
      sizes[0] = c.fixed(indices).size(d);
      places.add(c.view(c.apply("aten::arange", Argument.of((long) sizes[0])), sizes));
    }
    places.add(indices);
    c.give(c.apply("aten::index.Tensor", x, new Argument.Items(places)));
  }

  /** The indices, none of them negative. */
  private static Value forwards(OperationCall c, Value indices, int size) {
    return c.apply("aten::remainder.Scalar", indices, Argument.of((long) Math.max(1, size)));
  }

  static void alongAxis(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int axis = c.dim(c.integer("axis", 0), x.shape().rank());
    Value indices = forwards(c, indices(c), c.fixed(x).size(axis));
    c.give(c.apply("aten::gather", x, Argument.of((long) axis), indices));
  }

  /** The last dimension of the indices is a place in x. */
  private static Argument places(OperationCall c, Value x, Value indices) throws DelegateException {
    int most = x.shape().rank();
    if (indices.shape().rank() < 1 || indices.shape().size(-1) > most) {
      throw Failures.damaged(
          c.operation().label()
              + " has places of "
              + (indices.shape().rank() < 1 ? 0 : indices.shape().size(-1))
              + " numbers in "
              + x.shape());
    }
    List<Argument> places = new ArrayList<>();
    c.call("aten::unbind_copy.int", indices, Argument.of(-1L)).forEach(places::add);
    return new Argument.Items(places);
  }

  static void byPlaces(OperationCall c) throws DelegateException, UnsupportedOperation {
    if (c.integer("batch_dims", 0) != 0) {
      throw new UnsupportedOperation("has dimensions of batches");
    }
    Value x = c.tensor("x");
    c.give(c.apply("aten::index.Tensor", x, places(c, x, indices(c))));
  }

  private static void put(OperationCall c, Argument places)
      throws DelegateException, UnsupportedOperation {
    Value data = c.tensor("data");
    Value updates = c.tensor("updates");
    String mode = c.text("mode", "add");
    switch (mode) {
      case "update", "add" -> {
        Argument add = Argument.of(mode.equals("add"));
        c.give(c.apply("aten::index_put", data, places, updates, add));
      }
      case "sub" -> {
        Value less = c.apply("aten::neg", updates);
        c.give(c.apply("aten::index_put", data, places, less, Argument.of(true)));
      }
      default -> throw new UnsupportedOperation("scatters in the mode '" + mode + "'");
    }
  }

  static void scatter(OperationCall c) throws DelegateException, UnsupportedOperation {
    int axis = c.dim(c.integer("axis", 0), c.tensor("data").shape().rank());
    put(c, new Argument.Items(after(axis, indices(c))));
  }

  static void scatterByPlaces(OperationCall c) throws DelegateException, UnsupportedOperation {
    put(c, places(c, c.tensor("data"), indices(c)));
  }

  static void scatterAlongAxis(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value data = c.tensor("data");
    int axis = c.dim(c.integer("axis", 0), data.shape().rank());
    Value indices = forwards(c, indices(c), c.fixed(data).size(axis));
    Value updates = c.tensor("updates");
    Argument dim = Argument.of((long) axis);
    String mode = c.text("mode", "add");
    c.give(
        switch (mode) {
          case "update" -> c.apply("aten::scatter.src", data, dim, indices, updates);
          case "add" -> c.apply("aten::scatter_add", data, dim, indices, updates);
          case "mul" -> reduce(c, data, dim, indices, updates, "prod");
          case "max" -> reduce(c, data, dim, indices, updates, "amax");
          case "min" -> reduce(c, data, dim, indices, updates, "amin");
          default -> throw new UnsupportedOperation("scatters in the mode '" + mode + "'");
        });
  }

  private static Value reduce(
      OperationCall c, Value data, Argument dim, Value indices, Value updates, String how) {
    Argument by = new Argument.Text(how);
    return c.apply("aten::scatter_reduce.two", data, dim, indices, updates, by);
  }
}
