package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Sums, differences and products of two int8 tensors. */
final class QuantizedArithmetic {
  private QuantizedArithmetic() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    Node node = q.operator();
    boolean known =
        switch (node.name()) {
          case "aten::add.Tensor", "aten::sub.Tensor" ->
              node.isLiteral("alpha") && node.number("alpha") == 1;
          case "aten::mul.Tensor" -> true;
          default -> false;
        };
    if (!known) {
      return null;
    }
    QuantizedOperator.Operand left = q.operand("self");
    QuantizedOperator.Operand right = q.operand("other");
    Affine a = Affine.of(left.quantization());
    Affine b = Affine.of(right.quantization());
    Affine y = Affine.of(q.output());
    Clamp clamp = Clamp.of(q.clamp());
    if (a == null || b == null || y == null || clamp == null) {
      return null;
    }
    Loop loop = loop(node, a, b, y, clamp);
    if (loop == null) {
      return null;
    }
    return (facts, buffers) -> bind(q, loop, left, right, buffers);
  }

  /** y[j] = f(a[j · da], b[j · db]), j &lt; n; da and db are 0 or 1. */
  @FunctionalInterface
  private interface Loop {
    void run(byte[] a, int da, byte[] b, int db, byte[] y, int n);
  }

  private static @Nullable Loop loop(Node node, Affine a, Affine b, Affine y, Clamp clamp) {
    boolean product = node.name().startsWith("aten::mul");
    boolean difference = node.name().startsWith("aten::sub");
    if (!Affine.isLowered(node)) {
      return real(node, a, b, y, clamp);
    }
    int zero = y.zeroPoint();
    int low = y.quantize(clamp.low()) - zero;
    int high = y.quantize(clamp.high()) - zero;
    if (product) {
      return product(a, b, a.scale() * b.scale() / y.scale(), low, high, zero);
    }
    return sum(a, b, difference, y, low, high);
  }

  /** The factors are integers under one shift, the larger of them of 21 bits. */
  private static @Nullable Loop sum(
      Affine a, Affine b, boolean difference, Affine y, int low, int high) {
    float ratioA = a.scale() / y.scale();
    float ratioB = b.scale() / y.scale();
    int shift = 20 - Math.getExponent(Math.max(ratioA, ratioB));
    if (shift < 1 || shift > 30) {
      return null; // the scales are too far apart
    }
    int factorA = (int) Math.rint(Math.scalb((double) ratioA, shift));
    int factorB = (int) Math.rint(Math.scalb((double) ratioB, shift)) * (difference ? -1 : 1);
    int start = (1 << (shift - 1)) - a.zeroPoint() * factorA - b.zeroPoint() * factorB;
    int zero = y.zeroPoint();
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        int sum = (start + x[j * dx] * factorA + z[j * dz] * factorB) >> shift;
        to[j] = (byte) (Math.min(Math.max(sum, low), high) + zero);
      }
    };
  }

  private static Loop product(Affine a, Affine b, float factor, int low, int high, int zero) {
    int zeroA = a.zeroPoint();
    int zeroB = b.zeroPoint();
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        float real = (float) ((x[j * dx] - zeroA) * (z[j * dz] - zeroB)) * factor;
        to[j] = (byte) ((int) Math.rint(Math.min(Math.max(real, low), high)) + zero);
      }
    };
  }

  private static Loop real(Node node, Affine a, Affine b, Affine y, Clamp clamp) {
    boolean product = node.name().startsWith("aten::mul");
    float sign = node.name().startsWith("aten::sub") ? -1 : 1;
    float inverse = y.inverse();
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        float left = (x[j * dx] - a.zeroPoint()) * a.scale();
        float right = (z[j * dz] - b.zeroPoint()) * b.scale();
        float real = product ? left * right : left + sign * right;
        real = Math.min(Math.max(real, clamp.low()), clamp.high());
        double rounded = Math.rint(real * inverse) + y.zeroPoint();
        to[j] = (byte) Math.clamp(rounded, y.min(), y.max());
      }
    };
  }

  private static Step bind(
      QuantizedOperator q,
      Loop loop,
      QuantizedOperator.Operand left,
      QuantizedOperator.Operand right,
      BoundNodeCall.Buffers buffers) {
    Operand a = buffers.operand(left.source());
    Operand b = buffers.operand(right.source());
    Operand y = buffers.operand(q.result());
    if (y.dtype() != DType.INT8) {
      throw new KernelException("expected int8, not " + y.dtype());
    }
    Broadcast walk = new Broadcast(y.shape(), a.shape(), b.shape());
    int block = (int) Math.min(walk.run(), 4096);
    byte[] x = new byte[block];
    byte[] z = new byte[block];
    byte[] to = new byte[block];
    boolean empty = y.shape().numel() == 0;
    return () -> {
      if (empty) {
        return;
      }
      walk.start();
      do {
        for (long done = 0; done < walk.run(); done += block) {
          int n = (int) Math.min(block, walk.run() - done);
          load(a.data(), walk.at(0) + done * walk.step(0), x, walk.step(0) == 0 ? 1 : n);
          load(b.data(), walk.at(1) + done * walk.step(1), z, walk.step(1) == 0 ? 1 : n);
          loop.run(x, walk.step(0), z, walk.step(1), to, n);
          MemorySegment.copy(to, 0, y.data(), JAVA_BYTE, walk.out() + done, n);
        }
      } while (walk.next());
    };
  }

  private static void load(MemorySegment from, long at, byte[] into, int count) {
    MemorySegment.copy(from, JAVA_BYTE, at, into, 0, count);
  }
}
