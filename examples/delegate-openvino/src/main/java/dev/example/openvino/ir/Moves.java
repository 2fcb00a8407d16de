package dev.example.openvino.ir;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import dev.example.openvino.ir.Ir.Port;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What computes nothing: other shapes, orders and parts. */
final class Moves {
  /** As far as OpenVINO's CPU counts. */
  private static final long END = Integer.MAX_VALUE;

  private Moves() {}

  static void same(Node node, Translator t) {
    Value x = node.tensor("self");
    if (x.dtype() != node.result().dtype()) {
      throw Declined.argument("it converts to another dtype");
    }
    t.out(node, t.in(x));
  }

  // Shapes

  /** A view as the sizes of its argument, of which one may vary. */
  static Layers.Body view(String parameter) {
    return (node, t) -> {
      long[] sizes = sizes(node.result().shape());
      if (Translator.varies(node)) {
        if (!(node.argument(parameter) instanceof Argument.Items list)) {
          throw Declined.varies("the program computes its sizes");
        }
        sizes =
            list.items().stream()
                .mapToLong(item -> item instanceof Argument.Int i && i.value() > 0 ? i.value() : -1)
                .toArray();
        if (Arrays.stream(sizes).filter(size -> size == -1).count() > 1) {
          throw Declined.varies("more than one of its sizes varies");
        }
      }
      t.out(node, reshape(t, t.in(node, "self"), sizes));
    };
  }

  /** What only takes dimensions apart or together. */
  static void reshaped(Node node, Translator t) {
    Translator.fixed(node);
    t.out(node, reshape(t, t.in(node, "self"), sizes(node.result().shape())));
  }

  private static Port reshape(Translator t, Port x, long[] sizes) {
    return t.ir().apply("Reshape", 1, Ir.attributes("special_zero", false), x, t.ir().longs(sizes));
  }

  private static long[] sizes(Shape shape) {
    return Arrays.stream(shape.sizes()).asLongStream().toArray();
  }

  static void unsqueeze(Node node, Translator t) {
    int dim = Translator.dim(node, "dim", node.result().shape().rank());
    t.out(node, t.ir().apply("Unsqueeze", 1, "", t.in(node, "self"), t.ir().longs(dim)));
  }

  static void squeeze(Node node, Translator t) {
    Shape shape = node.tensor("self").shape();
    long[] ones =
        Arrays.stream(Translator.integers(node, "dim"))
            .map(dim -> dim < 0 ? dim + shape.rank() : dim)
            .filter(dim -> shape.rank() > 0 && shape.size((int) dim) == 1)
            .toArray();
    Port x = t.in(node, "self");
    t.out(node, ones.length == 0 ? x : t.ir().apply("Squeeze", 1, "", x, t.ir().longs(ones)));
  }

  static void expand(Node node, Translator t) {
    long[] sizes = Translator.integers(node, "size");
    if (Arrays.stream(sizes).anyMatch(size -> size == -1)) {
      Translator.fixed(node);
      sizes = sizes(node.result().shape());
    }
    t.out(
        node,
        t.ir()
            .apply(
                "Broadcast",
                3,
                Ir.attributes("mode", "numpy"),
                t.in(node, "self"),
                t.ir().longs(sizes)));
  }

  // Orders

  static void permute(Node node, Translator t) {
    int rank = node.tensor("self").shape().rank();
    long[] order = IntStream.range(0, rank).asLongStream().toArray();
    if (node.operator().has("dims")) {
      long[] dims = Translator.integers(node, "dims");
      Arrays.setAll(order, d -> dims[d] < 0 ? dims[d] + rank : dims[d]);
    } else if (node.operator().has("dim0")) {
      swap(order, Translator.dim(node, "dim0", rank), Translator.dim(node, "dim1", rank));
    } else if (rank == 2) {
      swap(order, 0, 1);
    }
    Port x = t.in(node, "self");
    t.out(node, rank == 0 ? x : t.ir().apply("Transpose", 1, "", x, t.ir().longs(order)));
  }

