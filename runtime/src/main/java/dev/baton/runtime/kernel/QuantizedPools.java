package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Maxima and means of int8 planes. */
final class QuantizedPools {
  private QuantizedPools() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    Node node = q.operator();
    QuantizedOperator.Operand operand = q.operands().get(0);
    Affine x = Affine.of(operand.quantization());
    Affine y = Affine.of(q.output());
    Clamp clamp = Clamp.of(q.clamp());
    if (x == null || y == null || clamp == null) {
      return null;
    }
    return switch (node.name()) {
      case "aten::max_pool2d_with_indices" ->
          x.equals(y) && q.clamp() == null
              ? (facts, buffers) ->
                  bindMax(
                      Window.pool(new NodeCall(node, facts), 2),
                      buffers.operand(operand.source()),
                      buffers.operand(q.result()),
                      buffers)
              : null;
      case "aten::mean.dim" ->
          Affine.isLowered(node) && isPlane(node)
              ? (facts, buffers) ->
                  bindMean(
                      x,
                      y,
                      clamp,
                      buffers.operand(operand.source()),
                      buffers.operand(q.result()),
                      buffers)
              : null;
      default -> null;
    };
  }

  /** True for a mean over the last two dimensions. */
  private static boolean isPlane(Node node) {
    if (!node.isLiteral("dim") || node.isNone("dim")) {
      return false;
    }
    int rank = node.tensor("self").shape().rank();
    long[] dims = node.integers("dim");
    return rank > 2
        && dims.length == 2
        && Math.floorMod(dims[0], rank) + Math.floorMod(dims[1], rank) == 2 * rank - 3
        && Math.max(Math.floorMod(dims[0], rank), Math.floorMod(dims[1], rank)) == rank - 1;
  }

  private static Step bindMean(
      Affine x, Affine y, Clamp clamp, Operand from, Operand to, HeapArrays arrays) {
    Shape shape = from.shape();
    int plane = Math.multiplyExact(shape.size(-1), shape.size(-2));
    long planes = to.shape().numel();
    byte[] bytes = arrays.bytes(plane);
    int zero = y.zeroPoint();
    float factor = x.scale() / y.scale() / plane;
    float low = y.quantize(clamp.low()) - zero;
    float high = y.quantize(clamp.high()) - zero;
    return () -> {
      for (long p = 0; p < planes; p++) {
        MemorySegment.copy(from.data(), JAVA_BYTE, p * plane, bytes, 0, plane);
        int sum = -x.zeroPoint() * plane;
        for (byte value : bytes) {
          sum += value;
        }
        double mean = Math.rint(Math.min(Math.max(sum * factor, low), high));
        to.data().set(JAVA_BYTE, p, (byte) ((int) mean + zero));
      }
    };
  }

  /**
   * @param windows of (1, y, x); padding is less than everything
   */
  private static Step bindMax(Window[] windows, Operand from, Operand to, HeapArrays arrays) {
    Window down = windows[1];
    Window across = windows[2];
    int plane = Math.multiplyExact(down.in(), across.in());
    int outPlane = Math.multiplyExact(down.out(), across.out());
    long planes = outPlane == 0 ? 0 : to.shape().numel() / outPlane;
    byte[] in = arrays.bytes(plane);
    byte[] out = arrays.bytes(outPlane);
    byte[] columns = arrays.bytes(across.in()); // maxima of a window's lines
    return () -> {
      for (long p = 0; p < planes; p++) {
        MemorySegment.copy(from.data(), JAVA_BYTE, p * plane, in, 0, plane);
        for (int oy = 0; oy < down.out(); oy++) {
          boolean first = true;
          Arrays.fill(columns, Byte.MIN_VALUE); // for a window in the padding
          for (int tap = 0; tap < down.kernel(); tap++) {
            int row = down.at(oy, tap);
            if (row >= 0) {
              raise(in, row * across.in(), columns, first);
              first = false;
            }
          }
          for (int ox = 0; ox < across.out(); ox++) {
            int best = Byte.MIN_VALUE;
            for (int tap = 0; tap < across.kernel(); tap++) {
              int column = across.at(ox, tap);
              if (column >= 0) {
                best = Math.max(best, columns[column]);
              }
            }
            out[oy * across.out() + ox] = (byte) best;
          }
        }
        MemorySegment.copy(out, 0, to.data(), JAVA_BYTE, p * outPlane, outPlane);
      }
    };
  }

  private static void raise(byte[] in, int at, byte[] maxima, boolean first) {
    for (int x = 0; x < maxima.length; x++) {
      byte value = in[at + x];
      maxima[x] = first || value > maxima[x] ? value : maxima[x];
    }
  }
}
