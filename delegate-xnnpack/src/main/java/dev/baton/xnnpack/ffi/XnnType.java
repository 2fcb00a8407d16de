package dev.baton.xnnpack.ffi;

import java.lang.foreign.MemorySegment;

/**
 * The element type of a value, with what gives its integers a meaning: {@code real = (integer −
 * zero point) · scale}.
 */
public sealed interface XnnType {
  /** {@code enum xnn_datatype}: codes that are the same in every version that has them. */
  enum Code {
    FP32(1),
    FP16(2),
    QINT8(3),
    QUINT8(4),
    QINT32(5),
    QCINT8(6),
    QCINT32(7),
    QCINT4(8),
    QDINT8(9),
    QBINT4(12);

    final int value;

    Code(int value) {
      this.value = value;
    }
  }

  Code code();

  /** All of it, scales as well; equal if the types are. */
  default String exact() {
    return toString();
  }

  /** Real numbers. */
  enum Plain implements XnnType {
    /** In 32 bits. */
    FLOAT(Code.FP32),
    /** In 16 bits, of which 5 are the exponent's. */
    HALF(Code.FP16);

    private final Code code;

    Plain(Code code) {
      this.code = code;
    }

    @Override
    public Code code() {
      return code;
    }
  }

  /** One scale for all elements: QINT8, QUINT8, QINT32. */
  record PerTensor(Code code, float scale, int zeroPoint) implements XnnType {}

  /**
   * A scale for each index of a dimension: QCINT8 and QCINT32 with the zero point 0, QCINT4 with 8.
   *
   * @param scales as many as the dimension is long; not to be changed
   * @param channelDim the dimension as XNNPACK sees the value
   */
  record PerChannel(Code code, float[] scales, int zeroPoint, int channelDim) implements XnnType {
    @Override
    public String exact() {
      ContentDigest digest = new ContentDigest();
      digest.update(MemorySegment.ofArray(scales));
      return this + " " + zeroPoint + " " + digest.value();
    }

    @Override
    public String toString() {
      return code + " by dimension " + channelDim;
    }
  }

  /**
   * A matrix of 4-bit numbers [out, in], QBINT4 with the zero point 8; groups of neighbours in a
   * row share a scale.
   *
   * @param scales bfloat16 bits, [out, groups in a row]; not to be changed
   */
  record PerGroup(short[] scales, int groupSize) implements XnnType {
    @Override
    public Code code() {
      return Code.QBINT4;
    }

    @Override
    public String exact() {
      ContentDigest digest = new ContentDigest();
      digest.update(MemorySegment.ofArray(scales));
      return this + " " + digest.value();
    }

    @Override
    public String toString() {
      return code() + " in groups of " + groupSize;
    }
  }

  /**
   * 8-bit integers whose parameters are chosen while it runs, for each index of the leading
   * dimensions.
   *
   * @param rowDims how many trailing dimensions share parameters
   */
  record Dynamic(int rowDims) implements XnnType {
    @Override
    public Code code() {
      return Code.QDINT8;
    }
  }
}
