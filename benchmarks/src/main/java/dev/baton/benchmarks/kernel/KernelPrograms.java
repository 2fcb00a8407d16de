package dev.baton.benchmarks.kernel;

import dev.baton.benchmarks.kernel.KernelProgram.Unit;
import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Method;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The programs that are measured, by name: kernels at sizes of mobilenet_v2, resnet18, deit_tiny
 * and a sentence encoder. Names end in sizes: images are channels x height x width, products rows x
 * terms x columns.
 */
final class KernelPrograms {
  private static final double FLOAT_TOLERANCE = 1e-4;

  /** One step of the output's 8 bits, where rounding goes the other way. */
  private static final double INT8_TOLERANCE = 1e-2;

  private static final Map<String, Supplier<KernelProgram>> ALL = new LinkedHashMap<>();

  static {
    convolution("pointwise-24x56x56-144", 24, 56, 144, 1, 1, 1);
    convolution("pointwise-384x14x14-64", 384, 14, 64, 1, 1, 1);
    convolution("direct-3x3-3x224x224-32-stride-2", 3, 224, 32, 3, 2, 1);
    convolution("direct-3x3-128x28x28-128", 128, 28, 128, 3, 1, 1);
    convolution("depthwise-3x3-144x56x56", 144, 56, 144, 3, 1, 144);
    convolution("depthwise-3x3-96x112x112-stride-2", 96, 112, 96, 3, 2, 96);
    ALL.put("linear-197x192x768", () -> linear(197, 192, 768));
    ALL.put("linear-1x1280x1000", () -> linear(1, 1280, 1000));
    ALL.put("matmul-256x256x256", KernelPrograms::matmul);
    ALL.put("attention-3x197x64", KernelPrograms::attention);
    ALL.put("softmax-591x197", KernelPrograms::softmax);
    ALL.put("layer_norm-197x192", KernelPrograms::layerNorm);
    ALL.put("add-100352", () -> elementwise("aten::add.out", 100_352, true));
    ALL.put("gelu-151296", () -> elementwise("aten::gelu.out", 151_296, false));
    ALL.put("linear-int8-197x192x768", () -> new Quantized(197, 192, 768).linear());
    ALL.put("linear-int8-dynamic-197x192x768", () -> new Quantized(197, 192, 768).dynamicLinear());
    ALL.put("pointwise-int8-24x56x56-144", () -> new Quantized(56, 24, 144).convolution(1));
    ALL.put("direct-int8-3x3-128x28x28-128", () -> new Quantized(28, 128, 128).convolution(3));
  }

  private KernelPrograms() {}

  static Set<String> names() {
    return ALL.keySet();
  }

  /**
   * Writes a program, with the same weights and inputs each time.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  static KernelProgram get(String name) {
    Supplier<KernelProgram> program = ALL.get(name);
    if (program == null) {
      throw new IllegalArgumentException("no program '" + name + "', there are " + names());
    }
    return program.get();
  }

  // ---- float32

  private static void convolution(
      String name, int in, int size, int out, int kernel, int stride, int groups) {
    ALL.put(name, () -> convolution(in, size, out, kernel, stride, groups));
  }

  /** A square image with the padding that keeps its size at stride 1, and a bias. */
  private static KernelProgram convolution(
      int in, int size, int out, int kernel, int stride, int groups) {
    int after = (size - 1) / stride + 1;
    int perOutput = in / groups * kernel * kernel;
    return program(
        FLOAT_TOLERANCE,
        Unit.OPERATIONS,
        2.0 * perOutput * out * after * after,
        m -> {
          Slot y = m.tensor(DType.FLOAT, 1, out, after, after);
          int padding = kernel / 2;
          convolve(
              m,
              m.input(DType.FLOAT, 1, in, size, size),
              m.constant(random(out * perOutput), out, in / groups, kernel, kernel),
              m.constant(random(out), out),
              y,
              stride,
              padding,
              groups);
          return y;
        },
        new int[] {1, in, size, size});
  }

  private static void convolve(
      Method m, Slot x, Slot weight, Slot bias, Slot y, int stride, int padding, int groups) {
    m.kernel(
        "aten::convolution.out",
        x,
        weight,
        bias,
        m.integers(stride, stride),
        m.integers(padding, padding),
        m.integers(1, 1),
        m.bool(false),
        m.integers(0, 0),
        m.integer(groups),
        y);
  }

  private static KernelProgram linear(int rows, int terms, int columns) {
    return program(
        FLOAT_TOLERANCE,
        Unit.OPERATIONS,
        2.0 * rows * terms * columns,
        m -> {
          Slot y = m.tensor(DType.FLOAT, rows, columns);
          Slot weight = m.constant(random(columns * terms), columns, terms);
          Slot bias = m.constant(random(columns), columns);
          m.kernel("aten::linear.out", m.input(DType.FLOAT, rows, terms), weight, bias, y);
          return y;
        },
        new int[] {rows, terms});
  }

