package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code llama::quantized_moe_ffn}: of e experts, each token x (d) takes the k with the highest
 * scores, which are gate · x. An expert is w2 · (silu(w1 · x) · (w3 · x)), with w1 and w3 (f, d)
 * one packed matrix, and w2 (d, f) another; the token's result is the sum of its experts, weighted
 * by their scores. Activations stay real, as in ExecuTorch's portable build.
 */
final class ExpertKernels {
  private static final String SIGMOID = "sigmoid";

  private ExpertKernels() {}

  static @Nullable Kernel find(String operator) {
    return operator.equals("llama::quantized_moe_ffn")
        ? new Plain(ExpertKernels::infer, ExpertKernels::bind)
        : null;
  }

  private static List<TensorType> infer(Call call) {
    long experts = call.integer("num_experts");
    long active = call.integer("num_activated_experts");
    long width = call.integer("dim");
    long hidden = call.integer("hidden_dim");
    long group = call.integer("group_size");
    long bits = call.integer("weight_nbit");
    String score = call.text("score_func", "");
    TensorType x = call.type("x");
    TensorType bias = call.type("expert_bias");
    boolean biased = bias.shape().numel() > 0;
    if (x.dtype() != DType.FLOAT || x.shape().rank() != 2 || x.shape().size(1) != width) {
      throw new KernelException("expected float32 of (tokens, " + width + "), not " + x);
    }
    if (active < 1 || active > experts) {
      throw new KernelException(active + " of " + experts + " experts");
    }
    if (hidden < 1
        || Math.max(hidden, experts) > Integer.MAX_VALUE
        || x.shape().size(0) * Math.max(experts, Math.max(hidden, width)) > Integer.MAX_VALUE / 2) {
      throw new KernelException(
          x + " through " + hidden + " hidden numbers of " + experts + " experts");
    }
    expect(call, "gate_weight", TensorType.of(DType.FLOAT, (int) experts, (int) width));
    if (biased) {
      expect(call, "expert_bias", TensorType.of(DType.FLOAT, (int) experts));
    }
    if (!score.equals(SIGMOID) && !(score.equals("softmax") && !biased)) {
      throw new KernelException("no scores by '" + score + "'" + (biased ? " with a bias" : ""));
    }
    if (bits != 4 && bits != 8) {
      throw new KernelException("weights of " + bits + " bits");
    }
    if (group < 1
        || group % PackedMatrix.COLUMNS != 0
        || width % group != 0
        || hidden % group != 0) {
      throw new KernelException(
          "groups of " + group + " weights in rows of " + width + " and " + hidden);
    }
    expectPacked(
        call, "packed_w13", experts, PackedMatrix.byteSize(2 * hidden, width, group, bits));
    expectPacked(call, "packed_w2", experts, PackedMatrix.byteSize(width, hidden, group, bits));
    return List.of(x);
  }

  private static void expect(Call call, String parameter, TensorType expected) {
    if (!call.type(parameter).equals(expected)) {
      throw new KernelException(
          "expected " + expected + " as " + parameter + ", not " + call.type(parameter));
    }
  }

  private static void expectPacked(Call call, String parameter, long experts, long bytes) {
    TensorType type = call.type(parameter);
    boolean fits =
        type.dtype() == DType.UINT8
            && type.shape().rank() == 2
            && type.shape().size(0) == experts
            && type.shape().size(1) >= bytes;
    if (!fits) {
      throw new KernelException(
          "expected uint8 of (" + experts + ", " + bytes + ") as " + parameter + ", not " + type);
    }
  }

