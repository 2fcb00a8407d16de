package dev.baton.isolation.wire;

import dev.baton.graph.DType;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.ValueType;

/** Types of values on the wire. */
public final class Types {
  private static final int TENSOR = 0;
  private static final int SYMBOL = 1;

  private Types() {}

  public static void write(Writer out, ValueType type) {
    switch (type) {
      case TensorType t -> out.put(TENSOR).put(t.dtype().code()).put(t.shape()).put(t.dynamic());
      case SymbolType s -> out.put(SYMBOL).put(s);
      default -> throw new WireException("a value of type " + type + " cannot be sent");
    }
  }

  public static ValueType read(Reader in) {
    return switch (in.integer()) {
      case TENSOR -> new TensorType(DType.of(in.integer()), in.shape(), in.bool());
      case SYMBOL -> in.oneOf(SymbolType.values());
      default -> throw new WireException("an unknown type");
    };
  }

  public static TensorType readTensor(Reader in) {
    if (read(in) instanceof TensorType tensor) {
      return tensor;
    }
    throw new WireException("a scalar where a tensor should be");
  }
}
