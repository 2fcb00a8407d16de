package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot product attention with buffers: where each head finds its rows.
 *
 * @param first keys that the first query sees besides its own, if causal; −1 if each sees all
 * @param length queries
 * @param count keys
 */
public record AttentionGeometry(
    Operand query,
    Heads queries,
    Operand key,
    Heads keys,
    Operand value,
    Heads values,
    Operand out,
    Heads outs,
    @Nullable Mask mask,
    double scale,
    long first,
    int length,
    int count) {
  /**
   * Of {@code scaled_dot_product_attention} or {@code custom_sdpa}.
   *
   * @throws KernelException if the arguments do not fit
   */
  public static AttentionGeometry of(BoundCall call) {
    return call.node().name().equals("llama::custom_sdpa")
        ? ofCache(call, call.input("query"), call.input("key"), call.input("value"), call.output(0))
        : ofPlain(call);
  }

  /**
   * Where a head finds its rows in a tensor.
   *
   * @param starts index of the first element, by head
   * @param stride from one row to the next
   */
  public record Heads(long[] starts, long stride) {}

  /**
   * The mask of the scores: added, or false where a key is not seen.
   *
   * @param starts index of the first element, by head
   */
  public record Mask(Operand operand, long[] starts, long rowStride, long columnStride) {
    void apply(Elements elements, int head, int row, double[] scores, int n) {
      long at = starts[head] + row * rowStride;
      boolean bool = operand.dtype() == DType.BOOL;
      for (int i = 0; i < n; i++, at += columnStride) {
        if (!bool) {
          scores[i] += elements.getDouble(at);
        } else if (!elements.getBool(at)) {
          scores[i] = Double.NEGATIVE_INFINITY;
        }
      }
    }
  }

  /**
   * Batch sizes, the last of them the heads, of which {@code repeat} query heads in a row share a
   * key head.
   */
  record Batch(int[] sizes, int repeat) {
    static Batch of(Call call) {
      Shape q = call.shape("query");
      Shape k = call.shape("key");
      Shape v = call.shape("value");
      if (q.rank() < 2
          || k.rank() < 2
          || v.rank() < 2
          || q.size(-1) != k.size(-1)
          || k.size(-2) != v.size(-2)) {
        throw new KernelException("no attention of " + q + " to " + k + " and " + v);
      }
      int repeat = 1;
      if (call.bool("enable_gqa") && q.rank() > 2) {
        int heads = k.rank() > 2 ? k.size(-3) : 1;
        if (heads == 0 || q.size(-3) % heads != 0 || v.rank() != k.rank() || v.size(-3) != heads) {
          throw new KernelException(
              "the heads of " + q + " are no multiple of those of " + k + " and " + v);
        }
        repeat = q.size(-3) / heads;
      }
      int[] sizes = split(q, repeat, repeat);
      for (Shape other : List.of(k, v)) {
        int[] own = split(other, 1, repeat);
        if (own.length > sizes.length) {
          throw new KernelException("the batches of " + q + " and " + other + " differ");
        }
        for (int d = 1; d <= own.length; d++) {
          int size = own[own.length - d];
          if (size != 1 && size != sizes[sizes.length - d]) {
            throw new KernelException("the batches of " + q + " and " + other + " differ");
          }
        }
      }
      return new Batch(sizes, repeat);
    }

    /** Batch sizes with the heads as (groups, own) if heads are shared. */
    static int[] split(Shape shape, int own, int repeat) {
      int[] batch = Arrays.copyOf(shape.sizes(), shape.rank() - 2);
      if (repeat == 1 || batch.length == 0) {
        return batch;
      }
      int[] split = Arrays.copyOf(batch, batch.length + 1);
      boolean one = batch[batch.length - 1] == 1 && own > 1;
      split[batch.length - 1] = one ? 1 : batch[batch.length - 1] / own;
      split[batch.length] = one ? 1 : own;
      return split;
    }

    Heads heads(HeapArrays arrays, Shape shape, int own) {
      return new Heads(
          MatrixProduct.starts(
              arrays, sizes, split(shape, own, repeat), (long) shape.size(-2) * shape.size(-1)),
          shape.size(-1));
    }
  }

  private static AttentionGeometry ofPlain(BoundCall call) {
    Batch batch = Batch.of(call);
    Operand query = call.input("query");
    Operand key = call.input("key");
    Operand value = call.input("value");
    Operand out = call.output(0);
    Operand maskOperand = call.inputOrNull("attn_mask");
    Mask mask = null;
    if (maskOperand != null) {
      Shape shape = maskOperand.shape();
      int rows = shape.size(-2);
      int columns = shape.size(-1);
      mask =
          new Mask(
              maskOperand,
              MatrixProduct.starts(
                  call,
                  batch.sizes,
                  Batch.split(shape, batch.repeat, batch.repeat),
                  (long) rows * columns),
              rows == 1 ? 0 : columns,
              columns == 1 ? 0 : 1);
    }
    return new AttentionGeometry(
        query,
        batch.heads(call, query.shape(), batch.repeat),
        key,
        batch.heads(call, key.shape(), 1),
        value,
        batch.heads(call, value.shape(), 1),
        out,
        batch.heads(call, out.shape(), batch.repeat),
        mask,
        scale(call),
        call.bool("is_causal") ? 0 : -1,
        query.shape().size(-2),
        key.shape().size(-2));
  }

  /** The same of whole caches, filled up to the queries. */
  static AttentionGeometry ofCache(
      BoundCall call, Operand query, Operand key, Operand value, Operand out) {
    int batch = query.shape().size(0);
    int length = query.shape().size(1);
    int heads = query.shape().size(2);
    int width = query.shape().size(3);
    int count = key.shape().size(1);
    int groups = key.shape().size(2);
    long start = call.integer("start_pos");
    boolean causal = call.bool("is_causal");
    Operand maskOperand = call.inputOrNull("attn_mask");
    int seen = maskOperand != null ? maskOperand.shape().size(1) : Math.toIntExact(start + length);
    long[] q = call.longs((long) batch * heads);
    long[] k = call.longs((long) batch * heads);
    for (int i = 0; i < q.length; i++) {
      int head = i % heads;
      long n = i / heads;
      q[i] = (n * length * heads + head) * width;
      k[i] = (n * count * groups + head / (heads / groups)) * width;
    }
    Heads queries = new Heads(q, (long) heads * width);
    Heads keys = new Heads(k, (long) groups * width);
    Mask mask =
        maskOperand == null
            ? null
            : new Mask(maskOperand, call.longs(q.length), maskOperand.shape().size(1), 1);
    return new AttentionGeometry(
        query,
        queries,
        key,
        keys,
        value,
        keys,
        out,
        queries,
        mask,
        scale(call),
        causal ? start : -1,
        length,
        seen);
  }

  private static double scale(Call call) {
    return call.isNone("scale")
        ? 1 / Math.sqrt(call.shape("query").size(-1))
        : call.number("scale");
  }
}