  private static Step bind(BoundCall call) {
    Router router = new Router(call);
    int tokens = call.shape("x").size(0);
    int width = call.shape("x").size(1);
    int hidden = Math.toIntExact(call.integer("hidden_dim"));
    int experts = Math.toIntExact(call.integer("num_experts"));
    int group = Math.toIntExact(call.integer("group_size"));
    int bits = Math.toIntExact(call.integer("weight_nbit"));
    PackedMatrix in = new PackedMatrix(call.input("packed_w13"), width, group, bits);
    PackedMatrix down = new PackedMatrix(call.input("packed_w2"), hidden, group, bits);
    Rows x = new Rows(call.input("x"));
    Rows out = new Rows(call.output(0));
    double[] tokensIn = call.doubles((long) tokens * width);
    double[] middle = call.doubles((long) tokens * hidden);
    double[] result = call.doubles((long) tokens * width);
    double[] row = call.doubles(Math.max(width, hidden));
    double[] gates = call.doubles((long) tokens * hidden);
    return () -> {
      x.load(0, 1, tokens * width, tokensIn, 0);
      router.choose(tokensIn);
      Arrays.fill(result, 0);
      for (int e = 0; e < experts; e++) {
        if (!router.isChosen(e)) {
          continue;
        }
        in.check(e);
        down.check(e);
        for (int j = 0; j < hidden; j++) {
          in.row(e, j, row);
          products(router, e, row, tokensIn, width, middle, j, hidden);
          in.row(e, hidden + j, row);
          products(router, e, row, tokensIn, width, gates, j, hidden);
        }
        for (int i = 0; i < middle.length; i++) {
          if (router.isChosen(i / hidden, e)) {
            middle[i] = middle[i] * sigmoid(middle[i]) * gates[i];
          }
        }
        for (int j = 0; j < width; j++) {
          down.row(e, j, row);
          for (int t = 0; t < tokens; t++) {
            if (router.isChosen(t, e)) {
              result[t * width + j] += router.weight(t, e) * dot(row, middle, t * hidden, hidden);
            }
          }
        }
      }
      out.store(0, 1, tokens * width, result);
    };
  }

  /** One row of weights with each token that has chosen the expert. */
  private static void products(
      Router router, int e, double[] row, double[] x, int k, double[] into, int j, int n) {
    for (int t = 0; t * n < into.length; t++) {
      if (router.isChosen(t, e)) {
        into[t * n + j] = dot(row, x, t * k, k);
      }
    }
  }

