package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Scaled dot product attention, one head after the other, in double. */
final class AttentionKernels {
  private AttentionKernels() {}

  static @Nullable Kernel find(String operator) {
    return switch (operator) {
      case "aten::scaled_dot_product_attention" ->
          new Plain(AttentionKernels::inferPlain, AttentionKernels::bind);
      case "llama::custom_sdpa" -> new Plain(AttentionKernels::inferCustom, AttentionKernels::bind);
      case "llama::custom_quantized_sdpa" ->
          new Plain(AttentionKernels::inferQuantized, AttentionKernels::bindQuantized);
      case "llama::sdpa_with_kv_cache" -> new WithCache();
      default -> null;
    };
  }

  /**
   * Attention of all heads.
   *
   * @param first keys that the first query sees besides its own, if causal; −1 if each sees all
   */
  private static final class Attend implements Step {
    private final Rows query;
    private final Rows key;
    private final Rows value;
    private final Rows out;
    private final AttentionGeometry.Heads queries;
    private final AttentionGeometry.Heads keys;
    private final AttentionGeometry.Heads values;
    private final AttentionGeometry.Heads outs;
    private final AttentionGeometry.@Nullable Mask mask;
    private final @Nullable Elements maskElements;
    private final double scale;
    private final long first;
    private final int length;
    private final double[] transposed; // (e, s)
    private final double[] v; // (s, ev)
    private final double[] q; // (e)
    private final double[] scores; // (s)
    private final double[] result; // (ev)

    Attend(BoundCall call, AttentionGeometry g) {
      this.query = new Rows(g.query());
      this.key = new Rows(g.key());
      this.value = new Rows(g.value());
      this.out = new Rows(g.out());
      this.queries = g.queries();
      this.keys = g.keys();
      this.values = g.values();
      this.outs = g.outs();
      this.mask = g.mask();
      this.maskElements = mask == null ? null : Elements.of(mask.operand());
      this.scale = g.scale();
      this.first = g.first();
      this.length = g.length();
      int width = g.query().shape().size(-1);
      int valueWidth = g.value().shape().size(-1);
      this.transposed = call.doubles((long) width * g.count());
      this.v = call.doubles((long) g.count() * valueWidth);
      this.q = call.doubles(width);
      this.scores = call.doubles(g.count());
      this.result = call.doubles(valueWidth);
    }

    @Override
    public void run() {
      for (int head = 0; head < queries.starts().length; head++) {
        for (int e = 0; e < q.length; e++) {
          int count = scores.length;
          key.load(keys.starts()[head] + e, keys.stride(), count, transposed, e * count);
        }
        for (int s = 0; s < scores.length; s++) {
          int width = result.length;
          value.load(values.starts()[head] + s * values.stride(), 1, width, v, s * width);
        }
        for (int row = 0; row < length; row++) {
          query.load(queries.starts()[head] + row * queries.stride(), 1, q.length, q, 0);
          attend(head, row);
          out.store(outs.starts()[head] + row * outs.stride(), 1, result.length, result);
        }
      }
    }

    private void attend(int head, int row) {
      int seen = first < 0 ? scores.length : (int) Math.min(scores.length, first + row + 1);
      Arrays.fill(scores, 0);
      for (int e = 0; e < q.length; e++) {
        axpy(scores, q[e] * scale, transposed, e * scores.length, seen);
      }
      if (mask != null && maskElements != null) {
        mask.apply(maskElements, head, row, scores, seen);
      }
      SoftmaxKernels.softmax(scores, seen, true);
      Arrays.fill(result, 0);
      for (int s = 0; s < seen; s++) {
        axpy(result, scores[s], v, s * result.length, result.length);
      }
    }

    private static void axpy(double[] y, double a, double[] x, int from, int n) {
      for (int i = 0; i < n; i++) {
        y[i] += a * x[from + i];
      }
    }
  }

  private static Step bind(BoundCall call) {
    return new Attend(call, AttentionGeometry.of(call));
  }

  private static void checkDtypes(Call call) {
    DType dtype = call.type("query").dtype();
    if (!dtype.isFloatingPoint()
        || call.type("key").dtype() != dtype
        || call.type("value").dtype() != dtype) {
      throw new KernelException("expected query, key and value of one real dtype");
    }
    if (!call.isNone("attn_mask")) {
      DType mask = call.type("attn_mask").dtype();
      if (mask != DType.BOOL && !mask.isFloatingPoint()) {
        throw new KernelException("expected a bool or real mask, not " + Promotion.name(mask));
      }
    }
  }