  private static void swap(long[] order, int a, int b) {
    if (order.length > 0) {
      long first = order[a];
      order[a] = order[b];
      order[b] = first;
    }
  }

  // Parts

  static void slice(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.tensor("self").shape().rank());
    long start = node.isNone("start") ? 0 : Translator.integer(node, "start");
    long end = node.isNone("end") ? END : Math.min(Translator.integer(node, "end"), END);
    long step = Translator.integer(node, "step");
    t.out(node, sliced(t, t.in(node, "self"), axis, start, end, step));
  }

  private static Port sliced(Translator t, Port x, int axis, long start, long end, long step) {
    Ir ir = t.ir();
    return ir.apply(
        "Slice", 8, "", x, ir.longs(start), ir.longs(end), ir.longs(step), ir.longs(axis));
  }

  static void select(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.tensor("self").shape().rank());
    long index = Translator.integer(node, "index");
    t.out(node, taken(t, t.in(node, "self"), t.ir().index(index), axis));
  }

  private static Port taken(Translator t, Port x, Port indices, int axis) {
    return t.ir()
        .apply("Gather", 8, Ir.attributes("batch_dims", 0), x, indices, t.ir().index(axis));
  }

  static void unbind(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.tensor("self").shape().rank());
    Port x = t.in(node, "self");
    for (int i = 0; i < node.results().size(); i++) {
      t.out(node, i, taken(t, x, t.ir().index(i), axis));
    }
  }

  static void split(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.tensor("self").shape().rank());
    long[] lengths;
    if (node.operator().has("split_sizes")) {
      lengths = Translator.integers(node, "split_sizes");
    } else {
      Translator.fixed(node);
      lengths = node.results().stream().mapToLong(part -> part.shape().size(axis)).toArray();
    }
    Port[] parts =
        t.ir()
            .applyMany(
                "VariadicSplit",
                1,
                "",
                lengths.length,
                t.in(node, "self"),
                t.ir().index(axis),
                t.ir().longs(lengths));
    for (int i = 0; i < parts.length; i++) {
      t.out(node, i, parts[i]);
    }
  }

  static void embedding(Node node, Translator t) {
    t.out(node, taken(t, t.in(node, "weight"), t.in(node, "indices"), 0));
  }

  static void indexSelect(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.tensor("self").shape().rank());
    t.out(node, taken(t, t.in(node, "self"), t.in(node, "index"), axis));
  }

  // Several tensors

  static void concatenate(Node node, Translator t) {
    List<Value> tensors = node.tensors("tensors");
    int axis = Translator.dim(node, "dim", node.result().shape().rank());
    Port[] ports = tensors.stream().map(t::in).toArray(Port[]::new);
    t.out(node, t.ir().apply("Concat", 1, Ir.attributes("axis", axis), ports));
  }

  static void stack(Node node, Translator t) {
    int axis = Translator.dim(node, "dim", node.result().shape().rank());
    Port[] ports =
        node.tensors("tensors").stream()
            .map(value -> t.ir().apply("Unsqueeze", 1, "", t.in(value), t.ir().longs(axis)))
            .toArray(Port[]::new);
    t.out(node, t.ir().apply("Concat", 1, Ir.attributes("axis", axis), ports));
  }

  static void pad(Node node, Translator t) {
    long[] pad = Translator.integers(node, "pad");
    int rank = node.tensor("self").shape().rank();
    long[] begin = new long[rank];
    long[] end = new long[rank];
    for (int i = 0; i < pad.length / 2; i++) {
      begin[rank - 1 - i] = pad[2 * i];
      end[rank - 1 - i] = pad[2 * i + 1];
    }
    t.out(
        node,
        t.ir()
            .apply(
                "Pad",
                12,
                Ir.attributes("pad_mode", "constant"),
                t.in(node, "self"),
                t.ir().longs(begin),
                t.ir().longs(end),
                t.ir().number(Translator.number(node, "value"))));
  }
}
