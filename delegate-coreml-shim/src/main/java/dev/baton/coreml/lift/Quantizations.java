package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Activations of eight bits: scale · (q − zero point), by tensor or by channel. */
final class Quantizations {
  private Quantizations() {}

  static void dequantize(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value input = c.tensor("input");
    c.give(
        dequantized(
            c,
            input,
            c.literal("scale"),
            c.has("zero_point") ? c.literal("zero_point") : null,
            c.integer("axis", 0)));
  }

  /** The real numbers of integers of eight bits. */
  static Value dequantized(
      OperationCall c, Value input, Literal scale, @Nullable Literal zeroPoint, long axis)
      throws DelegateException, UnsupportedOperation {
    DType dtype = eightBits(input.dtype());
    long low = dtype == DType.INT8 ? Byte.MIN_VALUE : 0;
    long high = low + 255;
    if (scale.numel() == 1 && (zeroPoint == null || zeroPoint.numel() == 1)) {
      return c.apply(
          "quantized_decomposed::dequantize_per_tensor",
          input,
          Argument.of(scale.number(0)),
          Argument.of(zeroPoint == null ? 0 : zeroPoint.integer(0)),
          Argument.of(low),
          Argument.of(high),
          Argument.of(dtype));
    }
    return c.apply(
        "quantized_decomposed::dequantize_per_channel",
        input,
        numbers(c, input, scale, axis),
        zeroPoints(c, input, zeroPoint, axis),
        Argument.of(axis),
        Argument.of(low),
        Argument.of(high),
        Argument.of(dtype));
  }

  static void quantize(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value input = c.tensor("input");
    Literal scale = c.literal("scale");
    Literal zeroPoint = c.has("zero_point") ? c.literal("zero_point") : null;
    String name = c.text("output_dtype", "int8");
    Element element = Element.named(name);
    if (element != Element.INT8 && element != Element.UINT8) {
      throw new UnsupportedOperation("quantizes to '" + name + "'");
    }
    DType dtype = element == Element.INT8 ? DType.INT8 : DType.UINT8;
    long low = dtype == DType.INT8 ? Byte.MIN_VALUE : 0;
    long axis = c.integer("axis", 0);
    if (scale.numel() == 1 && (zeroPoint == null || zeroPoint.numel() == 1)) {
      c.give(
          c.apply(
              "quantized_decomposed::quantize_per_tensor",
              input,
              Argument.of(scale.number(0)),
              Argument.of(zeroPoint == null ? 0 : zeroPoint.integer(0)),
              Argument.of(low),
              Argument.of(low + 255),
              Argument.of(dtype)));
      return;
    }
    c.give(
        c.apply(
            "quantized_decomposed::quantize_per_channel",
            input,
            numbers(c, input, scale, axis),
            zeroPoints(c, input, zeroPoint, axis),
            Argument.of(axis),
            Argument.of(low),
            Argument.of(low + 255),
            Argument.of(dtype)));
  }

  private static DType eightBits(DType dtype) throws UnsupportedOperation {
    if (dtype != DType.INT8 && dtype != DType.UINT8) {
      throw new UnsupportedOperation("dequantizes " + dtype);
    }
    return dtype;
  }

  private static int channels(OperationCall c, Value input, long axis) throws DelegateException {
    return input.shape().size(c.dim(axis, input.shape().rank()));
  }

  private static Value numbers(OperationCall c, Value input, Literal scale, long axis)
      throws DelegateException {
    int count = channels(c, input, axis);
    MemorySegment data = c.memory().allocate((long) Float.BYTES * count, scale.what());
    for (int i = 0; i < count; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) scale.number(one(scale, i, count)));
    }
    return c.constant(Constant.of(data.asReadOnly(), TensorType.of(DType.FLOAT, count)));
  }

  private static Value zeroPoints(
      OperationCall c, Value input, @Nullable Literal zeroPoint, long axis)
      throws DelegateException {
    int count = channels(c, input, axis);
    MemorySegment data = c.memory().allocate((long) Long.BYTES * count, "a zero point");
    for (int i = 0; zeroPoint != null && i < count; i++) {
      data.setAtIndex(ValueLayout.JAVA_LONG, i, zeroPoint.integer(one(zeroPoint, i, count)));
    }
    return c.constant(Constant.of(data.asReadOnly(), TensorType.of(DType.INT64, count)));
  }

  private static long one(Literal parameters, int channel, int count) throws DelegateException {
    if (parameters.numel() != 1 && parameters.numel() != count) {
      throw Failures.damaged(
          "%s has %d parameters for %d channels"
              .formatted(parameters.what(), parameters.numel(), count));
    }
    return parameters.numel() == 1 ? 0 : channel;
  }
}