  // aten: query (…, h, l, e), key (…, h, s, e), value (…, h, s, ev).

  private static List<TensorType> inferPlain(Call call) {
    checkDtypes(call);
    AttentionGeometry.Batch.of(call);
    int[] sizes = call.shape("query").sizes();
    int length = sizes[sizes.length - 2];
    sizes[sizes.length - 1] = call.shape("value").size(-1);
    if (!call.isNone("attn_mask")) {
      Shape mask = call.shape("attn_mask");
      int count = call.shape("key").size(-2);
      if (call.bool("is_causal")) {
        throw new KernelException("expected a mask or is_causal, not both");
      }
      boolean fits = mask.rank() >= 2 && mask.rank() <= sizes.length;
      for (int d = 1; fits && d <= mask.rank(); d++) {
        int expected = d == 1 ? count : d == 2 ? length : sizes[sizes.length - d];
        fits = mask.size(-d) == 1 || mask.size(-d) == expected;
      }
      if (!fits) {
        throw new KernelException(
            "the mask "
                + mask
                + " does not broadcast to "
                + length
                + " queries of "
                + count
                + " keys");
      }
    }
    return List.of(TensorType.of(call.type("query").dtype(), sizes));
  }

  // llama: query (b, l, h, e), key and value (b, s, g, e) whole caches, filled up to the queries.

  private static void checkCustom(Call call, String key, String value) {
    checkDtypes(call);
    checkCustomShapes(call, call.shape("query"), call.shape(key), call.shape(value));
  }

  private static void checkCustomShapes(Call call, Shape q, Shape k, Shape v) {
    if (q.rank() != 4
        || k.rank() != 4
        || !k.equals(v)
        || q.size(0) != k.size(0)
        || q.size(3) != k.size(3)
        || k.size(2) == 0
        || q.size(2) % k.size(2) != 0) {
      throw new KernelException("no attention of " + q + " to " + k + " and " + v);
    }
    long start = call.integer("start_pos");
    if (start < 0 || start > k.size(1) - q.size(1)) {
      throw new KernelException(
          q.size(1) + " queries from position " + start + " are beyond the " + k.size(1) + " keys");
    }
    if (!call.isNone("attn_mask")) {
      Shape mask = call.shape("attn_mask");
      if (mask.rank() != 2 || mask.size(0) != q.size(1) || mask.size(1) > k.size(1)) {
        throw new KernelException(
            "expected a mask of "
                + q.size(1)
                + " queries by at most "
                + k.size(1)
                + " keys, not "
                + mask);
      }
      if (call.bool("is_causal")) {
        throw new KernelException("expected a mask or is_causal, not both");
      }
    }
  }

  private static List<TensorType> inferCustom(Call call) {
    checkCustom(call, "key", "value");
    return List.of(new TensorType(call.type("query").dtype(), call.shape("query"), false));
  }

  // The same over int8, with a scale and a zero point for each row; (b, h, l, e) if told so.

  private static final List<String> QUANTIZED = List.of("query", "key", "value");

  private static boolean headsFirst(Call call) {
    return call.bool("is_seq_at_dim_2");
  }

  private static Shape swapped(Shape shape, boolean swap) {
    return swap ? Shape.of(shape.size(0), shape.size(2), shape.size(1), shape.size(3)) : shape;
  }

  private static List<TensorType> inferQuantized(Call call) {
    for (String name : QUANTIZED) {
      TensorType type = call.type(name);
      String prefix = name.substring(0, 1);
      if (type.dtype() != DType.INT8 || type.shape().rank() != 4) {
        throw new KernelException("expected int8 of rank 4, not " + type + " as " + name);
      }
      for (String suffix : List.of("_scales", "_zero_points")) {
        if (call.isNone(prefix + suffix)
            || call.shape(prefix + suffix).numel() * type.shape().size(3) != type.shape().numel()) {
          throw new KernelException("expected a number for each row as " + prefix + suffix);
        }
      }
    }
    boolean swap = headsFirst(call);
    checkCustomShapes(
        call,
        swapped(call.shape("query"), swap),
        swapped(call.shape("key"), swap),
        swapped(call.shape("value"), swap));
    return List.of(new TensorType(DType.FLOAT, call.shape("query"), false));
  }