  /** Both sides come with the call: nothing can be packed before. */
  private static KernelProgram matmul() {
    int n = 256;
    return program(
        FLOAT_TOLERANCE,
        Unit.OPERATIONS,
        2.0 * n * n * n,
        m -> {
          Slot y = m.tensor(DType.FLOAT, n, n);
          m.kernel("aten::mm.out", m.input(DType.FLOAT, n, n), m.input(DType.FLOAT, n, n), y);
          return y;
        },
        new int[] {n, n},
        new int[] {n, n});
  }

  /**
   * Scaled product of queries and keys, softmax, product with values, as exporters decompose it.
   */
  private static KernelProgram attention() {
    int heads = 3;
    int length = 197;
    int width = 64;
    int[] shape = {heads, length, width};
    return program(
        FLOAT_TOLERANCE,
        Unit.OPERATIONS,
        4.0 * heads * length * length * width,
        m -> {
          Slot query = m.input(DType.FLOAT, shape);
          Slot key = m.input(DType.FLOAT, heads, width, length);
          Slot value = m.input(DType.FLOAT, shape);
          Slot scaled = m.tensor(DType.FLOAT, shape);
          Slot scores = m.tensor(DType.FLOAT, heads, length, length);
          Slot weights = m.tensor(DType.FLOAT, heads, length, length);
          Slot y = m.tensor(DType.FLOAT, shape);
          m.kernel("aten::mul.Scalar_out", query, m.real(1 / Math.sqrt(width)), scaled);
          m.kernel("aten::bmm.out", scaled, key, scores);
          m.kernel("aten::_softmax.out", scores, m.integer(-1), m.bool(false), weights);
          m.kernel("aten::bmm.out", weights, value, y);
          return y;
        },
        shape,
        new int[] {heads, width, length},
        shape);
  }

  private static KernelProgram softmax() {
    int[] shape = {591, 197};
    return program(
        FLOAT_TOLERANCE,
        Unit.BYTES,
        2.0 * shape[0] * shape[1] * Float.BYTES,
        m -> {
          Slot y = m.tensor(DType.FLOAT, shape);
          m.kernel(
              "aten::_softmax.out", m.input(DType.FLOAT, shape), m.integer(-1), m.bool(false), y);
          return y;
        },
        shape);
  }

  private static KernelProgram layerNorm() {
    int rows = 197;
    int width = 192;
    return program(
        FLOAT_TOLERANCE,
        Unit.BYTES,
        2.0 * rows * width * Float.BYTES,
        m -> {
          Slot y = m.tensor(DType.FLOAT, rows, width);
          Slot mean = m.tensor(DType.FLOAT, rows, 1);
          Slot deviation = m.tensor(DType.FLOAT, rows, 1);
          m.kernelGiving(
              "aten::native_layer_norm.out",
              m.tensors(y, mean, deviation),
              m.input(DType.FLOAT, rows, width),
              m.integers(width),
              m.constant(random(width), width),
              m.constant(random(width), width),
              m.real(1e-5),
              y,
              mean,
              deviation);
          return y;
        },
        new int[] {rows, width});
  }

  private static KernelProgram elementwise(String operator, int elements, boolean binary) {
    int[][] shapes = binary ? new int[][] {{elements}, {elements}} : new int[][] {{elements}};
    return program(
        FLOAT_TOLERANCE,
        Unit.BYTES,
        (shapes.length + 1.0) * elements * Float.BYTES,
        m -> {
          Slot y = m.tensor(DType.FLOAT, elements);
          Slot x = m.input(DType.FLOAT, elements);
          if (binary) {
            m.kernel(operator, x, m.input(DType.FLOAT, elements), m.integer(1), y);
          } else {
            m.kernel(operator, x, m.text("none"), y);
          }
          return y;
        },
        shapes);
  }

  // ---- int8

  /**
   * A product whose weights have a scale for each output channel; inputs and outputs are rounded to
   * 8 bits between float ends, in PyTorch's portable form.
   *
   * @param size rows of a matrix, or height and width of an image
   */
  private record Quantized(int size, int in, int out) {
    private static final String Q = "quantized_decomposed::";
    private static final double INPUT_SCALE = 1.0 / 127;
    private static final float WEIGHT_SCALE = 0.01f;
    private static final int MIN = -128;
    private static final int MAX = 127;

    KernelProgram linear() {
      return program(
          INT8_TOLERANCE,
          Unit.OPERATIONS,
          2.0 * size * in * out,
          m -> {
            Slot x = rounded(m, m.input(DType.FLOAT, size, in), INPUT_SCALE, size, in);
            Slot y = m.tensor(DType.FLOAT, size, out);
            m.kernel("aten::linear.out", x, weight(m, out, in), bias(m), y);
            return rounded(m, y, outputScale(in), size, out);
          },
          new int[] {size, in});
    }

