package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Affine quantization: real = (quantized − zero point) · scale. An element's scale is number {@code
 * (index / run) % count} of the scales, by tensor, channel, token and group alike.
 */
final class QuantizationKernels {
  private QuantizationKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_tensor.tensor2",
          "quantized_decomposed::quantize_per_channel",
          "quantized_decomposed::quantize_per_channel_group",
          "quantized_decomposed::quantize_per_token" ->
          new Plain(QuantizationKernels::inferQuantize, QuantizationKernels::bindQuantize);
      case "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor2",
          "quantized_decomposed::dequantize_per_channel",
          "quantized_decomposed::dequantize_per_channel_group",
          "quantized_decomposed::dequantize_per_token" ->
          new Plain(QuantizationKernels::inferDequantize, QuantizationKernels::bindDequantize);
      case "quantized_decomposed::choose_qparams.tensor",
          "quantized_decomposed::choose_qparams_per_token_asymmetric" ->
          new Plain(QuantizationKernels::inferChoose, QuantizationKernels::bindChoose);
      case "quantized_decomposed::choose_qparams_symmetric.tensor" ->
          new Plain(QuantizationKernels::inferChoose, QuantizationKernels::bindChooseSymmetric);
      case "quantized_decomposed::choose_qparams_per_token" ->
          new Plain(
              QuantizationKernels::inferChooseByToken, QuantizationKernels::bindChooseSymmetric);
      case "quantized_decomposed::embedding_byte", "quantized_decomposed::embedding_byte.dtype" ->
          embedding(8);
      case "quantized_decomposed::embedding_4bit", "quantized_decomposed::embedding_4bit.dtype" ->
          embedding(4);
      case "quantized_decomposed::embedding_2bit", "quantized_decomposed::embedding_2bit.dtype" ->
          embedding(2);
      default -> null;
    };
  }

  /** How the elements of a tensor share scales. */
  private enum Granularity {
    TENSOR("scale", "zero_point"),
    CHANNEL("scales", "zero_points"),
    GROUP("scales", "zero_points"),
    TOKEN("scales", "zero_points");

    final String scale;
    final String zeroPoint;

    Granularity(String scale, String zeroPoint) {
      this.scale = scale;
      this.zeroPoint = zeroPoint;
    }

    static Granularity of(Call call) {
      String name = call.node().name();
      return name.contains("_per_tensor")
          ? TENSOR
          : name.endsWith("_group") ? GROUP : name.endsWith("_channel") ? CHANNEL : TOKEN;
    }

    /** Elements in a row that share a scale. */
    long run(Call call) {
      Shape input = call.shape("input");
      return switch (this) {
        case TENSOR -> Math.max(1, input.numel());
        case CHANNEL -> {
          long run = 1;
          int axis = Dims.wrap(call.integer("axis"), input.rank());
          for (int d = axis + 1; d < input.rank(); d++) {
            run *= input.size(d);
          }
          yield Math.max(1, run);
        }
        case GROUP -> {
          long group = Math.min(call.integer("group_size"), input.size(-1));
          if (group < 1 || input.size(-1) % group != 0) {
            throw new KernelException(
                "rows of " + input.size(-1) + " do not fall into groups of " + group);
          }
          yield group;
        }
        case TOKEN -> Math.max(1, input.size(-1));
      };
    }

    long count(Call call) {
      Shape input = call.shape("input");
      return this == CHANNEL
          ? input.size(Dims.wrap(call.integer("axis"), input.rank()))
          : input.numel() / run(call);
    }
  }

  /** Scales and zero points, read at each run if they are tensors. */
  private static final class Parameters {
    final double[] scale;
    final double[] zeroPoint;

    /** Dtype in which the scale multiplies. */
    final DType dtype;

    final long run;
    private final @Nullable Elements scales;
    private final @Nullable Elements zeroPoints;

    Parameters(BoundCall call, Granularity granularity, DType ofNumber) {
      run = granularity.run(call);
      boolean number = granularity == Granularity.TENSOR && !call.node().name().contains(".tensor");
      int count = granularity == Granularity.TENSOR ? 1 : Math.toIntExact(granularity.count(call));
      scale = call.doubles(count);
      zeroPoint = call.doubles(count);
      if (number) {
        scale[0] = call.number("scale");
        zeroPoint[0] = call.integer("zero_point");
        scales = null;
        zeroPoints = null;
        dtype = ofNumber;
      } else {
        Operand operand = call.input(granularity.scale);
        Operand points = call.inputOrNull(granularity.zeroPoint);
        scales = Elements.of(operand);
        zeroPoints = points == null ? null : Elements.of(points);
        dtype = granularity == Granularity.TENSOR ? ofNumber : operand.dtype();
      }
    }

    void read() {
      for (int i = 0; i < scale.length; i++) {
        if (scales != null) {
          scale[i] = scales.getDouble(i);
        }
        if (zeroPoints != null) {
          zeroPoint[i] = zeroPoints.getDouble(i);
        }
      }
    }

    /** True if the zero points are int8, as those that loops of bytes take. */
    boolean areBytes() {
      for (double point : zeroPoint) {
        if (point != (byte) point) {
          return false;
        }
      }
      return true;
    }

    int at(long index) {
      return (int) (index / run % scale.length);
    }
  }

  private static void checkParameters(Call call) {
    Granularity granularity = Granularity.of(call);
    if (granularity != Granularity.TENSOR && call.shape("input").rank() == 0) {
      throw new KernelException("expected rows to be quantized, not " + call.type("input"));
    }
    if (granularity == Granularity.TENSOR && !call.node().name().contains(".tensor")) {
      return;
    }
    long count = granularity == Granularity.TENSOR ? 1 : granularity.count(call);
    for (String name : List.of(granularity.scale, granularity.zeroPoint)) {
      if (!call.isNone(name) && call.shape(name).numel() != count) {
        throw new KernelException(
            "expected " + count + " " + name + ", not " + call.shape(name).numel());
      }
    }
  }

  private static List<TensorType> inferQuantize(Call call) {
    checkParameters(call);
    TensorType input = call.type("input");
    DType dtype = DType.of((int) call.integer("dtype"));
    if (!input.dtype().isFloatingPoint() || !dtype.isInteger()) {
      throw new KernelException(
          "cannot quantize " + Promotion.name(input.dtype()) + " to " + Promotion.name(dtype));
    }
    boolean tensors = call.node().name().endsWith(".tensor2");
    if (!tensors && call.integer("quant_min") > call.integer("quant_max")) {
      throw new KernelException(
          "quant_min " + call.integer("quant_min") + " is above " + call.integer("quant_max"));
    }
    for (String bound : List.of("quant_min", "quant_max")) {
      if (tensors && call.shape(bound).numel() != 1) {
        throw new KernelException(bound + " is " + call.type(bound) + ", expected one number");
      }
      if (!tensors && Elements.wrap(dtype, call.integer(bound)) != call.integer(bound)) {
        throw new KernelException(
            bound + " is " + call.integer(bound) + ", which is no " + Promotion.name(dtype));
      }
    }
    return List.of(new TensorType(dtype, input.shape(), false));
  }

  private static Step bindQuantize(BoundCall call) {
    return bindQuantize(call, new Bytes());
  }

  /** True if {@link #bindQuantize} runs loops of bytes. */
  private static boolean quantizesBytes(Call call) {
    Granularity granularity = Granularity.of(call);
    boolean lowered = Affine.isLowered(call.node());
    boolean number = granularity == Granularity.TENSOR;
    boolean wide = !lowered && !number && call.type(granularity.scale).dtype() == DType.DOUBLE;
    boolean shiftThenRound =
        !lowered && (granularity == Granularity.TOKEN || granularity == Granularity.GROUP);
    return call.type("input").dtype() == DType.FLOAT
        && call.integer("dtype") == DType.INT8.code()
        && !wide
        && !shiftThenRound
        && !call.node().name().endsWith(".tensor2");
  }

  private static Step bindQuantize(BoundCall call, QuantizationLoops loops) {
    Granularity granularity = Granularity.of(call);
    Operand input = call.input("input");
    Parameters parameters = new Parameters(call, granularity, DType.FLOAT);
    boolean lowered = Affine.isLowered(call.node());
    boolean wide = !lowered && (parameters.dtype == DType.DOUBLE || input.dtype() == DType.DOUBLE);
    boolean shiftThenRound =
        !lowered && (granularity == Granularity.TOKEN || granularity == Granularity.GROUP);
    boolean tensorBounds = call.node().name().endsWith(".tensor2");
    Elements low = tensorBounds ? Elements.of(call.input("quant_min")) : null;
    Elements high = tensorBounds ? Elements.of(call.input("quant_max")) : null;
    long min = tensorBounds ? 0 : call.integer("quant_min");
    long max = tensorBounds ? 0 : call.integer("quant_max");
    double[] inverse = call.doubles(parameters.scale.length);
    Operand output = call.output(0);
    boolean bytes = quantizesBytes(call);
    Elements in = Elements.of(input);
    Elements out = Elements.of(output);
    long n = input.shape().numel();
    return () -> {
      parameters.read();
      double least = low == null ? min : low.getLong(0);
      double most = high == null ? max : high.getLong(0);
      for (int i = 0; i < inverse.length; i++) {
        inverse[i] = wide ? 1 / parameters.scale[i] : (float) (1 / parameters.scale[i]);
      }
      if (bytes && parameters.areBytes()) {
        for (long at = 0; at < n; at += parameters.run) {
          int p = parameters.at(at);
          long count = Math.min(parameters.run, n - at);
          int zero = (int) parameters.zeroPoint[p];
          loops.quantize(input, output, at, count, (float) inverse[p], zero, min, max);
        }
        return;
      }
      for (long i = 0; i < n; i++) {
        int p = parameters.at(i);
        double scaled = in.getDouble(i) * inverse[p];
        scaled = wide ? scaled : (float) scaled;
        double zero = parameters.zeroPoint[p];
        double shifted = wide ? scaled + zero : (float) (scaled + zero);
        double value = shiftThenRound ? Math.rint(shifted) : Math.rint(scaled) + zero;
        out.setLong(i, (long) Math.min(Math.max(value, least), most));
      }
    };
  }

  private static List<TensorType> inferDequantize(Call call) {
    checkParameters(call);
    TensorType input = call.type("input");
    if (input.dtype().isFloatingPoint()) {
      throw new KernelException(
          "expected a tensor of integers, not " + Promotion.name(input.dtype()));
    }
    return List.of(new TensorType(dequantized(call), input.shape(), false));
  }

  private static DType dequantized(Call call) {
    Granularity granularity = Granularity.of(call);
    String parameter =
        granularity == Granularity.TOKEN || granularity == Granularity.GROUP
            ? "output_dtype"
            : "out_dtype";
    return call.isNone(parameter) ? DType.FLOAT : DType.of((int) call.integer(parameter));
  }

  private static Step bindDequantize(BoundCall call) {
    return bindDequantize(call, new Bytes());
  }

  private static boolean dequantizesBytes(Call call) {
    return Granularity.of(call) == Granularity.TENSOR
        && dequantized(call) == DType.FLOAT
        && call.type("input").dtype() == DType.INT8;
  }

  private static Step bindDequantize(BoundCall call, QuantizationLoops loops) {
    Granularity granularity = Granularity.of(call);
    Operand input = call.input("input");
    DType dtype = call.output(0).dtype();
    Parameters parameters = new Parameters(call, granularity, dtype);
    boolean tensor = granularity == Granularity.TENSOR;
    Elements in = Elements.of(input);
    Elements out = Elements.of(call.output(0));
    long n = input.shape().numel();
    if (dequantizesBytes(call)) {
      Operand output = call.output(0);
      return () -> {
        parameters.read();
        float scale = (float) parameters.scale[0];
        loops.dequantize(input, output, scale, (int) parameters.zeroPoint[0]);
      };
    }
    return () -> {
      parameters.read();
      for (long i = 0; i < n; i++) {
        int p = parameters.at(i);
        double value = in.getLong(i) - parameters.zeroPoint[p];
        if (tensor && dtype != DType.DOUBLE) {
          value = Elements.round(dtype, value) * (float) parameters.scale[p];
        } else {
          value = Elements.round(parameters.dtype, value * parameters.scale[p]);
        }
        out.setDouble(i, value);
      }
    };
  }

  private static List<TensorType> inferChoose(Call call) {
    TensorType input = call.type("input");
    if (!input.dtype().isFloatingPoint() || input.shape().numel() == 0) {
      throw new KernelException("expected a real tensor with elements, not " + input);
    }
    int[] sizes = {1};
    if (byToken(call) && input.shape().rank() > 0) {
      sizes = input.shape().sizes();
      sizes[sizes.length - 1] = 1;
    }
    return List.of(TensorType.of(DType.DOUBLE, sizes), TensorType.of(DType.INT64, sizes));
  }

  private static boolean byToken(Call call) {
    return call.node().name().contains("_per_token");
  }

  private static Step bindChoose(BoundCall call) {
    return bindChoose(call, new Bytes());
  }

  private static Step bindChoose(BoundCall call, QuantizationLoops loops) {
    Operand input = call.input("input");
    boolean byToken = byToken(call);
    long tokens = call.output(0).shape().numel();
    long length = tokens == 0 ? 0 : input.shape().numel() / tokens;
    long min = byToken ? Byte.MIN_VALUE : call.integer("quant_min");
    long max = byToken ? Byte.MAX_VALUE : call.integer("quant_max");
    double eps = byToken ? Math.ulp(1f) : (float) call.number("eps");
    DType dtype = input.dtype();
    Elements in = Elements.of(input);
    Elements scales = Elements.of(call.output(0));
    Elements zeroPoints = Elements.of(call.output(1));
    boolean lowered = Affine.isLowered(call.node());
    boolean floats = dtype == DType.FLOAT;
    float[] range = new float[2];
    return () -> {
      for (long t = 0; t < tokens; t++) {
        double low = 0;
        double high = 0;
        if (floats) {
          loops.range(input, t * length, length, range);
          low = range[0];
          high = range[1];
        } else {
          for (long i = t * length; i < (t + 1) * length; i++) {
            low = Math.min(low, in.getDouble(i));
            high = Math.max(high, in.getDouble(i));
          }
        }
        if (lowered) {
          float steps = low == high ? 1 : (max - min) / ((float) high - (float) low);
          scales.setDouble(t, 1 / steps);
          zeroPoints.setLong(t, zeroPoint((float) low * steps, (float) high * steps, min, max));
          continue;
        }
        double span = Elements.round(dtype, high - low);
        double scale = Math.max(Elements.round(dtype, span / (max - min)), eps);
        double below = Elements.round(dtype, low / scale);
        double above = Elements.round(dtype, high / scale);
        double zero;
        if (byToken) {
          double errorMin = Elements.round(dtype, min + below);
          double errorMax = Elements.round(dtype, max + above);
          zero = Elements.round(dtype, errorMin + errorMax > 0 ? min - below : max - above);
        } else {
          zero = min - Math.rint(below);
        }
        scales.setDouble(t, scale);
        zeroPoints.setLong(t, (long) Math.rint(Math.min(Math.max(zero, min), max)));
      }
    };
  }

  /** As lowered programs choose it: real, from the end of the range that is off by less. */
  private static long zeroPoint(float below, float above, long min, long max) {
    float zero = (min + below) + (max + above) > 0 ? min - below : max - above;
    return (long) Math.rint(Math.clamp(zero, (float) min, (float) max));
  }

  /**
   * The same kernels with other loops.
   *
   * @param loops made once for each step
   * @return null if the operator has no such loops
   */
  static @Nullable FastKernel with(String operator, Supplier<QuantizationLoops> loops) {
    return switch (operator) {
      case "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_channel",
          "quantized_decomposed::quantize_per_token" ->
          fast(QuantizationKernels::quantizesBytes, call -> bindQuantize(call, loops.get()));
      case "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor" ->
          fast(QuantizationKernels::dequantizesBytes, call -> bindDequantize(call, loops.get()));
      case "quantized_decomposed::choose_qparams.tensor",
          "quantized_decomposed::choose_qparams_per_token_asymmetric" ->
          fast(
              call -> call.type("input").dtype() == DType.FLOAT,
              call -> bindChoose(call, loops.get()));
      default -> null;
    };
  }

  private static FastKernel fast(Predicate<Call> supports, Function<BoundCall, Step> bind) {
    return new FastKernel() {
      @Override
      public boolean supports(Call call) {
        return supports.test(call);
      }

      @Override
      public Step bind(BoundCall call) {
        return bind.apply(call);
      }
    };
  }

  /** Loops over arrays, a block at a time. */
  private static final class Bytes implements QuantizationLoops {
    private static final int BLOCK = 2048;

    private final float[] reals = new float[BLOCK];
    private final byte[] bytes = new byte[BLOCK];

    @Override
    public void quantize(
        Operand in, Operand out, long at, long count, float inverse, int zero, long min, long max) {
      for (long end = at + count; at < end; at += BLOCK) {
        int n = (int) Math.min(BLOCK, end - at);
        MemorySegment.copy(in.data(), JAVA_FLOAT, at * Float.BYTES, reals, 0, n);
        for (int j = 0; j < n; j++) {
          reals[j] *= inverse;
        }
        QuantizedOutput.round(reals, bytes, n, min - zero, max - zero, zero);
        MemorySegment.copy(bytes, 0, out.data(), JAVA_BYTE, at, n);
      }
    }

    @Override
    public void dequantize(Operand in, Operand out, float scale, int zero) {
      long count = in.data().byteSize();
      for (long at = 0; at < count; at += BLOCK) {
        int n = (int) Math.min(BLOCK, count - at);
        MemorySegment.copy(in.data(), JAVA_BYTE, at, bytes, 0, n);
        for (int j = 0; j < n; j++) {
          reals[j] = (bytes[j] - zero) * scale;
        }
        MemorySegment.copy(reals, 0, out.data(), JAVA_FLOAT, at * Float.BYTES, n);
      }
    }

    @Override
    public void range(Operand in, long at, long count, float[] into) {
      float low = 0;
      float high = 0;
      for (long end = at + count; at < end; at += BLOCK) {
        int n = (int) Math.min(BLOCK, end - at);
        MemorySegment.copy(in.data(), JAVA_FLOAT, at * Float.BYTES, reals, 0, n);
        float least = low;
        float most = high;
        for (int j = 0; j < n; j++) {
          least = Math.min(least, reals[j]);
          most = Math.max(most, reals[j]);
        }
        low = least;
        high = most;
      }
      into[0] = low;
      into[1] = high;
    }
  }

  /** No program file holds this operator; its results have PyTorch's dtypes. */
  private static List<TensorType> inferChooseByToken(Call call) {
    DType input = call.type("input").dtype();
    DType dtype = input == DType.HALF ? DType.FLOAT : input;
    return inferChoose(call).stream().map(t -> new TensorType(dtype, t.shape(), false)).toList();
  }

  /** Scales by the largest magnitude; the zero point is fixed. */
  private static Step bindChooseSymmetric(BoundCall call) {
    Operand input = call.input("input");
    boolean byToken = byToken(call);
    long tokens = call.output(0).shape().numel();
    long length = tokens == 0 ? 0 : input.shape().numel() / tokens;
    DType dtype = input.dtype() == DType.HALF ? DType.FLOAT : input.dtype();
    double range =
        byToken ? Byte.MAX_VALUE : (call.integer("quant_max") - call.integer("quant_min")) / 2.0;
    double eps = byToken ? Elements.round(dtype, 1e-5) : (float) call.number("eps");
    boolean unsigned = !byToken && call.integer("dtype") == DType.UINT8.code();
    long zeroPoint = unsigned ? 128 : 0;
    Elements in = Elements.of(input);
    Elements scales = Elements.of(call.output(0));
    Elements zeroPoints = Elements.of(call.output(1));
    return () -> {
      for (long t = 0; t < tokens; t++) {
        double most = 0;
        for (long i = t * length; i < (t + 1) * length; i++) {
          most = Math.max(most, Math.abs(in.getDouble(i)));
        }
        scales.setDouble(
            t,
            byToken
                ? Elements.round(dtype, Math.max(most, eps) / range)
                : Math.max(Elements.round(input.dtype(), most / range), eps));
        zeroPoints.setDouble(t, zeroPoint);
      }
    };
  }

  // Rows of a quantized table: weight (v, d) packed, scales (v) or (v, groups).

  private static Kernel embedding(int bits) {
    return new Plain(call -> inferEmbedding(call, bits), call -> bindEmbedding(call, bits));
  }

  private static List<TensorType> inferEmbedding(Call call, int bits) {
    Shape weight = call.shape("weight");
    Shape scales = call.shape("weight_scales");
    Shape indices = call.shape("indices");
    int width = weight.rank() == 2 ? weight.size(1) * (8 / bits) : 0;
    int groups = scales.rank() == 2 ? scales.size(1) : 1;
    if (weight.rank() != 2
        || scales.rank() < 1
        || scales.rank() > 2
        || scales.size(0) != weight.size(0)
        || groups == 0
        || width % groups != 0
        || call.type("weight").dtype().byteSize() != 1) {
      throw new KernelException(
          "expected a byte table and its scales, not "
              + call.type("weight")
              + " and "
              + call.type("weight_scales"));
    }
    DType index = call.type("indices").dtype();
    if (index != DType.INT64 && index != DType.INT32) {
      throw new KernelException("expected int32 or int64 indices, not " + Promotion.name(index));
    }
    if (!call.isNone("weight_zero_points")
        && call.shape("weight_zero_points").numel() != scales.numel()) {
      throw new KernelException("expected as many zero points as scales");
    }
    int[] sizes = java.util.Arrays.copyOf(indices.sizes(), indices.rank() + 1);
    sizes[indices.rank()] = width;
    boolean given = call.node().name().endsWith(".dtype") && !call.isNone("dtype");
    DType dtype =
        given ? DType.of((int) call.integer("dtype")) : call.type("weight_scales").dtype();
    return List.of(TensorType.of(dtype, sizes));
  }

  private static Step bindEmbedding(BoundCall call, int bits) {
    Operand weight = call.input("weight");
    int rows = weight.shape().size(0);
    int width = call.output(0).shape().size(-1);
    Operand scaleOperand = call.input("weight_scales");
    int groups = scaleOperand.shape().rank() == 2 ? scaleOperand.shape().size(1) : 1;
    int group = width / groups;
    Operand points = call.inputOrNull("weight_zero_points");
    Elements table = Elements.of(weight);
    Elements scales = Elements.of(scaleOperand);
    Elements zeroPoints = points == null ? null : Elements.of(points);
    Elements indices = Elements.of(call.input("indices"));
    Elements out = Elements.of(call.output(0));
    DType dtype = scaleOperand.dtype();
    long n = call.shape("indices").numel();
    return () -> {
      for (long i = 0; i < n; i++) {
        long row = indices.getLong(i);
        if (row < 0 || row >= rows) {
          throw new KernelException("index " + row + " is outside of a table of " + rows + " rows");
        }
        for (int j = 0; j < width; j++) {
          long scale = row * groups + j / group;
          double zero = zeroPoints == null ? 0 : zeroPoints.getDouble(scale);
          double value = unpack(table, row * width + j, bits) - zero;
          out.setDouble(i * width + j, Elements.round(dtype, value * scales.getDouble(scale)));
        }
      }
    };
  }

  /** 4 bits: the even element is the high nibble; 2 bits: the first element is lowest. */
  private static long unpack(Elements table, long index, int bits) {
    return switch (bits) {
      case 8 -> table.getLong(index);
      case 4 -> ((table.getLong(index / 2) >> (index % 2 == 0 ? 4 : 0)) & 15) - 8;
      default -> ((table.getLong(index / 4) >> (index % 4 * 2)) & 3) - 2;
    };
  }
}