  private static Step bindQuantized(BoundCall call) {
    boolean swap = headsFirst(call);
    Operand[] reals = new Operand[3];
    Step[] dequantize = new Step[3];
    for (int i = 0; i < 3; i++) {
      Operand from = call.input(QUANTIZED.get(i));
      Shape shape = swapped(from.shape(), swap);
      long n = shape.numel();
      reals[i] = new Operand(call.scratch(n * Float.BYTES), DType.FLOAT, shape);
      String prefix = QUANTIZED.get(i).substring(0, 1);
      Elements x = Elements.of(from);
      Elements scales = Elements.of(call.input(prefix + "_scales"));
      Elements zeroPoints = Elements.of(call.input(prefix + "_zero_points"));
      Elements y = Elements.of(reals[i]);
      int width = shape.size(3);
      Layout given = Layout.of(from.shape());
      Walk walk = new Walk(shape, (swap ? given.permute(0, 2, 1, 3) : given).strides());
      dequantize[i] =
          () -> {
            boolean more = walk.start();
            for (long at = 0; more; at++) {
              long own = walk.at(0);
              long row = own / width;
              y.setDouble(
                  at, (x.getDouble(own) - zeroPoints.getDouble(row)) * scales.getDouble(row));
              more = walk.next();
            }
          };
    }
    Operand out = call.output(0);
    Shape shape = reals[0].shape();
    Operand result =
        swap ? new Operand(call.scratch(shape.numel() * Float.BYTES), DType.FLOAT, shape) : out;
    Step attend =
        new Attend(call, AttentionGeometry.ofCache(call, reals[0], reals[1], reals[2], result));
    Step restore =
        swap
            ? new StridedCopy(
                result.data(),
                Layout.of(shape).permute(0, 2, 1, 3),
                out.data(),
                Layout.of(out.shape()),
                Float.BYTES)
            : () -> {};
    return () -> {
      for (Step step : dequantize) {
        step.run();
      }
      attend.run();
      restore.run();
    };
  }

  /** Results: both caches with the new rows in them, then the attention. */
  private static final class WithCache implements Kernel {
    @Override
    public List<TensorType> infer(Call call) {
      checkCustom(call, "key_cache", "value_cache");
      Shape cache = call.shape("key_cache");
      Shape q = call.shape("query");
      Shape rows = Shape.of(q.size(0), q.size(1), cache.size(2), cache.size(3));
      DType dtype = call.type("query").dtype();
      for (String name : List.of("key", "value")) {
        if (!call.shape(name).equals(rows) || call.type(name + "_cache").dtype() != dtype) {
          throw new KernelException(
              "expected rows " + rows + " for a cache of their dtype, not " + call.type(name));
        }
      }
      TensorType cached = new TensorType(dtype, cache, false);
      return List.of(cached, cached, new TensorType(dtype, q, false));
    }

    @Override
    public Step bind(BoundCall call) {
      Step keys = append(call, "key", call.output(0));
      Step values = append(call, "value", call.output(1));
      Step attend =
          new Attend(
              call,
              AttentionGeometry.ofCache(
                  call, call.input("query"), call.output(0), call.output(1), call.output(2)));
      return () -> {
        keys.run();
        values.run();
        attend.run();
      };
    }

    @Override
    public String overwrites() {
      return "key_cache";
    }

    private static Step append(BoundCall call, String name, Operand to) {
      MemorySegment from = call.input(name).data();
      MemorySegment cache = call.input(name + "_cache").data();
      MemorySegment out = to.data();
      Shape shape = to.shape();
      int batch = shape.size(0);
      long row = (long) shape.size(2) * shape.size(3) * to.dtype().byteSize();
      long bytes = row * call.shape(name).size(1);
      long start = row * call.integer("start_pos");
      long all = row * shape.size(1);
      boolean inPlace = cache.address() == out.address();
      return () -> {
        if (!inPlace) {
          out.copyFrom(cache);
        }
        for (int n = 0; n < batch; n++) {
          MemorySegment.copy(from, n * bytes, out, n * all + start, bytes);
        }
      };
    }
  }
}