    KernelProgram convolution(int kernel) {
      int terms = in * kernel * kernel;
      return program(
          INT8_TOLERANCE,
          Unit.OPERATIONS,
          2.0 * size * size * terms * out,
          m -> {
            int[] image = {1, in, size, size};
            Slot x = rounded(m, m.input(DType.FLOAT, image), INPUT_SCALE, image);
            Slot y = m.tensor(DType.FLOAT, 1, out, size, size);
            Slot weight = weight(m, out, in, kernel, kernel);
            convolve(m, x, weight, bias(m), y, 1, kernel / 2, 1);
            return rounded(m, y, outputScale(terms), 1, out, size, size);
          },
          new int[] {1, in, size, size});
    }

    /** The input's scale comes of its range, at each run; the output is not rounded. */
    KernelProgram dynamicLinear() {
      return program(
          INT8_TOLERANCE,
          Unit.OPERATIONS,
          2.0 * size * in * out,
          m -> {
            Slot x = m.input(DType.FLOAT, size, in);
            Slot scale = m.tensor(DType.DOUBLE, 1);
            Slot zero = m.tensor(DType.INT64, 1);
            Slot integers = m.tensor(DType.INT8, size, in);
            Slot reals = m.tensor(DType.FLOAT, size, in);
            Slot y = m.tensor(DType.FLOAT, size, out);
            Slot dtype = m.integer(DType.INT8.code());
            m.kernelGiving(
                Q + "choose_qparams.Tensor_out",
                m.tensors(scale, zero),
                x,
                m.integer(MIN),
                m.integer(MAX),
                m.real(1e-9),
                dtype,
                scale,
                zero);
            m.kernel(
                Q + "quantize_per_tensor.Tensor_out",
                x,
                scale,
                zero,
                m.integer(MIN),
                m.integer(MAX),
                dtype,
                integers);
            m.kernel(
                Q + "dequantize_per_tensor.Tensor_out",
                integers,
                scale,
                zero,
                m.integer(MIN),
                m.integer(MAX),
                dtype,
                m.none(),
                reals);
            m.kernel("aten::linear.out", reals, weight(m, out, in), bias(m), y);
            return y;
          },
          new int[] {size, in});
    }

    /** Some deviations of a sum fill the 8 bits. */
    private static double outputScale(int terms) {
      return 3 * Math.sqrt(terms) * 0.6 * 0.7 / 127;
    }

    private static Slot rounded(Method m, Slot x, double scale, int... sizes) {
      Slot integers = m.tensor(DType.INT8, sizes);
      Slot reals = m.tensor(DType.FLOAT, sizes);
      Slot dtype = m.integer(DType.INT8.code());
      Slot factor = m.real(scale);
      Slot zero = m.integer(0);
      Slot min = m.integer(MIN);
      Slot max = m.integer(MAX);
      m.kernel(Q + "quantize_per_tensor.out", x, factor, zero, min, max, dtype, integers);
      m.kernel(
          Q + "dequantize_per_tensor.out",
          integers,
          factor,
          zero,
          min,
          max,
          dtype,
          m.none(),
          reals);
      return reals;
    }

    private static Slot weight(Method m, int... sizes) {
      int count = 1;
      for (int size : sizes) {
        count *= size;
      }
      byte[] integers = new byte[count];
      Random random = new Random(count);
      for (int i = 0; i < count; i++) {
        integers[i] = (byte) (random.nextInt(255) - 127);
      }
      float[] scales = new float[sizes[0]];
      Arrays.fill(scales, WEIGHT_SCALE);
      Slot reals = m.tensor(DType.FLOAT, sizes);
      m.kernel(
          Q + "dequantize_per_channel.out",
          m.constant(DType.INT8, integers, sizes),
          m.constant(scales, sizes[0]),
          m.constant(DType.INT64, new byte[sizes[0] * Long.BYTES], sizes[0]),
          m.integer(0),
          m.integer(-127),
          m.integer(MAX),
          m.integer(DType.INT8.code()),
          m.none(),
          reals);
      return reals;
    }

    private Slot bias(Method m) {
      return m.constant(random(out), out);
    }
  }

  // ---- all

  private static KernelProgram program(
      double tolerance, Unit unit, double work, Function<Method, Slot> body, int[]... inputs) {
    byte[] pte = new ProgramBuilder().method("forward", m -> m.output(body.apply(m))).toBytes();
    List<Tensor> tensors = new ArrayList<>();
    for (int[] sizes : inputs) {
      long[] shape = Arrays.stream(sizes).asLongStream().toArray();
      int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      tensors.add(Tensor.fromBlob(random(count), shape));
    }
    return new KernelProgram(pte, List.copyOf(tensors), tolerance, unit, work);
  }

  /** From −1 to 1, the same for the same count. */
  private static float[] random(int count) {
    Random random = new Random(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return values;
  }
}
