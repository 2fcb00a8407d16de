package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** Writes small graphs, and blocks around them. */
final class Graphs {
  final Graph.Builder builder = new Graph.Builder();

  static TensorType floats(int... sizes) {
    return TensorType.of(DType.FLOAT, sizes);
  }

  static TensorType bools(int... sizes) {
    return TensorType.of(DType.BOOL, sizes);
  }

  /** A float tensor whose sizes vary up to these. */
  static TensorType varying(int... sizes) {
    return new TensorType(DType.FLOAT, Shape.of(sizes), true);
  }

  Value input(TensorType type) {
    return builder.input(type);
  }

  Value node(String operator, TensorType type, Argument... arguments) {
    return builder
        .node(Operators.get(operator), List.of(arguments), List.of(type), Origin.HOST)
        .result();
  }

  Value size(Value of, int dim) {
    return builder
        .node(
            Operators.get("aten::sym_size.int"),
            List.of(of, Argument.of(dim)),
            List.of(SymbolType.INT),
            Origin.HOST)
        .result();
  }

  Value layerNorm(Value x) {
    TensorType type = x.tensorType();
    int[] rows = type.shape().sizes();
    rows[rows.length - 1] = 1;
    TensorType saved = new TensorType(DType.FLOAT, Shape.of(rows), type.dynamic());
    return builder
        .node(
            Operators.get("aten::native_layer_norm"),
            List.of(
                x,
                Argument.ints(type.shape().size(-1)),
                Argument.none(),
                Argument.none(),
                Argument.of(1e-5)),
            List.of(type, saved, saved),
            Origin.HOST)
        .result();
  }

  Value constant(float[] values, int... sizes) {
    return builder.constant(Constant.of(MemorySegment.ofArray(values), floats(sizes)));
  }

  Value constant(long... values) {
    return builder.constant(
        Constant.of(MemorySegment.ofArray(values), TensorType.of(DType.INT64, values.length)));
  }

  Value constant(boolean[] values, int... sizes) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return builder.constant(Constant.of(MemorySegment.ofArray(bytes), bools(sizes)));
  }

  Block block(Value... results) {
    return new Block(
        builder.build(List.of(results)), List.of(), List.of(), Map.of(), new Block.Return());
  }

  static List<String> names(Block block) {
    return block.graph().nodes().stream().map(Node::name).toList();
  }
}
