package dev.baton.xnnpack.payload;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Value;
import org.jspecify.annotations.Nullable;

/** How the stored elements of a lifted tensor stand for real numbers, and how to get these. */
sealed interface Encoding {
  /** Writes what makes real numbers of stored ones. */
  Value decode(GraphBuilder into, Value stored);

  /** The encoding of the same elements when the dimensions are permuted. */
  Encoding permuted(int[] permutation);

  /** The stored elements are the numbers. */
  enum Plain implements Encoding {
    PLAIN;

    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return stored;
    }

    @Override
    public Encoding permuted(int[] permutation) {
      return this;
    }
  }

  /** The range and dtype of the stored integers. */
  record Range(long min, long max, DType dtype) {
    static final Range INT8 = new Range(Byte.MIN_VALUE, Byte.MAX_VALUE, DType.INT8);
    static final Range UINT8 = new Range(0, 255, DType.UINT8);
    static final Range INT32 = new Range(Integer.MIN_VALUE, Integer.MAX_VALUE, DType.INT32);

    /** Nibbles hold the number plus 8. */
    static final Range INT4 = new Range(0, 15, DType.INT8);
  }

  record PerTensor(float scale, int zeroPoint, Range range) implements Encoding {
    Value encode(GraphBuilder into, Value real) {
      return into.apply(
          "quantized_decomposed::quantize_per_tensor",
          real,
          Argument.of((double) scale),
          Argument.of((long) zeroPoint),
          Argument.of(range.min),
          Argument.of(range.max),
          Argument.of(range.dtype));
    }

    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return into.apply(
          "quantized_decomposed::dequantize_per_tensor",
          stored,
          Argument.of((double) scale),
          Argument.of((long) zeroPoint),
          Argument.of(range.min),
          Argument.of(range.max),
          Argument.of(range.dtype));
    }

    @Override
    public Encoding permuted(int[] permutation) {
      return this;
    }
  }

  /**
   * @param scales float [channels]
   * @param zeroPoints of as many elements; null if all are 0
   */
  record PerChannel(Value scales, @Nullable Value zeroPoints, int axis, Range range)
      implements Encoding {
    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return into.apply(
          "quantized_decomposed::dequantize_per_channel",
          stored,
          scales,
          zeroPoints == null ? Argument.none() : zeroPoints,
          Argument.of((long) axis),
          Argument.of(range.min),
          Argument.of(range.max),
          Argument.of(range.dtype));
    }

    @Override
    public Encoding permuted(int[] permutation) {
      return new PerChannel(scales, zeroPoints, Permutations.placeOf(axis, permutation), range);
    }
  }

  /**
   * Groups of neighbours in a row share a scale.
   *
   * @param scales float [rows, groups in a row]
   * @param zeroPoints int32, of the same shape
   */
  record PerGroup(Value scales, Value zeroPoints, int groupSize, Range range) implements Encoding {
    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return into.apply(
          "quantized_decomposed::dequantize_per_channel_group",
          stored,
          scales,
          zeroPoints,
          Argument.of(range.min),
          Argument.of(range.max),
          Argument.of(range.dtype),
          Argument.of((long) groupSize),
          Argument.of(DType.FLOAT));
    }

    @Override
    public Encoding permuted(int[] permutation) {
      if (!Permutations.isIdentity(permutation)) {
        throw new IllegalArgumentException("groups run along rows, which cannot be permuted");
      }
      return this;
    }
  }

  /** Quantized where it is computed, each token (the last dimension) with its own scale. */
  record PerToken(Value scales, Value zeroPoints) implements Encoding {
    static PerToken choose(GraphBuilder into, Value real) {
      var parameters =
          into.call(
              "quantized_decomposed::choose_qparams_per_token_asymmetric",
              real,
              Argument.of(DType.INT8));
      return new PerToken(parameters.get(0), parameters.get(1));
    }

    Value encode(GraphBuilder into, Value real) {
      return into.apply(
          "quantized_decomposed::quantize_per_token",
          real,
          scales,
          zeroPoints,
          Argument.of(Range.INT8.min),
          Argument.of(Range.INT8.max),
          Argument.of(DType.INT8));
    }

    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return into.apply(
          "quantized_decomposed::dequantize_per_token",
          stored,
          scales,
          zeroPoints,
          Argument.of(Range.INT8.min),
          Argument.of(Range.INT8.max),
          Argument.of(DType.INT8),
          Argument.of(DType.FLOAT));
    }

    @Override
    public Encoding permuted(int[] permutation) {
      throw new IllegalStateException("a computed value is permuted as real numbers");
    }
  }

  /** Quantized where it is computed, with one scale. */
  record Dynamic(Value scale, Value zeroPoint) implements Encoding {
    private static final double EPSILON = Math.ulp(1f);

    static Dynamic choose(GraphBuilder into, Value real) {
      var parameters =
          into.call(
              "quantized_decomposed::choose_qparams.tensor",
              real,
              Argument.of(Range.INT8.min),
              Argument.of(Range.INT8.max),
              Argument.of(EPSILON),
              Argument.of(DType.INT8));
      return new Dynamic(parameters.get(0), parameters.get(1));
    }

    Value encode(GraphBuilder into, Value real) {
      return apply(into, "quantized_decomposed::quantize_per_tensor.tensor", real);
    }

    @Override
    public Value decode(GraphBuilder into, Value stored) {
      return apply(into, "quantized_decomposed::dequantize_per_tensor.tensor", stored);
    }

    private Value apply(GraphBuilder into, String operator, Value value) {
      return into.apply(
          operator,
          value,
          scale,
          zeroPoint,
          Argument.of(Range.INT8.min),
          Argument.of(Range.INT8.max),
          Argument.of(DType.INT8));
    }

    @Override
    public Encoding permuted(int[] permutation) {
      return this;
    }
  }
}
