package dev.baton.graph;

import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * How integers stand for real numbers: {@code real = (integer − zero point) · scale}, with integers
 * from {@code min} to {@code max}. {@code dtype} is the one that they are stored in, which may be
 * wider than the range: 4-bit numbers are stored as int8.
 */
public sealed interface Quantization {
  /** The least integer. */
  long min();

  /** The greatest integer. */
  long max();

  /** The dtype of the stored integers. */
  DType dtype();

  /** One scale for the tensor. */
  record PerTensor(double scale, long zeroPoint, long min, long max, DType dtype)
      implements Quantization {}

  /**
   * A scale for each index of a dimension.
   *
   * @param scales real, [size of the dimension]
   * @param zeroPoints integers of as many elements; null if all are 0
   * @param axis the dimension, counted from the front
   */
  record PerChannel(
      Constant scales, @Nullable Constant zeroPoints, int axis, long min, long max, DType dtype)
      implements Quantization {}

  /**
   * A scale for each group of neighbours in a row, the last dimension.
   *
   * @param scales real, [rows…, groups in a row]
   * @param zeroPoints integers of as many elements; null if all are 0
   * @param groupSize elements of a group; a row holds whole groups
   */
  record PerGroup(
      Constant scales,
      @Nullable Constant zeroPoints,
      int groupSize,
      long min,
      long max,
      DType dtype)
      implements Quantization {}

  /**
   * Parameters that the program chooses while it runs, from the least and the greatest element.
   *
   * @param perToken true if each row, the last dimension, has its own; else the tensor has one
   * @param symmetric true if the zero point is always 0
   */
  record Dynamic(boolean perToken, boolean symmetric, long min, long max, DType dtype)
      implements Quantization {}

  /**
   * What a {@code quantize_per_*} or {@code dequantize_per_*} operator says, if its parameters are
   * known before the program runs.
   *
   * @return null if the node is another operator, or its parameters are computed
   */
  static @Nullable Quantization of(Node node) {
    String name = node.name();
    boolean quantizes = isQuantize(node);
    if (!quantizes && !isDequantize(node)) {
      return null;
    }
    if (!node.isLiteral("quant_min") || !node.isLiteral("quant_max")) {
      return null;
    }
    long min = node.integer("quant_min");
    long max = node.integer("quant_max");
    DType dtype = quantizes ? node.result().dtype() : node.tensor("input").dtype();
    if (name.contains("_per_tensor")) {
      Double scale = number(node.argument("scale"));
      Double zeroPoint = number(node.argument("zero_point"));
      return scale == null || zeroPoint == null
          ? null
          : new PerTensor(scale, zeroPoint.longValue(), min, max, dtype);
    }
    if (name.endsWith("_per_token")
        || !(node.argument("scales") instanceof Value scales)
        || !scales.isConstant()
        || (node.argument("zero_points") instanceof Value points && !points.isConstant())) {
      return null;
    }
    Value given = node.tensorOrNull("zero_points");
    Constant zeroPoints = given == null ? null : given.constant();
    if (name.endsWith("_group")) {
      return node.isLiteral("group_size")
          ? new PerGroup(
              scales.constant(), zeroPoints, (int) node.integer("group_size"), min, max, dtype)
          : null;
    }
    if (!node.isLiteral("axis")) {
      return null;
    }
    int axis = (int) node.integer("axis");
    int rank = node.tensor("input").shape().rank();
    return new PerChannel(
        scales.constant(), zeroPoints, axis < 0 ? axis + rank : axis, min, max, dtype);
  }

  /** True if the node makes integers of real numbers. */
  static boolean isQuantize(Node node) {
    return node.name().startsWith("quantized_decomposed::quantize_per_");
  }

  /** True if the node makes real numbers of integers. */
  static boolean isDequantize(Node node) {
    return node.name().startsWith("quantized_decomposed::dequantize_per_");
  }

  /** A literal, or a constant of one element; null if it is something else. */
  private static @Nullable Double number(Argument argument) {
    return switch (argument) {
      case Argument.Real r -> r.value();
      case Argument.Int i -> (double) i.value();
      case Value v when v.isConstant() && v.shape().numel() == 1 -> element(v.constant());
      default -> null;
    };
  }

  private static @Nullable Double element(Constant constant) {
    var data = constant.data();
    return switch (constant.type().dtype()) {
      case FLOAT -> (double) data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
      case DOUBLE -> data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0);
      case INT8 -> (double) data.get(ValueLayout.JAVA_BYTE, 0);
      case INT32 -> (double) data.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
      case INT64 -> (double) data.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      default -> null;
    };
  }
}
