package dev.baton.xnnpack;

import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Value;
import dev.baton.xnnpack.ffi.XnnType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the int8 tensors of a view are quantized: by what quantizes them, or, where they come from
 * outside, by what dequantizes them first.
 */
final class Encodings {
  private final Map<Value, Quantization.PerTensor> known = new HashMap<>();

  private Encodings() {}

  static Encodings of(GraphView view) {
    Encodings encodings = new Encodings();
    for (Node node : view.nodes()) {
      if (Quantization.of(node) instanceof Quantization.PerTensor q) {
        if (Quantization.isQuantize(node)) {
          encodings.known.put(node.result(), q);
        } else {
          encodings.known.putIfAbsent(node.tensor("input"), q);
        }
      }
    }
    return encodings;
  }

  /** True if the integers mean this, and XNNPACK can say so. */
  boolean agrees(Value integers, @Nullable Quantization quantization) {
    return quantization instanceof Quantization.PerTensor q
        && isWhole(q)
        && q.equals(known.get(integers));
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
   * What is computed with: floats, where numbers of 16 bits come in or go out too.
   *
   * @throws IllegalStateException if nothing says how the integers are quantized
   */
  XnnType type(Value value) {
    if (value.dtype() == DType.FLOAT || value.dtype() == DType.HALF) {
      return XnnType.Plain.FLOAT;
    }
    Quantization.PerTensor q = known.get(value);
    if (q == null) {
      throw new IllegalStateException("nothing says how " + value + " is quantized");
    }
    return new XnnType.PerTensor(
        q.dtype() == DType.INT8 ? XnnType.Code.QINT8 : XnnType.Code.QUINT8,
        (float) q.scale(),
        Math.toIntExact(q.zeroPoint()));
  }
}
