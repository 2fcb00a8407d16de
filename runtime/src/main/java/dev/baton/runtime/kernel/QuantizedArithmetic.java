package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.DType;
import dev.baton.graph.QuantizedOperator;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Sums, differences and products of two int8 tensors. */
final class QuantizedArithmetic {
  private QuantizedArithmetic() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    QuantizedBinary binary = QuantizedBinary.of(q);
    if (binary == null) {
      return null;
    }
    Loop loop =
        switch (binary.by()) {
          case QuantizedBinary.Sum sum -> sum(sum);
          case QuantizedBinary.Product product -> product(product);
          case QuantizedBinary.Reals reals -> real(reals);
        };
    return (facts, buffers) -> bind(binary, loop, buffers);
  }

  /** y[j] = f(a[j · da], b[j · db]), j &lt; n; da and db are 0 or 1. */
  @FunctionalInterface
  private interface Loop {
    void run(byte[] a, int da, byte[] b, int db, byte[] y, int n);
  }

  private static Loop sum(QuantizedBinary.Sum by) {
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        int sum = (by.start() + x[j * dx] * by.left() + z[j * dz] * by.right()) >> by.shift();
        to[j] = (byte) (Math.min(Math.max(sum, by.low()), by.high()) + by.zeroPoint());
      }
    };
  }

  private static Loop product(QuantizedBinary.Product by) {
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        float real = (float) ((x[j * dx] - by.left()) * (z[j * dz] - by.right())) * by.factor();
        float bounded = Math.min(Math.max(real, by.low()), by.high());
        to[j] = (byte) ((int) Math.rint(bounded) + by.zeroPoint());
      }
    };
  }

  private static Loop real(QuantizedBinary.Reals by) {
    Affine a = by.left();
    Affine b = by.right();
    Affine y = by.output();
    float inverse = y.inverse();
    return (x, dx, z, dz, to, n) -> {
      for (int j = 0; j < n; j++) {
        float left = (x[j * dx] - a.zeroPoint()) * a.scale();
        float right = (z[j * dz] - b.zeroPoint()) * b.scale();
        float real = by.product() ? left * right : left + by.sign() * right;
        real = Math.min(Math.max(real, by.clamp().low()), by.clamp().high());
        double rounded = Math.rint(real * inverse) + y.zeroPoint();
        to[j] = (byte) Math.clamp(rounded, y.min(), y.max());
      }
    };
  }

  private static Step bind(QuantizedBinary binary, Loop loop, BoundNodeCall.Buffers buffers) {
    Operand a = buffers.operand(binary.left());
    Operand b = buffers.operand(binary.right());
    Operand y = buffers.operand(binary.result());
    if (y.dtype() != DType.INT8) {
      throw new KernelException("expected int8, not " + y.dtype());
    }
    Broadcast walk = new Broadcast(y.shape(), a.shape(), b.shape());
    int block = (int) Math.min(walk.run(), 4096);
    byte[] x = buffers.bytes(block);
    byte[] z = buffers.bytes(block);
    byte[] to = buffers.bytes(block);
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
