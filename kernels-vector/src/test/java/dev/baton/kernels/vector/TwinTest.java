package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.runtime.execute.WorkerPool;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each vector kernel against its reference twin: sizes around those of vectors, tiles and blocks,
 * empty ones among them; strides, paddings, dilations and groups. What several threads compute is
 * what one does, bit for bit. Each call says who runs it, so that a kernel which no longer supports
 * what it did is a failure.
 */
class TwinTest {
  private static final VectorKernels VECTOR = new VectorKernels();
  private static final Kernels KERNELS = Kernels.of(List.of(VECTOR));
  private static final int L = Lanes.COUNT;

  /** Elements of several parts, whatever the caches. */
  private static final int LONG = 2 * (1 << 14) + 7;

  /**
   * A call. A tensor argument is its sizes.
   *
   * @param terms how many products or elements make up an element of the result
   * @param constants names of arguments that are constants
   * @param supported if a vector kernel runs it; false where it is left to the reference kernel
   * @param lowered if it was lowered when the program was exported
   */
  record Call(
      String operator,
      long terms,
      List<String> constants,
      List<?> arguments,
      boolean supported,
      boolean lowered) {
    Call withConstants(String... names) {
      return new Call(operator, terms, List.of(names), arguments, supported, lowered);
    }

    Call unsupported() {
      return new Call(operator, terms, constants, arguments, false, lowered);
    }

    Call ofLowered() {
      return new Call(operator, terms, constants, arguments, supported, true);
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(operator);
      for (Object argument : arguments) {
        text.append(' ').append(argument instanceof int[] s ? Arrays.toString(s) : argument);
      }
      return text.append(constants).append(lowered ? ", lowered" : "").toString();
    }
  }

  private static int[] tensor(int... sizes) {
    return sizes;
  }

  private static Call call(String operator, long terms, Object... arguments) {
    return new Call(operator, terms, List.of(), Arrays.asList(arguments), true, false);
  }

  static Stream<Call> products() {
    List<Call> calls = new ArrayList<>();
    int[] sizes = {1, 2, 3, 4, 5, 7, L - 1, L, L + 1, 2 * L + 3, 3 * L, 3 * L + 1, 4 * L, 5 * L};
    for (int n : sizes) {
      for (int m : new int[] {1, 3, 4, 5, 13}) {
        Call mm = call("aten::mm", 17, tensor(m, 17), tensor(17, n));
        calls.add(n == 1 ? mm.unsupported() : mm);
        calls.add(call("aten::linear", 19, tensor(2, m, 19), tensor(n, 19), tensor(n)));
      }
    }
    for (int k : new int[] {1, 255, 256, 257, 600}) {
      calls.add(call("aten::addmm", k, tensor(5), tensor(6, k), tensor(k, 5), 1, 1));
      calls.add(call("aten::bmm", k, tensor(3, 7, k), tensor(3, k, 2 * L + 1)));
    }
    calls.add(call("aten::addmm", 5, tensor(6, 9), tensor(6, 5), tensor(5, 9), 1, 1).unsupported());
    calls.add(call("aten::addmm", 5, tensor(9), tensor(6, 5), tensor(5, 9), 2, 1).unsupported());
    calls.add(call("aten::matmul", 8, tensor(2, 1, 3, 8), tensor(4, 8, 11)));
    calls.add(call("aten::linear", 64, tensor(200, 64), tensor(500, 64), null));
    calls.add(call("aten::linear", 5, tensor(0, 5), tensor(7, 5), null));
    calls.add(call("aten::mm", 3, tensor(3, 3), tensor(3, 0)));
    calls.add(call("aten::bmm", 5, tensor(0, 7, 5), tensor(0, 5, 9)));
    calls.add(call("aten::mm", 1, tensor(3, 0), tensor(0, 4)).unsupported());
    return calls.stream()
        .flatMap(c -> {
          String b =
              switch (c.operator) {
                case "aten::linear" -> "weight";
                case "aten::matmul" -> "other";
                default -> "mat2";
              };
          return Stream.of(c, c.withConstants(b));
        });
  }

  private static Call convolution(
      int batch, int in, int[] plane, int out, int[] kernel, int groups, int... numbers) {
    return convolution(false, batch, in, plane, out, kernel, groups, numbers);
  }

