package dev.baton.coreml.ffi;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;

/**
 * An input, an output or a state of a model.
 *
 * @param dtype of Core ML's own arrays
 * @param shape the default one, where sizes vary
 */
public record Feature(String name, DType dtype, Shape shape) {
  /** In the order of the shim's codes. */
  public enum Kind {
    INPUT,
    OUTPUT,
    STATE
  }

  static int code(DType dtype) {
    return switch (dtype) {
      case HALF -> 65552;
      case FLOAT -> 65568;
      case DOUBLE -> 65600;
      case INT32 -> 131104;
      default -> throw new IllegalArgumentException("Core ML has no arrays of " + dtype);
    };
  }

  static DType dtype(int code) {
    return switch (code) {
      case 65552 -> DType.HALF;
      case 65568 -> DType.FLOAT;
      case 65600 -> DType.DOUBLE;
      case 131104 -> DType.INT32;
      default -> throw new IllegalArgumentException("Core ML gives arrays of the type " + code);
    };
  }
}
