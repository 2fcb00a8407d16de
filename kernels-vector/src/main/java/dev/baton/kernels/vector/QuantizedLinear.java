package dev.baton.kernels.vector;

import dev.baton.graph.Quantization;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.HeapArrays;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.QuantizedInput;
import dev.baton.runtime.kernel.QuantizedProduct;
import dev.baton.runtime.kernel.Requantization;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;

/**
 * y (tokens, channels) = x (tokens, k) · w, of int8 by int8 or int4, with vectors along the
 * channels. The weight is packed as bytes or half bytes, and widened by blocks.
 */
final class QuantizedLinear implements Step, Parallel.Task, Gemm.Source {
  private final QuantizedInput x;
  private final IntegerProduct product;
  private final BytePanels panels;
  private final long packed;
  private final float[] zeros; // (groups, padded)
  private final int group;
  private final int padded;
  private final boolean zerosByGroup;
  private final MemorySegment scratch;

  /** True if this computes the product; larger groups are left to the reference kernels. */
  static boolean supports(QuantizedProduct product) {
    return !product.isPerGroup() || k(product) / groups(product) <= IntegerProduct.DEPTH;
  }

  private static int k(QuantizedProduct product) {
    return product.weight().source().shape().size(product.transposed() ? 0 : 1);
  }

  /** How many scales the weights of a channel have. */
  private static int groups(QuantizedProduct product) {
    return product.weight().quantization() instanceof Quantization.PerGroup p
        ? Math.toIntExact(p.scales().type().shape().numel() / product.channels())
        : 1;
  }

  static Step bind(QuantizedProduct parts, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    int tokens = parts.tokens(facts);
    return tokens == 0 ? () -> {} : new QuantizedLinear(parts, tokens, facts, buffers);
  }

  private QuantizedLinear(
      QuantizedProduct parts, int tokens, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    int channels = parts.channels();
    int k = k(parts);
    int groups = groups(parts);
    this.group = k / groups;
    Panels shape = new Panels(channels, k);
    this.padded = shape.first(shape.count);
    this.panels = panels(parts, shape);
    MemorySegment bytes =
        buffers.packed(parts.weight().source(), panels.packer(!parts.transposed()));
    if (bytes == null) {
      throw new IllegalStateException("the weight of " + parts.operator() + " is no constant");
    }
    this.packed = bytes.address();
    int[] points = parts.zeroPoints(buffers);
    this.zerosByGroup = groups > 1;
    this.zeros = buffers.floats((long) groups * padded);
    for (int i = 0; i < groups * channels; i++) {
      int point = points == null ? 0 : points[points.length == 1 ? 0 : i];
      zeros[i % groups * padded + i / groups] = panels.zero(point);
    }
    long quantized = QuantizedInput.scratchBytes(parts.input(), facts);
    this.x =
        QuantizedInput.bind(
            parts.input(), facts, buffers, buffers.scratch(quantized), Quantizers::step);
    Requantization by = parts.requantization(x, channels, buffers);
    if (parts.isPerGroup() && by instanceof Requantization.Reals reals) {
      by = reals.ofScaledSums();
    }
    long output = buffers.operand(parts.operator().result()).data().address();
    this.product =
        new IntegerProduct(
            tokens,
            channels,
            k,
            1,
            buffers.parallel(),
            Gemm.Keeps.ROWS,
            Requantizer.of(by, output, false, channels, buffers),
            parts.isPerGroup()
                ? new IntegerProduct.Groups(
                    group, scales(buffers, parts.scales(buffers), groups, channels))
                : null);
    this.scratch = buffers.scratch(product.scratchBytes() * buffers.parallel().threads());
  }

  /** As half bytes if the numbers are of 4 bits, and no group begins within a byte. */
  private BytePanels panels(QuantizedProduct parts, Panels shape) {
    Quantization weight = parts.weight().quantization();
    boolean nibbles =
        weight != null && weight.max() - weight.min() < 16 && (group == shape.k || group % 2 == 0);
    return new BytePanels(
        shape, nibbles, nibbles && weight != null ? Math.toIntExact(weight.min()) : 0);
  }

  /** (channels, groups) to (groups, channels), whole vectors of channels. */
  private float[] scales(HeapArrays arrays, float[] each, int groups, int channels) {
    float[] all = arrays.floats((long) groups * padded);
    for (int i = 0; i < groups * channels; i++) {
      all[i % groups * padded + i / groups] = each[i];
    }
    return all;
  }

  @Override
  public void run() {
    x.prepare();
    product.parallel.run(product.shape.tasks, this);
  }

  @Override
  public void run(int task, int worker) {
    long own = scratch.address() + product.scratchBytes() * worker;
    product.run(task, worker, x.data().address(), x.zeroPoints(), this, own, 0, 0);
  }

  @Override
  public void fill(long to, int k0, int kn, int panel, int worker) {
    panels.fill(packed, to, k0, kn, panel, zeros, zerosByGroup ? k0 / group * padded : 0);
  }
}
