package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** ExecuTorch's custom operators for language models, besides attention. */
final class LanguageModelKernels {
  /**
   * The Hadamard matrix of order 28 that models are rotated with: row j of the product with x is Σ
   * ±x[i], minus where bit j of entry i is set.
   */
  private static final int[] HADAMARD_28 = {
    0x32961FE, 0x65283FD, 0xC85477B, 0x92A8E77, 0x2751C6F, 0x4CA785F, 0x994B0BF,
    0x4B9BF3C, 0x9537EF8, 0x2A6FDF1, 0x54DBBE3, 0xA9B37C7, 0x5366F8F, 0xA4CDF9E,
    0x79F8CDA, 0xF1F5935, 0xE3EF26A, 0xC7DE4D5, 0x8FBC9AB, 0x1F7D356, 0x3CFE62D,
    0xFD0ED66, 0xFA1DACD, 0xF63B51B, 0xEE72AB6, 0xDEE15EC, 0xBFC2B59, 0x7F856B3
  };

  private LanguageModelKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "llama::fast_hadamard_transform" ->
          new Plain(LanguageModelKernels::inferHadamard, LanguageModelKernels::bindHadamard);
      case "llama::fallback" ->
          new Plain(call -> List.of(call.type("input")), LanguageModelKernels::bindCopy);
      case "llama::gated_delta_rule", "llama::channelwise_gated_delta_rule" ->
          new Plain(LanguageModelKernels::inferDelta, LanguageModelKernels::bindDelta);
      case "preprocess::tile_crop" ->
          new Plain(LanguageModelKernels::inferTiles, LanguageModelKernels::bindTiles);
      default -> null;
    };
  }

  private static Step bindCopy(BoundCall call) {
    return LayoutKernels.copy(call.input("input"), call.output(0));
  }

  /** Rows of 2^n or 28·2^n numbers, rotated. */
  private static List<TensorType> inferHadamard(Call call) {
    TensorType mat = call.type("mat");
    if (!mat.dtype().isFloatingPoint()) {
      throw new KernelException("expected a real tensor, not " + mat);
    }
    if (mat.shape().rank() > 0 && mat.shape().numel() > 0) {
      int size = mat.shape().size(-1);
      int power = size % 28 == 0 ? size / 28 : size;
      if (Integer.bitCount(power) != 1) {
        throw new KernelException("rows of " + size + " numbers: not 2^n, not 28 times 2^n");
      }
    }
    return List.of(mat);
  }

  private static Step bindHadamard(BoundCall call) {
    Operand mat = call.input("mat");
    Shape shape = mat.shape();
    Rows from = new Rows(mat);
    Rows to = new Rows(call.output(0));
    int size = shape.rank() == 0 || shape.numel() == 0 ? 1 : shape.size(-1);
    boolean rotate = size > 1;
    boolean special = size % 28 == 0;
    int power = special ? size / 28 : size;
    double[] row = call.doubles(size);
    double[] column = new double[28];
    double scale = 1 / Math.sqrt(power);
    return () -> {
      for (long at = 0; at < shape.numel(); at += size) {
        from.load(at, 1, size, row, 0);
        if (rotate) {
          for (int start = 0; start < size; start += power) {
            butterflies(row, start, power, scale);
          }
          for (int i = 0; special && i < power; i++) {
            multiply28(row, i, power, column);
          }
        }
        to.store(at, 1, size, row);
      }
    };
  }

  private static void butterflies(double[] x, int start, int size, double scale) {
    for (int step = 1; step < size; step *= 2) {
      for (int i = start; i < start + size; i += 2 * step) {
        for (int j = i; j < i + step; j++) {
          double a = x[j];
          double b = x[j + step];
          x[j] = a + b;
          x[j + step] = a - b;
        }
      }
    }
    for (int i = start; i < start + size; i++) {
      x[i] *= scale;
    }
  }

  private static void multiply28(double[] x, int at, int stride, double[] column) {
    Arrays.fill(column, 0);
    for (int i = 0; i < 28; i++) {
      double value = x[at + i * stride];
      for (int j = 0; j < 28; j++) {
        column[j] += (HADAMARD_28[i] >> j & 1) == 0 ? value : -value;
      }
    }
    for (int j = 0; j < 28; j++) {
      x[at + j * stride] = column[j];
    }
  }

  /**
   * query (b, h, t, k); key (b, g, t, k); value (b, g, t, v); decay (b, g, t, k) or (b, g, t); beta
   * (b, g, t); state (b, g, k, v), with h a multiple of g. At each position: S ← decay · S; S ← S +
   * k ⊗ (v − kᵀS) · beta; out = qᵀS.
   */
  private static List<TensorType> inferDelta(Call call) {
    Shape q = call.shape("query");
    Shape k = call.shape("key");
    Shape v = call.shape("value");
    Shape decay = call.shape("decay");
    boolean ranks = q.rank() == 4 && k.rank() == 4 && v.rank() == 4;
    if (!ranks
        || q.size(0) != k.size(0)
        || q.size(2) != k.size(2)
        || q.size(3) != k.size(3)
        || v.size(0) != k.size(0)
        || v.size(1) != k.size(1)
        || v.size(2) != k.size(2)
        || k.size(1) == 0
        || q.size(1) % k.size(1) != 0) {
      throw new KernelException("no gated delta rule of " + q + ", " + k + " and " + v);
    }
    Shape positions = Shape.of(k.size(0), k.size(1), k.size(2));
    Shape state = Shape.of(k.size(0), k.size(1), k.size(3), v.size(3));
    if (!(decay.equals(k) || decay.equals(positions))
        || !call.shape("beta").equals(positions)
        || !call.shape("initial_state").equals(state)) {
      throw new KernelException(
          "expected decay "
              + positions
              + " or "
              + k
              + ", beta "
              + positions
              + " and state "
              + state
              + ", not "
              + decay
              + ", "
              + call.shape("beta")
              + " and "
              + call.shape("initial_state"));
    }
    for (String name : List.of("query", "key", "value", "decay", "beta", "initial_state")) {
      if (call.type(name).dtype() != DType.FLOAT) {
        throw new KernelException("expected float32, not " + call.type(name) + " as " + name);
      }
    }
    return List.of(
        TensorType.of(DType.FLOAT, q.size(0), q.size(1), q.size(2), v.size(3)),
        new TensorType(DType.FLOAT, state, false));
  }

  private static Step bindDelta(BoundCall call) {
    Elements query = Elements.of(call.input("query"));
    Elements key = Elements.of(call.input("key"));
    Elements value = Elements.of(call.input("value"));
    Elements decay = Elements.of(call.input("decay"));
    Elements beta = Elements.of(call.input("beta"));
    Elements initial = Elements.of(call.input("initial_state"));
    Elements out = Elements.of(call.output(0));
    Elements last = Elements.of(call.output(1));
    boolean byChannel = call.shape("decay").rank() == 4;
    Shape k = call.shape("key");
    int heads = call.shape("query").size(1);
    int groups = k.size(1);
    int length = k.size(2);
    int width = k.size(3);
    int valueWidth = call.shape("value").size(3);
    int shared = heads / groups;
    double[] state = call.doubles((long) width * valueWidth);
    double[] delta = call.doubles(valueWidth);
    return () -> {
      for (int g = 0; g < k.size(0) * groups; g++) {
        long stateAt = (long) g * state.length;
        for (int i = 0; i < state.length; i++) {
          state[i] = initial.getDouble(stateAt + i);
        }
        for (int t = 0; t < length; t++) {
          long position = (long) g * length + t;
          Arrays.fill(delta, 0);
          for (int e = 0; e < width; e++) {
            double keep = decay.getDouble(byChannel ? position * width + e : position);
            double x = key.getDouble(position * width + e);
            for (int j = 0; j < valueWidth; j++) {
              state[e * valueWidth + j] *= keep;
              delta[j] += x * state[e * valueWidth + j];
            }
          }
          double gate = beta.getDouble(position);
          for (int j = 0; j < valueWidth; j++) {
            delta[j] = (value.getDouble(position * valueWidth + j) - delta[j]) * gate;
          }
          for (int e = 0; e < width; e++) {
            double x = key.getDouble(position * width + e);
            for (int j = 0; j < valueWidth; j++) {
              state[e * valueWidth + j] += x * delta[j];
            }
          }
          for (int s = 0; s < shared; s++) {
            long row = ((long) g * shared + s) * length + t;
            for (int j = 0; j < valueWidth; j++) {
              double sum = 0;
              for (int e = 0; e < width; e++) {
                sum += query.getDouble(row * width + e) * state[e * valueWidth + j];
              }
              out.setDouble(row * valueWidth + j, sum);
            }
          }
        }
        for (int i = 0; i < state.length; i++) {
          last.setDouble(stateAt + i, state[i]);
        }
      }
    };
  }

  /** {@code tile_crop(Tensor input, int tile_size)}: (c, h, w) to (tiles, c, size, size). */
  private static List<TensorType> inferTiles(Call call) {
    TensorType input = call.type("input");
    long size = call.integer("tile_size");
    Shape shape = input.shape();
    if (shape.rank() != 3 || size < 1 || shape.size(1) % size != 0 || shape.size(2) % size != 0) {
      throw new KernelException(shape + " does not fall into tiles of " + size);
    }
    return List.of(
        new TensorType(
            input.dtype(),
            Dims.shape(shape.size(1) / size * (shape.size(2) / size), shape.size(0), size, size),
            false));
  }

  private static Step bindTiles(BoundCall call) {
    Operand input = call.input("input");
    Operand out = call.output(0);
    int size = Math.toIntExact(call.integer("tile_size"));
    int channels = input.shape().size(0);
    int rows = input.shape().size(1) / size;
    int columns = input.shape().size(2) / size;
    // As (tile row, tile column, c, y, x) on both sides.
    Layout source = Layout.of(Shape.of(channels, rows, size, columns, size)).permute(1, 3, 0, 2, 4);
    Layout target = Layout.of(Shape.of(rows, columns, channels, size, size));
    return new StridedCopy(input.data(), source, out.data(), target, out.dtype().byteSize());
  }
}
