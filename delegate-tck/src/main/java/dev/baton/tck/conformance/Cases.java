package dev.baton.tck.conformance;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Method;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The programs that the kit runs. Every tensor is float32. */
final class Cases {
  /** For what only moves, compares or rounds once. */
  private static final double EXACT = 0;

  private static final double ULPS = 1e-6;

  /** For functions that libraries approximate. */
  private static final double FUNCTION = 1e-5;

  /** For sums whose order is the library's own. */
  private static final double SUM = 1e-5;

  private static final int[] ODD = {3, 5, 7};

  /** Rows and columns of {@link #mixed} and {@link #varying}, as upper bounds there. */
  static final int[] MIXED = {8, 6};

  /** That convolutions give; they take 4. */
  private static final int CHANNELS = 6;

  private static final int[] LARGE = {1031, 1027};

  private static @Nullable List<float[]> largeAnswer;

  private Cases() {}

  /** Numbers between −2 and 2, the same for a seed. */
  static Tensor numbers(int seed, int... sizes) {
    return Tensor.fromBlob(floats(seed, sizes), Arrays.stream(sizes).asLongStream().toArray());
  }

  private static float[] floats(int seed, int... sizes) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(Shape.of(sizes).numel())];
    for (int i = 0; i < values.length; i++) {
      values[i] = 4 * random.nextFloat() - 2;
    }
    return values;
  }

  /** Numbers between 0.5 and 4.5. */
  private static Tensor positive(int seed, int... sizes) {
    float[] values = floats(seed, sizes);
    for (int i = 0; i < values.length; i++) {
      values[i] += 2.5f;
    }
    return Tensor.fromBlob(values, Arrays.stream(sizes).asLongStream().toArray());
  }

  /** One case for each operator and kind of call. */
  static List<OperatorCase> operators() {
    return List.of(
        unary("abs", "aten::abs.out", EXACT, 0, numbers(1, ODD)),
        unary("neg", "aten::neg.out", EXACT, 0, numbers(2, ODD)),
        unary("relu", "aten::relu.out", EXACT, 0, numbers(3, ODD)),
        unary("sqrt", "aten::sqrt.out", ULPS, 0, positive(4, ODD)),
        unary("exp", "aten::exp.out", FUNCTION, 0, numbers(5, ODD)),
        unary("sigmoid", "aten::sigmoid.out", FUNCTION, 1e-6, numbers(6, ODD)),
        unary("tanh", "aten::tanh.out", FUNCTION, 1e-6, numbers(7, ODD)),
        binary("add", "aten::add.out", true, numbers(8, ODD), numbers(9, ODD), ODD),
        binary("add, broadcast", "aten::add.out", true, numbers(10, ODD), numbers(11, 5, 1), ODD),
        binary("sub", "aten::sub.out", true, numbers(12, ODD), numbers(13, ODD), ODD),
        binary("mul", "aten::mul.out", false, numbers(14, ODD), numbers(15, ODD), ODD),
        binary("mul, broadcast", "aten::mul.out", false, numbers(16, ODD), numbers(17, 7), ODD),
        binary("div", "aten::div.out", false, numbers(18, ODD), positive(19, ODD), ODD),
        binary("maximum", "aten::maximum.out", false, numbers(20, ODD), numbers(21, ODD), ODD),
        OperatorCase.of(
            "clamp",
            EXACT,
            0,
            m -> {
              Slot x = m.input(DType.FLOAT, ODD);
              Slot y = m.tensor(DType.FLOAT, ODD);
              m.kernel("aten::clamp.out", x, m.real(-0.5), m.real(1), y);
              m.output(y);
            },
            numbers(22, ODD)),
        OperatorCase.of(
            "softmax, last dimension",
            FUNCTION,
            1e-6,
            m -> {
              Slot x = m.input(DType.FLOAT, ODD);
              Slot y = m.tensor(DType.FLOAT, ODD);
              m.kernel("aten::_softmax.out", x, m.integer(-1), m.bool(false), y);
              m.output(y);
            },
            numbers(23, ODD)),
        OperatorCase.of(
            "permute",
            EXACT,
            0,
            m -> {
              Slot x = m.input(DType.FLOAT, ODD);
              Slot y = m.tensor(DType.FLOAT, 7, 3, 5);
              m.kernel("aten::permute_copy.out", x, m.integers(2, 0, 1), y);
              m.output(y);
            },
            numbers(24, ODD)),
        OperatorCase.of(
            "cat",
            EXACT,
            0,
            m -> {
              Slot a = m.input(DType.FLOAT, 3, 2, 7);
              Slot b = m.input(DType.FLOAT, ODD);
              Slot y = m.tensor(DType.FLOAT, 3, 7, 7);
              m.kernel("aten::cat.out", m.tensors(a, b), m.integer(1), y);
              m.output(y);
            },
            numbers(25, 3, 2, 7),
            numbers(26, ODD)),
        OperatorCase.of(
            "mm, constant weights",
            SUM,
            1e-5,
            m -> {
              Slot x = m.input(DType.FLOAT, 5, 33);
              Slot w = m.constant(floats(27, 33, 9), 33, 9);
              Slot y = m.tensor(DType.FLOAT, 5, 9);
              m.kernel("aten::mm.out", x, w, y);
              m.output(y);
            },
            numbers(28, 5, 33)),
        OperatorCase.of(
            "addmm, constant weights",
            SUM,
            1e-5,
            m -> {
              Slot x = m.input(DType.FLOAT, 5, 33);
              Slot bias = m.constant(floats(29, 9), 9);
              Slot w = m.constant(floats(30, 33, 9), 33, 9);
              Slot y = m.tensor(DType.FLOAT, 5, 9);
              m.kernel("aten::addmm.out", bias, x, w, m.integer(1), m.integer(1), y);
              m.output(y);
            },
            numbers(31, 5, 33)),
        convolution("convolution", 1, 1, numbers(33, 1, 4, 9, 7)),
        convolution("convolution, stride 2 without padding", 2, 0, numbers(34, 1, 4, 9, 7)));
  }

  private static OperatorCase unary(
      String name, String operator, double relative, double absolute, Tensor x) {
    return OperatorCase.of(
        name,
        relative,
        absolute,
        m -> {
          Slot y = m.tensor(DType.FLOAT, ODD);
          m.kernel(operator, m.input(DType.FLOAT, ODD), y);
          m.output(y);
        },
        x);
  }

  private static OperatorCase binary(
      String name, String operator, boolean alpha, Tensor a, Tensor b, int... sizes) {
    return OperatorCase.of(
        name,
        ULPS,
        0,
        m -> {
          Slot x = m.input(DType.FLOAT, sizes(a));
          Slot w = m.input(DType.FLOAT, sizes(b));
          Slot y = m.tensor(DType.FLOAT, sizes);
          if (alpha) {
            m.kernel(operator, x, w, m.integer(1), y);
          } else {
            m.kernel(operator, x, w, y);
          }
          m.output(y);
        },
        a,
        b);
  }

  /** A kernel of 3 × 3. */
  private static OperatorCase convolution(String name, int stride, int padding, Tensor x) {
    return OperatorCase.of(
        name,
        SUM,
        1e-5,
        m -> {
          int[] in = sizes(x); // [1, C, H, W]
          int height = (in[2] + 2 * padding - 3) / stride + 1;
          int width = (in[3] + 2 * padding - 3) / stride + 1;
          Slot y = m.tensor(DType.FLOAT, 1, CHANNELS, height, width);
          convolve(m, m.input(DType.FLOAT, in), y, stride, padding);
          m.output(y);
        },
        x);
  }

  /** By a kernel of 3 × 3 over the channels of {@code image}, which are 4. */
  private static void convolve(Method m, Slot image, Slot y, int stride, int padding) {
    m.kernel(
        "aten::convolution.out",
        image,
        m.constant(floats(35, CHANNELS, 4, 3, 3), CHANNELS, 4, 3, 3),
        m.constant(floats(36, CHANNELS), CHANNELS),
        m.integers(stride, stride),
        m.integers(padding, padding),
        m.integers(1, 1),
        m.bool(false),
        m.integers(0, 0),
        m.integer(1),
        y);
  }

  private static int[] sizes(Tensor tensor) {
    return Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
  }

  /** Common operators with branches: two outputs, 8 × 6, from one input of that shape. */
  static byte[] mixed() {
    return branches(false, MIXED);
  }

  /** As {@link #mixed}; the sizes are upper bounds. */
  static byte[] varying() {
    return branches(true, MIXED);
  }

  private static byte[] branches(boolean dynamic, int... sizes) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = dynamic ? m.dynamicInput(DType.FLOAT, sizes) : m.input(DType.FLOAT, sizes);
              Slot half = tensor(m, dynamic, sizes);
              Slot positive = tensor(m, dynamic, sizes);
              Slot sum = tensor(m, dynamic, sizes);
              Slot product = tensor(m, dynamic, sizes);
              Slot gate = tensor(m, dynamic, sizes);
              Slot y = tensor(m, dynamic, sizes);
              Slot scale = m.constant(new float[] {0.5f}, 1);
              m.kernel("aten::mul.out", x, scale, half);
              m.kernel("aten::relu.out", half, positive);
              m.kernel("aten::add.out", half, x, m.integer(1), sum);
              m.kernel("aten::mul.out", positive, sum, product);
              m.kernel("aten::sigmoid.out", product, gate);
              m.kernel("aten::sub.out", gate, half, m.integer(1), y);
              m.output(y, product);
            })
        .toBytes();
  }

  private static Slot tensor(Method m, boolean dynamic, int... sizes) {
    return dynamic ? m.dynamicTensor(DType.FLOAT, sizes) : m.tensor(DType.FLOAT, sizes);
  }

  /** As {@link #mixed}, of a million elements. */
  static byte[] large() {
    return branches(false, LARGE);
  }

  static List<Tensor> largeInput() {
    return List.of(numbers(40, LARGE));
  }

  /** What the reference kernels give for {@link #largeInput}; computed once. */
  static synchronized List<float[]> largeAnswer() {
    List<float[]> known = largeAnswer;
    if (known == null) {
      known = Numbers.reference(large(), largeInput());
      largeAnswer = known;
    }
    return known;
  }

  /** Constant weights, in the orders in which files hold them and in others. */
  static byte[] weights() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 5, 33);
              Slot first = m.tensor(DType.FLOAT, 5, 9);
              Slot turned = m.tensor(DType.FLOAT, 9, 11);
              Slot y = m.tensor(DType.FLOAT, 5, 11);
              m.kernel("aten::mm.out", x, m.constant(floats(41, 33, 9), 33, 9), first);
              m.kernel(
                  "aten::permute_copy.out",
                  m.constant(floats(42, 11, 9), 11, 9),
                  m.integers(1, 0),
                  turned);
              m.kernel("aten::mm.out", first, turned, y);
              Slot image = m.input(DType.FLOAT, 1, 4, 9, 7);
              Slot convolved = m.tensor(DType.FLOAT, 1, CHANNELS, 9, 7);
              convolve(m, image, convolved, 1, 1);
              m.output(y, convolved);
            })
        .toBytes();
  }
}
