package dev.baton.xnnpack;

import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Quantization.PerTensor;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the int8 tensors of a view are quantized: by what quantizes them, or, where they come from
 * outside, by what dequantizes them first. Moves of integers lie between.
 */
final class Encodings {
  private final Map<Value, PerTensor> known = new HashMap<>();

  private Encodings() {}

  static Encodings of(GraphView view) {
    Encodings encodings = new Encodings();
    for (Node node : view.nodes()) {
      if (Quantization.of(node) instanceof PerTensor q) {
        if (Quantization.isQuantize(node)) {
          encodings.known.put(node.result(), q);
        } else {
          encodings.known.putIfAbsent(node.tensor("input"), q);
        }
      }
    }
    List<Node> moves = view.nodes().stream().filter(Quantized::movesIntegers).toList();
    encodings.follow(moves);
    for (Node move : moves.reversed()) {
      PerTensor q = encodings.known.get(move.result());
      if (q != null) {
        encodings.known.putIfAbsent(move.tensor("self"), q);
      }
    }
    encodings.follow(moves);
    return encodings;
  }

  /** What is moved stays quantized as it is. */
  private void follow(List<Node> moves) {
    for (Node move : moves) {
      PerTensor q = known.get(move.tensor("self"));
      if (q != null) {
        known.put(move.result(), q);
      }
    }
  }

  /** True if something says what the integers mean, in 8 signed bits. */
  boolean knows(Value integers) {
    PerTensor q = known.get(integers);
    return q != null && q.dtype() == DType.INT8 && isWhole(q);
  }

  /** True if the integers mean this, and XNNPACK can say so. */
  boolean agrees(Value integers, @Nullable Quantization quantization) {
    return quantization instanceof PerTensor q && isWhole(q) && q.equals(known.get(integers));
  }

  /** True if the integers use the whole range of 8 bits, as XNNPACK's do. */
  static boolean isWhole(Quantization q) {
    return switch (q.dtype()) {
      case INT8 -> q.min() == Byte.MIN_VALUE && q.max() == Byte.MAX_VALUE;
      case UINT8 -> q.min() == 0 && q.max() == 255;
      default -> false;
    };
  }

  /**
   * What is computed with: floats, where numbers of 16 bits come in or go out too. Integers that
   * are only moved mean anything.
   */
  XnnType type(Value value) {
    if (value.dtype() == DType.FLOAT || value.dtype() == DType.HALF) {
      return XnnType.Plain.FLOAT;
    }
    PerTensor q = known.get(value);
    if (q == null) {
      return new XnnType.PerTensor(XnnType.Code.QINT8, 1, 0);
    }
    return new XnnType.PerTensor(
        q.dtype() == DType.INT8 ? XnnType.Code.QINT8 : XnnType.Code.QUINT8,
        (float) q.scale(),
        Math.toIntExact(q.zeroPoint()));
  }
}