  /**
   * @param numbers stride, padding, dilation, output padding
   */
  private static Call convolution(
      boolean transposed,
      int batch,
      int in,
      int[] plane,
      int out,
      int[] kernel,
      int groups,
      int... numbers) {
    int[] input = concat(new int[] {batch, in}, plane);
    int[] weight =
        concat(transposed ? new int[] {in, out / groups} : new int[] {out, in / groups}, kernel);
    int taps = Arrays.stream(kernel).reduce(1, (a, b) -> a * b);
    List<Object> arguments = new ArrayList<>(List.of(input, weight, tensor(out)));
    for (int i = 0; i < 3; i++) {
      arguments.add(repeat(numbers[i], kernel.length));
    }
    arguments.add(transposed);
    arguments.add(repeat(numbers[3], kernel.length));
    arguments.add(groups);
    return call("aten::convolution", (long) in / groups * taps, arguments.toArray())
        .withConstants("weight");
  }

  private static int[] concat(int[] a, int[] b) {
    int[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  private static List<Integer> repeat(int value, int times) {
    return new ArrayList<>(java.util.Collections.nCopies(times, value));
  }

  static Stream<Call> convolutions() {
    List<Call> calls = new ArrayList<>();
    int[] square = {3, 3};
    for (int size : new int[] {1, 2, 5, 7, L - 1, L, L + 1, 2 * L + 5}) {
      for (int stride : new int[] {1, 2, 3}) {
        calls.add(convolution(1, 3, tensor(size, size + 1), 5, square, 1, stride, 1, 1, 0));
        calls.add(convolution(2, 4, tensor(size, size + 1), 4, square, 4, stride, 1, 1, 0));
        calls.add(convolution(1, 5, tensor(size, size), 7, tensor(1, 1), 1, stride, 0, 1, 0));
        calls.add(convolution(true, 1, 3, tensor(size, size + 1), 5, square, 1, stride, 1, 1, 0));
      }
    }
    calls.add(convolution(1, 6, tensor(9, 11), 4, tensor(3, 2), 2, 1, 2, 2, 0));
    calls.add(convolution(2, 3, tensor(12, 40), 9, tensor(5, 4), 3, 2, 3, 2, 0));
    calls.add(convolution(1, 4, tensor(20), 6, tensor(5), 2, 2, 2, 1, 0));
    calls.add(convolution(1, 70, tensor(9, 9), 20, square, 1, 1, 1, 1, 0));
    calls.add(convolution(1, 300, tensor(6, 6), 9, tensor(1, 1), 1, 1, 0, 1, 0));
    calls.add(convolution(1, 4, tensor(30, 30), 8, square, 4, 2, 0, 1, 0));
    calls.add(convolution(1, 2, tensor(3, 5, 4), 3, tensor(2, 2, 2), 1, 1, 1, 1, 0).unsupported());
    calls.add(convolution(0, 2, tensor(5, 5), 3, square, 1, 1, 1, 1, 0));
    calls.add(convolution(1, 0, tensor(5, 5), 3, square, 1, 1, 1, 1, 0).unsupported());
    calls.add(convolution(true, 2, 4, tensor(5, 6), 6, tensor(4, 3), 2, 2, 1, 1, 1));
    calls.add(convolution(true, 1, 4, tensor(7, 3), 4, square, 4, 3, 2, 2, 1));
    return calls.stream();
  }

  static Stream<Call> elementwise() {
    List<Call> calls = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 3 * L + 2, 4096, LONG}) {
      for (String name :
          List.of(
              "relu",
              "sigmoid",
              "silu",
              "tanh",
              "hardswish",
              "hardsigmoid",
              "exp",
              "erf",
              "abs",
              "neg",
              "square",
              "relu6")) {
        calls.add(call("aten::" + name, 1, tensor(n)));
      }
      calls.add(call("aten::gelu", 1, tensor(n), "none"));
      calls.add(call("aten::gelu", 1, tensor(n), "tanh"));
      calls.add(call("aten::hardtanh", 1, tensor(n), -0.5, 0.25));
      calls.add(call("aten::clamp", 1, tensor(n), -0.5, null));
      calls.add(call("aten::clamp", 1, tensor(n), null, 0.5));
      calls.add(call("aten::leaky_relu", 1, tensor(n), 0.1));
      calls.add(call("aten::mul.Scalar", 1, tensor(n), 3));
      calls.add(call("aten::add.Scalar", 1, tensor(n), 3.5, 2));
      calls.add(call("aten::sub.Scalar", 1, tensor(n), 3.5, 2));
      calls.add(call("aten::div.Scalar", 1, tensor(n), 3.5));
      calls.add(call("aten::pow.Tensor_Scalar", 1, tensor(n), 2));
      calls.add(call("aten::pow.Tensor_Scalar", 1, tensor(n), 3).unsupported());
      calls.add(call("aten::eq.Scalar", 1, tensor(n), 0));
      calls.add(call("aten::lt.Scalar", 1, tensor(n), 0.5));
      calls.add(call("aten::ge.Scalar", 1, tensor(n), 0.125));
      // No float32.
      calls.add(call("aten::ge.Scalar", 1, tensor(n), 0.1).unsupported());
      for (String name : List.of("add", "sub")) {
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(2, n), tensor(2, n), 1));
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(2, n), tensor(2, 1), 1));
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(3, n), tensor(n), 1));
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(n), tensor(3, n), 2).unsupported());
      }
      for (String name : List.of("mul", "div")) {
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(2, 1, n), tensor(3, n)));
        calls.add(call("aten::" + name + ".Tensor", 1, tensor(1), tensor(3, n)));
      }
    }
    return calls.stream();
  }

  static Stream<Call> rows() {
    List<Call> calls = new ArrayList<>();
    for (int n : new int[] {1, 2, L - 1, L, L + 1, 5 * L + 3, 700}) {
      calls.add(call("aten::_softmax", 1, tensor(3, n), -1, false));
      calls.add(call("aten::_softmax", 1, tensor(3, n), 0, false).unsupported());
      calls.add(
          call("aten::native_layer_norm", n, tensor(5, n), List.of(n), tensor(n), tensor(n), 1e-5));
      for (int[] bias : new int[][] {tensor(n), null}) {
        calls.add(call("aten::native_layer_norm", n, tensor(5, n), List.of(n), null, bias, 1e-5));
      }
      calls.add(
          call("aten::native_layer_norm", n, tensor(5, n), List.of(n), tensor(n), null, 1e-5));
      calls.add(call("aten::rms_norm", n, tensor(5, n), List.of(n), tensor(n), 1e-5));
      calls.add(call("aten::rms_norm", n, tensor(5, n), List.of(n), null, 1e-3));
      calls.add(call("aten::rms_norm", 2L * n, tensor(3, 2, n), List.of(2, n), tensor(2, n), null));
      calls.add(call("aten::mean.dim", n, tensor(4, n), List.of(1), false, null));
      calls.add(call("aten::mean.dim", n, tensor(4, 2, n), List.of(-1, -2), true, null));
      calls.add(call("aten::sum.dim_IntList", n, tensor(4, n), List.of(0), true, null));
      calls.add(call("aten::sum.dim_IntList", n, tensor(4, n), null, false, null));
      calls.add(call("aten::permute_copy", 1, tensor(2, n, 5), List.of(0, 2, 1)));
      calls.add(call("aten::permute_copy", 1, tensor(3, n, 2, 7), List.of(2, 0, 1, 3)));
      calls.add(call("aten::permute_copy", 1, tensor(3, n, 2, 7), List.of(3, 1, 0, 2)));
      calls.add(call("aten::transpose_copy.int", 1, tensor(3, n), 0, 1));
      calls.add(
          call(
              "aten::max_pool2d_with_indices",
              1,
              tensor(2, n, 9),
              List.of(2, 3),
              List.of(2),
              List.of(1),
              List.of(1),
              true));
      calls.add(
          call(
              "aten::max_pool2d_with_indices",
              1,
              tensor(1, 2, 9, n + 2),
              List.of(3, 3),
              List.of(1),
              List.of(1),
              List.of(1),
              false));
      calls.add(
          call(
              "aten::native_group_norm",
              3L * n,
              tensor(2, 6, n),
              tensor(6),
              tensor(6),
              2,
              6,
              n,
              2,
              1e-5));
      calls.add(
          call("aten::group_norm", 2L * n, tensor(2, 6, n), 3, tensor(6), tensor(6), 1e-5, true));
      calls.add(call("aten::group_norm", 6L * n, tensor(2, 6, n), 1, null, null, 1e-5, true));
      for (String name :
          List.of(
              "_native_batch_norm_legit_no_training",
              "_native_batch_norm_legit",
              "native_batch_norm")) {
        calls.add(batchNorm(name, tensor(2, 3, n)));
      }
    }
    calls.add(call("aten::permute_copy", 1, tensor(0, 4), List.of(1, 0)));
    calls.add(call("aten::permute_copy", 1, tensor(1, 1), List.of(1, 0)));
    return calls.stream();
  }

  private static Call batchNorm(String name, int[] input) {
    int[] channels = tensor(input[1]);
    Positive variance = positive(input[1]);
    return name.endsWith("_no_training")
        ? call("aten::" + name, 1, input, channels, channels, channels, variance, 0.1, 1e-5)
        : call("aten::" + name, 1, input, null, channels, channels, variance, false, 0.1, 1e-5);
  }

  static Stream<Call> reductions() {
    List<Call> calls = new ArrayList<>();
    for (int n : new int[] {1, 2, L - 1, L, L + 1, 5 * L + 3, 700}) {
      for (List<Integer> dims : List.of(List.of(0), List.of(1), List.of(2), List.of(1, 2))) {
        int[] self = tensor(3, n, L + 2);
        calls.add(call("aten::sum.dim_IntList", n * (L + 2), self, dims, false, null));
        calls.add(call("aten::mean.dim", n * (L + 2), self, dims, true, null));
        calls.add(call("aten::amax", 1, self, dims, false));
        calls.add(call("aten::amin", 1, self, dims, true));
        calls.add(call("aten::linalg_vector_norm", n, self, 2, dims, false, null));
        calls.add(call("aten::var.correction", n, self, dims, 0, false));
        calls.add(call("aten::std.correction", n, self, dims, 0, false));
        calls.add(call("aten::var_mean.correction", n, self, dims, 0, true));
      }
      calls.add(call("aten::mean", n, tensor(2, n), (Object) null));
      Call apart = call("aten::amax", 1, tensor(2, 3, n), List.of(0, 2), false);
      calls.add(n == 1 ? apart : apart.unsupported());
      calls.add(call("aten::_log_softmax", 1, tensor(3, n), -1, false));
      calls.add(call("aten::_log_softmax", 1, tensor(3, n), 0, false).unsupported());
      calls.add(call("aten::log_softmax.int", 1, tensor(3, n), 1, null));
      calls.add(call("aten::softmax.int", 1, tensor(3, n), 1, null));
      calls.add(call("aten::_safe_softmax", 1, tensor(3, n), 1, null));
    }
    return calls.stream();
  }

  static Stream<Call> attention() {
    List<Call> calls = new ArrayList<>();
    String plain = "aten::scaled_dot_product_attention";
    String custom = "llama::custom_sdpa";
    for (int l : new int[] {1, 3, 4, 5, L + 1, 130}) {
      for (int e : new int[] {1, L - 1, 4 * L + 3}) {
        int[] q = tensor(2, 3, l, e);
        int[] k = tensor(2, 3, l + 2, e);
        int[] v = tensor(2, 3, l + 2, e + 1);
        calls.add(call(plain, e, q, k, v, null, 0.0, false, null, false));
        calls.add(call(plain, e, q, k, v, null, 0.0, true, 0.3, false));
        calls.add(call(plain, e, q, k, v, tensor(l, l + 2), 0.0, false, null, false));
        calls.add(call(plain, e, q, k, v, tensor(3, l, 1), 0.0, false, null, false));
        calls.add(call(plain, e, q, k, v, new Bools(1, l + 2), 0.0, false, null, false));
        calls.add(call(plain, e, q, k, v, new Bools(l, 1), 0.0, false, null, false));
        int[] shared = tensor(2, 1, l + 2, e);
        calls.add(call(plain, e, q, shared, shared, null, 0.0, false, null, true));
        int[] own = tensor(2, l, 4, e);
        int[] cache = tensor(2, 150, 2, e);
        calls.add(call(custom, e, own, cache, cache, 7, null, 0.0, true, null));
        calls.add(call(custom, e, own, cache, cache, 7, null, 0.0, false, 0.2));
        calls.add(call(custom, e, own, cache, cache, 0, tensor(l, 140), 0.0, false, null));
      }
    }
    calls.add(
        call(
            plain,
            1,
            tensor(1, 0, 4),
            tensor(1, 3, 4),
            tensor(1, 3, 4),
            null,
            0.0,
            false,
            null,
            false));
    return calls.stream();
  }

  static Stream<Call> planes() {
    List<Call> calls = new ArrayList<>();
    for (int n : new int[] {1, 2, L - 1, L, L + 1, 2 * L + 3}) {
      int[] self = tensor(2, 3, n, n + 1);
      for (List<Integer> size : List.of(List.of(1, 1), List.of(3, 5), List.of(2 * n, 2 * n + 2))) {
        calls.add(call("aten::_adaptive_avg_pool2d", n * n, self, size));
        calls.add(call("aten::adaptive_avg_pool2d", n * n, self, size));
        calls.add(call("aten::upsample_nearest2d", 1, self, size, null, null));
        calls.add(call("aten::upsample_nearest2d.vec", 1, self, size, null));
        calls.add(call("aten::upsample_bilinear2d", 1, self, size, false, null, null));
        calls.add(call("aten::upsample_bilinear2d.vec", 1, self, size, true, null));
        calls.add(call("aten::upsample_bicubic2d.vec", 4, self, size, false, null));
      }
      calls.add(call("aten::upsample_bilinear2d.vec", 1, self, null, false, List.of(70.0, 1.5)));
      calls.add(call("aten::adaptive_avg_pool1d", n, tensor(2, 3, n), List.of(4)));
      for (boolean padded : new boolean[] {true, false}) {
        calls.add(
            call(
                "aten::avg_pool2d",
                6,
                tensor(2, 3, n + 1, n + 2),
                List.of(2, 3),
                List.of(2, 1),
                List.of(1, 1),
                true,
                padded,
                null));
        calls.add(
            call(
                "aten::avg_pool1d",
                3,
                tensor(3, n + 2),
                List.of(3),
                List.of(2),
                List.of(1),
                true,
                padded));
      }
      calls.add(
          call("aten::avg_pool2d", 4, self, List.of(1, 2), List.of(1), List.of(0), false, true, 3));
    }
    return calls.stream();
  }

  /** Operators that no other list has. */
  static Stream<Call> others() {
    List<Call> calls = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 3 * L + 2, LONG}) {
      for (String name : List.of("log", "sqrt", "rsqrt", "reciprocal")) {
        calls.add(call("aten::" + name, 1, positive(n)));
      }
      calls.add(call("aten::elu", 1, tensor(n), 1.5, 2, 1));
      calls.add(call("aten::elu", 1, tensor(n), 1.5, 2, 3).unsupported());
      for (String name : List.of("ne", "le", "gt")) {
        calls.add(call("aten::" + name + ".Scalar", 1, tensor(n), 0.25));
      }
      for (String name : List.of("maximum", "minimum")) {
        calls.add(call("aten::" + name, 1, tensor(2, n), tensor(2, n)));
        calls.add(call("aten::" + name, 1, tensor(2, 1, n), tensor(3, 1)));
      }
      calls.add(call("aten::where.self", 1, new Bools(3, n), tensor(3, n), tensor(1)));
      calls.add(call("aten::where.self", 1, new Bools(3, 1), tensor(3, n), tensor(n)));
      calls.add(call("aten::t_copy", 1, tensor(n, 3)));
      calls.add(call("aten::dot", n, tensor(n), tensor(n)).unsupported());
      calls.add(call("aten::mv", 5, tensor(n, 5), tensor(5)).unsupported());
      int[] left = tensor(2, 3, 5);
      int[] right = tensor(2, 5, n);
      Call baddbmm = call("aten::baddbmm", 5, tensor(n), left, right, 1, 1);
      calls.add(n == 1 ? baddbmm.unsupported() : baddbmm);
      calls.add(call("aten::baddbmm", 5, tensor(2, 3, n), left, right, 1, 1).unsupported());
      if (n > 0) {
        calls.add(
            call(
                "aten::layer_norm", n, tensor(5, n), List.of(n), tensor(n), tensor(n), 1e-5, true));
      }
    }
    return calls.stream();
  }

  static Stream<Call> embeddings() {
    List<Call> calls = new ArrayList<>();
    String name = "aten::embedding";
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 700}) {
      Range indices = new Range(DType.INT64, 0, 8, 2, 3);
      calls.add(call(name, 1, tensor(9, n), indices, -1, false, false));
      calls.add(call(name, 1, tensor(9, n), indices, 3, false, false)); // concerns gradients
      calls.add(call(name, 1, tensor(9, n), new Range(DType.INT32, 0, 8, 400), -1, false, false));
      Range bytes = new Range(DType.INT8, -128, 127, 9, n);
      calls.add(call(name, 1, bytes, new Range(DType.INT64, 0, 8, 1000), -1, false, false));
    }
    calls.add(call(name, 1, tensor(0, 3), new Range(DType.INT64, 0, 0, 0, 5), -1, false, false));
    calls.add(call(name, 1, tensor(4, 3), new Range(DType.INT64, 3, 3), -1, false, false));
    return calls.stream();
  }

  /** Some that threads share, of operators that have small ones in the other lists. */
  static Stream<Call> large() {
    int[] x = tensor(60, 700);
    int[] row = tensor(700);
    return Stream.of(
        call("aten::_softmax", 1, x, -1, false),
        call("aten::_log_softmax", 1, x, -1, false),
        call("aten::softmax.int", 1, x, -1, null),
        call("aten::log_softmax.int", 1, x, -1, null),
        call("aten::_safe_softmax", 1, x, -1, null),
        call("aten::native_layer_norm", 700, x, List.of(700), row, row, 1e-5),
        call("aten::rms_norm", 700, x, List.of(700), row, 1e-5),
        batchNorm("_native_batch_norm_legit_no_training", tensor(2, 60, 700)),
        batchNorm("_native_batch_norm_legit", tensor(2, 60, 700)),
        batchNorm("native_batch_norm", tensor(2, 60, 700)),
        call("aten::native_group_norm", 700, tensor(2, 60, 700), null, null, 2, 60, 700, 6, 1e-5),
        call("aten::group_norm", 700, tensor(2, 60, 700), 60, tensor(60), tensor(60), 1e-5, true),
        call("aten::mul.Tensor", 1, x, x),
        call("aten::div.Tensor", 1, x, x),
        call("aten::_adaptive_avg_pool2d", 50 * 70, tensor(2, 60, 50, 70), List.of(2, 3)),
        call("aten::adaptive_avg_pool2d", 50 * 70, tensor(2, 60, 50, 70), List.of(2, 3)),
        call("aten::transpose_copy.int", 1, tensor(60, 70, 10), 1, 2),
        call("aten::adaptive_avg_pool1d", 175, tensor(2, 60, 700), List.of(4)),
        call("aten::addmm", 64, tensor(500), tensor(200, 64), tensor(64, 500), 1, 1));
  }

  static Stream<Call> quantization() {
    List<Call> calls = new ArrayList<>();
    String q = "quantized_decomposed::";
    int int8 = 1;
    Range scale = new Range(DType.DOUBLE, 0.01, 0.1, 1);
    Range zero = new Range(DType.INT64, -5, 5, 1);
    Range scales = new Range(DType.FLOAT, 0.01, 0.1, 3);
    Range zeros = new Range(DType.INT64, -5, 5, 3);
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 3 * L + 2, 10_007}) {
      int[] x = tensor(n);
      int[] rows = tensor(3, n);
      Range bytes = new Range(DType.INT8, -128, 127, n);
      calls.add(call(q + "quantize_per_tensor", 1, x, 0.05, -3, -128, 127, int8));
      calls.add(call(q + "quantize_per_tensor.tensor", 1, x, scale, zero, -128, 127, int8));
      calls.add(call(q + "quantize_per_channel", 1, rows, scales, zeros, 0, -128, 127, int8));
      Call wide =
          call(
              q + "quantize_per_channel",
              1,
              rows,
              scales.of(DType.DOUBLE),
              zeros,
              0,
              -128,
              127,
              int8);
      calls.add(wide.unsupported());
      calls.add(wide.ofLowered());
      calls.add(call(q + "dequantize_per_tensor", 1, bytes, 0.05, 3, -128, 127, int8, null));
      calls.add(
          call(q + "dequantize_per_tensor.tensor", 1, bytes, scale, zero, -128, 127, int8, null));
      if (n > 0) {
        Call tokens =
            call(
                q + "quantize_per_token",
                1,
                rows,
                new Range(DType.DOUBLE, 0.01, 0.1, 3, 1),
                new Range(DType.INT64, -5, 5, 3, 1),
                -128,
                127,
                int8);
        calls.add(tokens.unsupported()); // rounds after the zero point is added
        calls.add(tokens.ofLowered());
        calls.add(call(q + "choose_qparams.tensor", 1, x, -128, 127, 1e-5, int8));
        calls.add(call(q + "choose_qparams_per_token_asymmetric", 1, rows, int8));
      }
    }
    return calls.stream();
  }

  /** A kernel that nobody compares is a failure. */
  @Test
  void everyKernelHasCases() {
    Set<String> missing = new TreeSet<>(Operators.names());
    missing.removeIf(name -> VECTOR.faster(name) == null);
    assertFalse(missing.isEmpty());
    all().filter(Call::supported).forEach(c -> missing.remove(c.operator));
    assertEquals(Set.of(), missing);
  }

  /** Marks a tensor of elements between two bounds. */
  private record Range(DType dtype, double low, double high, List<Integer> sizes) {
    Range(DType dtype, double low, double high, Integer... sizes) {
      this(dtype, low, high, List.of(sizes));
    }

    Range of(DType other) {
      return new Range(other, low, high, sizes);
    }

    Operand operand(Random random, Arena arena) {
      Shape shape = Shape.of(sizes.stream().mapToInt(s -> s).toArray());
      Operand operand =
          new Operand(arena.allocate(shape.numel() * dtype.byteSize(), 64), dtype, shape);
      for (long i = 0; i < shape.numel(); i++) {
        double value = low + (high - low) * random.nextDouble();
        switch (dtype) {
          case INT8 -> operand.data().set(ValueLayout.JAVA_BYTE, i, (byte) Math.round(value));
          case INT32 -> operand.data().setAtIndex(ValueLayout.JAVA_INT, i, (int) Math.round(value));
          case INT64 -> operand.data().setAtIndex(ValueLayout.JAVA_LONG, i, Math.round(value));
          case FLOAT -> operand.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
          default -> operand.data().setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
        }
      }
      return operand;
    }
  }

  /** Marks a tensor of bools. */
  private record Bools(int rows, int columns) {}

  /** Marks a tensor that a root is taken of. */
  private record Positive(int size) {}

  private static Positive positive(int size) {
    return new Positive(size);
  }

  static Stream<Call> all() {
    return Stream.of(
            products(),
            convolutions(),
            elementwise(),
            rows(),
            reductions(),
            attention(),
            planes(),
            embeddings(),
            large(),
            quantization(),
            others())
        .flatMap(s -> s);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void asReference(Call call) {
    try (Arena arena = Arena.ofShared()) {
      List<Object> arguments = arguments(call, arena);
      List<Operand> expected =
          run(Kernels.reference(), call, arguments, arena, Parallel.SERIAL).results();
      KernelHarness.Run run = run(KERNELS, call, arguments, arena, Parallel.SERIAL);
      assertEquals(call.supported ? VECTOR.name() : "reference", run.provider());
      List<Operand> actual = run.results();
      for (int i = 0; i < expected.size(); i++) {
        check(expected.get(i), actual.get(i), call.terms);
      }
      // What parts a step has may depend on the threads, what it computes may not.
      assertSame(actual, run(KERNELS, call, arguments, arena, backwards()).results());
    }
  }

  private static void assertSame(List<Operand> expected, List<Operand> actual) {
    for (int i = 0; i < expected.size(); i++) {
      long at = expected.get(i).data().mismatch(actual.get(i).data());
      assertEquals(-1, at, "first byte that the threads change, of result " + i);
    }
  }

  /** Operators whose steps never have several parts here. */
  private static final Set<String> OF_ONE_PART =
      Set.of(
          "aten::mean", // of all elements
          "aten::t_copy",
          "aten::where.self",
          "quantized_decomposed::choose_qparams.tensor",
          "quantized_decomposed::choose_qparams_per_token_asymmetric",
          "quantized_decomposed::dequantize_per_tensor",
          "quantized_decomposed::dequantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_channel",
          "quantized_decomposed::quantize_per_tensor",
          "quantized_decomposed::quantize_per_tensor.tensor",
          "quantized_decomposed::quantize_per_token");

  /** The threads of programs; in each step of several parts, two of them at once. */
  @Test
  void onWorkers() {
    Set<String> shared = new TreeSet<>();
    Set<String> alone = new TreeSet<>();
    try (WorkerPool pool = new WorkerPool(3)) {
      for (Call call : all().filter(Call::supported).toList()) {
        Meetings meetings = new Meetings(pool);
        try (Arena arena = Arena.ofShared()) {
          List<Object> arguments = arguments(call, arena);
          assertSame(
              run(KERNELS, call, arguments, arena, Parallel.SERIAL).results(),
              run(KERNELS, call, arguments, arena, meetings).results());
        }
        assertEquals(meetings.steps, meetings.met, () -> "steps of two threads: " + call);
        (meetings.steps > 0 ? shared : alone).add(call.operator);
      }
    }
    alone.removeAll(shared);
    assertEquals(OF_ONE_PART, alone);
  }

  /** A pool in which the first thread of a step waits for a second one. */
  private static final class Meetings implements Parallel {
    private final Parallel pool;
    int steps;
    int met;

    Meetings(Parallel pool) {
      this.pool = pool;
    }

    @Override
    public int threads() {
      return pool.threads();
    }

    @Override
    public void run(int tasks, Task task) {
      if (tasks < 2) {
        pool.run(tasks, task);
        return;
      }
      Set<Thread> seen = ConcurrentHashMap.newKeySet();
      CountDownLatch two = new CountDownLatch(2);
      pool.run(
          tasks,
          (t, worker) -> {
            if (seen.add(Thread.currentThread())) {
              two.countDown();
              await(two);
            }
            task.run(t, worker);
          });
      steps++;
      met += seen.size() > 1 ? 1 : 0;
    }

    private static void await(CountDownLatch two) {
      try {
        two.await(10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 4, Long.MIN_VALUE, 1L << 32})
  void anIndexOfNoRowIsRefused(long index) {
    try (Arena arena = Arena.ofShared()) {
      Operand weight = random(new int[] {4, 700}, new Random(1), 0, arena);
      Operand indices = new Range(DType.INT64, 0, 3, 100).operand(new Random(2), arena);
      indices.data().setAtIndex(ValueLayout.JAVA_LONG, 71, index);
      List<Object> arguments = List.of(weight, indices, -1, false, false);
      for (Parallel parallel : List.of(Parallel.SERIAL, backwards())) {
        for (Kernels kernels : List.of(Kernels.reference(), KERNELS)) {
          Call call = call("aten::embedding", 1);
          KernelException e =
              assertThrows(
                  KernelException.class, () -> run(kernels, call, arguments, arena, parallel));
          assertEquals(
              "index " + index + " is out of range: dimension 0 has size 4", e.getMessage());
        }
      }
    }
  }

  /** Three workers, of which each does what it gets, the last task first. */
  private static Parallel backwards() {
    return backwards(3);
  }

  /** Some workers, of which each does what it gets, the last task first. */
  static Parallel backwards(int threads) {
    return new Parallel() {
      @Override
      public int threads() {
        return threads;
      }

      @Override
      public void run(int tasks, Task task) {
        for (int t = tasks - 1; t >= 0; t--) {
          task.run(t, t % threads);
        }
      }
    };
  }

  private static KernelHarness.Run run(
      Kernels kernels, Call call, List<Object> arguments, Arena arena, Parallel parallel) {
    Kernel kernel = kernels.find(call.operator);
    assertNotNull(kernel);
    return new KernelHarness(arena, call.operator, kernel)
        .withConstants(call.constants.toArray(String[]::new))
        .withOrigin(call.lowered ? new Origin(0, "payload", 0) : Origin.HOST)
        .withParallel(parallel)
        .run(arguments);
  }

  private static List<Object> arguments(Call call, Arena arena) {
    Random random = new Random(call.toString().hashCode());
    List<Object> arguments = new ArrayList<>();
    for (Object argument : call.arguments) {
      arguments.add(
          switch (argument) {
            case int[] sizes -> random(sizes, random, -2, arena);
            case Range r -> r.operand(random, arena);
            case Positive p -> random(new int[] {p.size()}, random, 0.5f, arena);
            case Bools b -> {
              Shape shape = Shape.of(b.rows(), b.columns());
              Operand o = new Operand(arena.allocate(shape.numel(), 64), DType.BOOL, shape);
              for (long i = 0; i < shape.numel(); i++) {
                o.data().set(ValueLayout.JAVA_BYTE, i, (byte) (random.nextInt(3) == 0 ? 0 : 1));
              }
              yield o;
            }
            case null -> null;
            default -> argument;
          });
    }
    return arguments;
  }

  /** Elements of four from the lowest on. */
  static Operand random(int[] sizes, Random random, float from, Arena arena) {
    Shape shape = Shape.of(sizes);
    Operand operand =
        new Operand(arena.allocate(shape.numel() * Float.BYTES, 64), DType.FLOAT, shape);
    for (long i = 0; i < shape.numel(); i++) {
      operand.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, from + 4 * random.nextFloat());
    }
    return operand;
  }

  static void check(Operand expected, Operand actual, long terms) {
    Elements want = Elements.of(expected);
    Elements got = Elements.of(actual);
    double tolerance = 4e-7 * (8 + Math.sqrt(terms) * 4);
    for (long i = 0; i < expected.shape().numel(); i++) {
      double w = want.getDouble(i);
      if (Double.compare(w, got.getDouble(i)) == 0) {
        continue;
      }
      double error = Math.abs(w - got.getDouble(i));
      double allowed = tolerance * (Math.abs(w) + Math.sqrt(terms));
      assertTrue(error <= allowed, "element " + i + ": " + got.getDouble(i) + ", expected " + w);
    }
  }
}
