package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arithmetic on affinely quantized tensors: real = (quantized − zero point) · scale. */
final class QuantizedComputeKernels {
  private QuantizedComputeKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "quantized_decomposed::add" -> new Add(false, false);
      case "quantized_decomposed::add_relu" -> new Add(false, true);
      case "quantized_decomposed::add.scalar" -> new Add(true, false);
      case "quantized_decomposed::mixed_mm" ->
          new Plain(call -> inferMixed(call, false), call -> bindMixed(call, false));
      case "quantized_decomposed::mixed_linear" ->
          new Plain(call -> inferMixed(call, true), call -> bindMixed(call, true));
      case "quantized_decomposed::fake_quant_per_channel" ->
          new Plain(QuantizedComputeKernels::inferFake, QuantizedComputeKernels::bindFake);
      default -> null;
    };
  }

  /** The sum of two quantized tensors, or of one and a number, quantized anew. */
  private record Add(boolean scalar, boolean relu) implements Kernel {
    private String first() {
      return scalar ? "qa" : "a";
    }

    @Override
    public List<TensorType> infer(Call call) {
      TensorType a = call.type(first());
      Shape shape = a.shape();
      if (!scalar) {
        TensorType b = call.type("b");
        shape = Broadcast.shape(shape, b.shape());
        if (a.dtype() != b.dtype()) {
          throw new KernelException("expected two tensors of one dtype, not " + a + " and " + b);
        }
      }
      if (!a.dtype().isInteger()) {
        throw new KernelException("expected quantized tensors, not " + a);
      }
      return Dims.one(scalar ? DType.of((int) call.integer("out_dtype")) : a.dtype(), shape);
    }

    @Override
    public Step bind(BoundCall call) {
      Operand a = call.input(first());
      Operand b = scalar ? BinaryKernels.operand(call.scalar("b"), DType.FLOAT) : call.input("b");
      Operand out = call.output(0);
      if (out.shape().numel() == 0) {
        return () -> {};
      }
      float aScale = (float) call.number("a_scale");
      long aZero = call.integer("a_zero_point");
      float bScale = scalar ? 1 : (float) call.number("b_scale");
      long bZero = scalar ? 0 : call.integer("b_zero_point");
      float inverse = 1 / (float) call.number("out_scale");
      long zero = call.integer("out_zero_point");
      long min = call.integer("out_quant_min");
      long max = call.integer("out_quant_max");
      Broadcast walk = new Broadcast(out.shape(), a.shape(), b.shape());
      Elements x = Elements.of(a);
      Elements y = Elements.of(b);
      Elements to = Elements.of(out);
      return () -> {
        walk.start();
        do {
          for (long t = 0; t < walk.run(); t++) {
            float left = (float) (x.getDouble(walk.at(0) + t * walk.step(0)) - aZero) * aScale;
            float right = (float) (y.getDouble(walk.at(1) + t * walk.step(1)) - bZero) * bScale;
            float sum = relu ? Math.max(left + right, 0) : left + right;
            double quantized = Math.rint(sum * inverse) + zero;
            to.setLong(walk.out() + t, (long) Math.min(Math.max(quantized, min), max));
          }
        } while (walk.next());
      };
    }
  }

  /**
   * A real matrix (m, k) times a quantized one: (k, n) with a scale for each row, or, if it is a
   * linear layer's, (n, k) with a scale for each row or each group of a row.
   */
  private static List<TensorType> inferMixed(Call call, boolean linear) {
    TensorType input = call.type("input");
    TensorType weight = call.type("weight");
    TensorType scales = call.type("weight_scales");
    int scaleRank = scales.shape().rank();
    if (input.shape().rank() != 2
        || weight.shape().rank() != 2
        || input.shape().size(1) != weight.shape().size(linear ? 1 : 0)) {
      throw new KernelException("no matrix product of " + input + " with " + weight);
    }
    if (!input.dtype().isFloatingPoint()
        || !weight.dtype().isInteger()
        || scales.dtype() != input.dtype()
        || scaleRank < 1
        || scaleRank > (linear ? 2 : 1)
        || scales.shape().size(0) != weight.shape().size(0)
        || scales.shape().size(-1) == 0
        || (!call.isNone("weight_zero_points")
            && !call.shape("weight_zero_points").equals(scales.shape()))) {
      throw new KernelException(
          "expected real numbers, integers and their scales, not "
              + input
              + ", "
              + weight
              + " and "
              + scales);
    }
    DType dtype =
        linear && !call.isNone("dtype") ? DType.of((int) call.integer("dtype")) : input.dtype();
    return Dims.one(dtype, input.shape().size(0), weight.shape().size(linear ? 0 : 1));
  }

  private static Step bindMixed(BoundCall call, boolean linear) {
    Operand weight = call.input("weight");
    Operand scaleOperand = call.input("weight_scales");
    Operand pointOperand = call.inputOrNull("weight_zero_points");
    Elements x = Elements.of(call.input("input"));
    Elements w = Elements.of(weight);
    Elements scales = Elements.of(scaleOperand);
    Elements points = pointOperand == null ? null : Elements.of(pointOperand);
    Elements out = Elements.of(call.output(0));
    int m = call.shape("input").size(0);
    int k = call.shape("input").size(1);
    int n = call.output(0).shape().size(1);
    int groups = scaleOperand.shape().rank() == 2 ? scaleOperand.shape().size(1) : 1;
    int group = Math.max(1, Math.ceilDiv(k, Math.max(1, groups)));
    return () -> {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          for (int e = 0; e < k; e++) {
            long scale = linear ? (long) j * groups + e / group : e;
            double zero = points == null ? 0 : points.getDouble(scale);
            double value = w.getLong(linear ? (long) j * k + e : (long) e * n + j) - zero;
            sum += x.getDouble((long) i * k + e) * value * scales.getDouble(scale);
          }
          out.setDouble((long) i * n + j, sum);
        }
      }
    };
  }

  /** Quantizes and dequantizes: {@code fake_quant_per_channel(input, scales, zero_points, …)}. */
  private static List<TensorType> inferFake(Call call) {
    TensorType input = call.type("input");
    int axis = Dims.wrap(call.integer("axis"), input.shape().rank());
    if (input.dtype() != DType.FLOAT
        || call.shape("scales").numel() != input.shape().size(axis)
        || call.shape("zero_points").numel() != input.shape().size(axis)) {
      throw new KernelException("expected float32 and a scale for each channel, not " + input);
    }
    return List.of(input);
  }

  private static Step bindFake(BoundCall call) {
    Shape shape = call.shape("input");
    int axis = Dims.wrap(call.integer("axis"), shape.rank());
    Elements x = Elements.of(call.input("input"));
    Elements scales = Elements.of(call.input("scales"));
    Elements points = Elements.of(call.input("zero_points"));
    Elements y = Elements.of(call.output(0));
    long min = call.integer("quant_min");
    long max = call.integer("quant_max");
    long run = Dims.product(shape, axis + 1, shape.rank());
    int channels = shape.size(axis);
    long n = shape.numel();
    return () -> {
      for (long i = 0; i < n; i++) {
        long c = i / run % channels;
        float scale = (float) scales.getDouble(c);
        int zero = (int) points.getDouble(c);
        float inverse = 1 / scale;
        double quantized = Math.rint((float) x.getDouble(i) * inverse) + zero;
        y.setDouble(i, (float) (Math.min(Math.max(quantized, min), max) - zero) * scale);
      }
    };
  }
}
