package dev.baton.graph;

import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How integers stand for real numbers: {@code real = (integer − zero point) · scale}, with integers
 * from {@code min} to {@code max}. {@code dtype} is the one that they are stored in, which may be
 * wider than the range: 4-bit numbers are stored as int8.
 *
 * <p>Further kinds may come: a delegate declines what it does not know.
 */
public interface Quantization {
  /** The least integer. */
  long min();

  /** The greatest integer. */
  long max();

  /** The dtype of the stored integers. */
  DType dtype();

  /** One scale for the tensor. */
  final class PerTensor implements Quantization {
    private final double scale;
    private final long zeroPoint;
    private final long min;
    private final long max;
    private final DType dtype;

    public PerTensor(double scale, long zeroPoint, long min, long max, DType dtype) {
      this.scale = scale;
      this.zeroPoint = zeroPoint;
      this.min = min;
      this.max = max;
      this.dtype = dtype;
    }

    /** More than 0. */
    public double scale() {
      return scale;
    }

    /** The integer that stands for 0. */
    public long zeroPoint() {
      return zeroPoint;
    }

    @Override
    public long min() {
      return min;
    }

    @Override
    public long max() {
      return max;
    }

    @Override
    public DType dtype() {
      return dtype;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof PerTensor o
          && Double.compare(scale, o.scale) == 0
          && zeroPoint == o.zeroPoint
          && min == o.min
          && max == o.max
          && dtype == o.dtype;
    }

    @Override
    public int hashCode() {
      return Objects.hash(scale, zeroPoint, min, max, dtype);
    }

    @Override
    public String toString() {
      return "PerTensor["
          + "scale="
          + scale
          + ", "
          + "zeroPoint="
          + zeroPoint
          + ", "
          + "min="
          + min
          + ", "
          + "max="
          + max
          + ", "
          + "dtype="
          + dtype
          + "]";
    }
  }

  /** A scale for each index of a dimension. */
  final class PerChannel implements Quantization {
    private final Constant scales;
    private final @Nullable Constant zeroPoints;
    private final int axis;
    private final long min;
    private final long max;
    private final DType dtype;

    public PerChannel(
        Constant scales, @Nullable Constant zeroPoints, int axis, long min, long max, DType dtype) {
      this.scales = scales;
      this.zeroPoints = zeroPoints;
      this.axis = axis;
      this.min = min;
      this.max = max;
      this.dtype = dtype;
    }

    /** Real, [size of the dimension]. */
    public Constant scales() {
      return scales;
    }

    /** Integers of as many elements; null if all are 0. */
    public @Nullable Constant zeroPoints() {
      return zeroPoints;
    }

    /** The dimension, counted from the front. */
    public int axis() {
      return axis;
    }

    @Override
    public long min() {
      return min;
    }

    @Override
    public long max() {
      return max;
    }

    @Override
    public DType dtype() {
      return dtype;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof PerChannel o
          && Objects.equals(scales, o.scales)
          && Objects.equals(zeroPoints, o.zeroPoints)
          && axis == o.axis
          && min == o.min
          && max == o.max
          && dtype == o.dtype;
    }

    @Override
    public int hashCode() {
      return Objects.hash(scales, zeroPoints, axis, min, max, dtype);
    }

    @Override
    public String toString() {
      return "PerChannel["
          + "scales="
          + scales
          + ", "
          + "zeroPoints="
          + zeroPoints
          + ", "
          + "axis="
          + axis
          + ", "
          + "min="
          + min
          + ", "
          + "max="
          + max
          + ", "
          + "dtype="
          + dtype
          + "]";
    }
  }

  /** A scale for each group of neighbours in a row, the last dimension. */
  final class PerGroup implements Quantization {
    private final Constant scales;
    private final @Nullable Constant zeroPoints;
    private final int groupSize;
    private final long min;
    private final long max;
    private final DType dtype;

    public PerGroup(
        Constant scales,
        @Nullable Constant zeroPoints,
        int groupSize,
        long min,
        long max,
        DType dtype) {
      this.scales = scales;
      this.zeroPoints = zeroPoints;
      this.groupSize = groupSize;
      this.min = min;
      this.max = max;
      this.dtype = dtype;
    }

    /** Real, [rows…, groups in a row]. */
    public Constant scales() {
      return scales;
    }

    /** Integers of as many elements; null if all are 0. */
    public @Nullable Constant zeroPoints() {
      return zeroPoints;
    }

    /** Elements of a group; a row holds whole groups. */
    public int groupSize() {
      return groupSize;
    }

    @Override
    public long min() {
      return min;
    }

    @Override
    public long max() {
      return max;
    }

    @Override
    public DType dtype() {
      return dtype;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof PerGroup o
          && Objects.equals(scales, o.scales)
          && Objects.equals(zeroPoints, o.zeroPoints)
          && groupSize == o.groupSize
          && min == o.min
          && max == o.max
          && dtype == o.dtype;
    }

    @Override
    public int hashCode() {
      return Objects.hash(scales, zeroPoints, groupSize, min, max, dtype);
    }

    @Override
    public String toString() {
      return "PerGroup["
          + "scales="
          + scales
          + ", "
          + "zeroPoints="
          + zeroPoints
          + ", "
          + "groupSize="
          + groupSize
          + ", "
          + "min="
          + min
          + ", "
          + "max="
          + max
          + ", "
          + "dtype="
          + dtype
          + "]";
    }
  }

  /** Parameters that the program chooses while it runs, from the least and the greatest element. */
  final class Dynamic implements Quantization {
    private final boolean perToken;
    private final boolean symmetric;
    private final long min;
    private final long max;
    private final DType dtype;

    public Dynamic(boolean perToken, boolean symmetric, long min, long max, DType dtype) {
      this.perToken = perToken;
      this.symmetric = symmetric;
      this.min = min;
      this.max = max;
      this.dtype = dtype;
    }

    /** True if each row, the last dimension, has its own; else the tensor has one. */
    public boolean perToken() {
      return perToken;
    }

    /** True if the zero point is always 0. */
    public boolean symmetric() {
      return symmetric;
    }

    @Override
    public long min() {
      return min;
    }

    @Override
    public long max() {
      return max;
    }

    @Override
    public DType dtype() {
      return dtype;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Dynamic o
          && perToken == o.perToken
          && symmetric == o.symmetric
          && min == o.min
          && max == o.max
          && dtype == o.dtype;
    }

    @Override
    public int hashCode() {
      return Objects.hash(perToken, symmetric, min, max, dtype);
    }

    @Override
    public String toString() {
      return "Dynamic["
          + "perToken="
          + perToken
          + ", "
          + "symmetric="
          + symmetric
          + ", "
          + "min="
          + min
          + ", "
          + "max="
          + max
          + ", "
          + "dtype="
          + dtype
          + "]";
    }
  }

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