  private static double dot(double[] row, double[] x, int at, int k) {
    double sum = 0;
    for (int i = 0; i < k; i++) {
      sum += row[i] * x[at + i];
    }
    return sum;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  /**
   * Which experts each token takes, and with what weight. Scores are rounded to float32: ties are
   * ExecuTorch's.
   */
  private static final class Router {
    private final Elements gate;
    private final @Nullable Elements bias;
    private final int tokens;
    private final int width;
    private final int experts;
    private final int active;
    private final boolean sigmoid;
    private final float scale;
    private final float[] scores;
    private final float[] weights; // by token and expert
    private final boolean[] chosen; // by token and expert
    private final boolean[] used; // by expert
    private final int[] order; // experts of one token, the highest score first

    Router(BoundCall call) {
      gate = Elements.of(call.input("gate_weight"));
      Operand biasOperand = call.input("expert_bias");
      bias = biasOperand.shape().numel() == 0 ? null : Elements.of(biasOperand);
      Shape shape = call.shape("gate_weight");
      experts = shape.size(0);
      width = shape.size(1);
      tokens = call.shape("x").size(0);
      active = Math.toIntExact(call.integer("num_activated_experts"));
      sigmoid = call.text("score_func", "").equals(SIGMOID);
      scale = (float) call.number("route_scale");
      scores = call.floats(experts);
      weights = call.floats((long) tokens * experts);
      chosen = call.booleans((long) tokens * experts);
      used = call.booleans(experts);
      order = call.ints(active);
    }

    boolean isChosen(int expert) {
      return used[expert];
    }

    boolean isChosen(int token, int expert) {
      return chosen[token * experts + expert];
    }

    double weight(int token, int expert) {
      return weights[token * experts + expert];
    }

    void choose(double[] x) {
      Arrays.fill(chosen, false);
      Arrays.fill(used, false);
      for (int t = 0; t < tokens; t++) {
        for (int e = 0; e < experts; e++) {
          double sum = 0;
          for (int i = 0; i < width; i++) {
            sum += x[t * width + i] * gate.getDouble((long) e * width + i);
          }
          scores[e] = (float) (sigmoid ? ExpertKernels.sigmoid((float) sum) : sum);
        }
        for (int k = 0; k < active; k++) {
          order[k] = best(t);
          chosen[t * experts + order[k]] = true;
          used[order[k]] = true;
        }
        weigh(t);
      }
    }

    /** The highest of the scores that are left, the first of equal ones; NaNs come last. */
    private int best(int token) {
      int best = -1;
      float highest = 0;
      int first = -1;
      for (int e = experts - 1; e >= 0; e--) {
        if (!isChosen(token, e)) {
          float score = bias == null ? scores[e] : scores[e] + (float) bias.getDouble(e);
          first = e;
          if (!Float.isNaN(score) && (best < 0 || score >= highest)) {
            best = e;
            highest = score;
          }
        }
      }
      return best < 0 ? first : best;
    }

    private void weigh(int token) {
      float sum = 0;
      float highest = scores[order[0]];
      for (int e : order) {
        float weight = sigmoid ? scores[e] : (float) StrictMath.exp(scores[e] - highest);
        weights[token * experts + e] = weight;
        sum += weight;
      }
      float factor = sigmoid ? scale / (sum < Float.MIN_NORMAL ? Float.MIN_NORMAL : sum) : 1 / sum;
      for (int e : order) {
        weights[token * experts + e] *= factor;
      }
    }
  }

  /**
   * Matrices (n, k) of integers with a scale for each group of a row, one for each expert, in
   * torchao's universal packing: a header, then 8 rows at a time their groups, each in tiles of 8
   * rows by 16 columns, then 8 scales and 8 sums. A tile holds 8 columns of all rows, then the
   * other 8; of 32 integers of 4 bits, the second 16 are the high halves of the bytes.
   */
  private static final class PackedMatrix {
    static final int COLUMNS = 16;
    private static final int ROWS = 8;
    private static final int HALF = COLUMNS / 2;
    private static final int HEADER_BYTES = 64;
    private static final int MAGIC = 6712;
    private static final int UNIVERSAL = 1;

    private final MemorySegment data;
    private final long experts;
    private final int k;
    private final int group;
    private final int bits;

    PackedMatrix(Operand operand, int k, int group, int bits) {
      data = operand.data();
      experts = operand.shape().size(0);
      this.k = k;
      this.group = group;
      this.bits = bits;
    }

    static long byteSize(long n, long k, long group, long bits) {
      long rows = (n + ROWS - 1) / ROWS * ROWS;
      return HEADER_BYTES + rows * (k * bits / Byte.SIZE + k / group * 2 * Integer.BYTES);
    }

    private long start(int expert) {
      return data.byteSize() / experts * expert;
    }

    /**
     * @throws KernelException if an expert is packed otherwise
     */
    void check(int expert) {
      int magic = data.get(JAVA_INT_UNALIGNED, start(expert));
      int packing = data.get(JAVA_INT_UNALIGNED, start(expert) + Integer.BYTES);
      if (magic != MAGIC || packing != UNIVERSAL) {
        throw new KernelException(
            "expert "
                + expert
                + " is in packing "
                + packing
                + " of torchao, which is for one kind of CPU; export it with target \"universal\"");
      }
    }

    /** Row {@code n} of an expert, as real numbers. */
    void row(int expert, int n, double[] into) {
      int tileBytes = ROWS * COLUMNS * bits / Byte.SIZE;
      long groupBytes = (long) group / COLUMNS * tileBytes + ROWS * 2 * Integer.BYTES;
      long at = start(expert) + HEADER_BYTES + n / ROWS * (k / group * groupBytes);
      int own = n % ROWS;
      for (int g = 0; g < k; g += group, at += groupBytes) {
        long scaleAt = at + groupBytes - ROWS * 2 * Integer.BYTES + own * Float.BYTES;
        double scale = data.get(JAVA_FLOAT_UNALIGNED, scaleAt);
        for (int i = 0; i < group; i++) {
          int column = i % COLUMNS;
          int value = column / HALF * (ROWS * HALF) + own * HALF + column % HALF;
          into[g + i] = scale * integer(at + i / COLUMNS * tileBytes, value);
        }
      }
    }

    private int integer(long tile, int value) {
      if (bits == Byte.SIZE) {
        return data.get(JAVA_BYTE, tile + value);
      }
      int pair = data.get(JAVA_BYTE, tile + value / 32 * 16 + value % 16);
      return ((value & 16) == 0 ? pair & 15 : pair >> 4 & 15) - 8;
    }
  }
}
