package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.SPECIES;
import static jdk.incubator.vector.FloatVector.broadcast;

import dev.baton.runtime.kernel.Affine;
import dev.baton.runtime.kernel.BoundNodeCall;
import dev.baton.runtime.kernel.Broadcast;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.QuantizedBinary;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Sums, differences and products of two int8 tensors. */
final class QuantizedArithmetic {
  private final QuantizedBinary.Formula by;
  private final MemorySegment scratch;

  private QuantizedArithmetic(QuantizedBinary.Formula by, MemorySegment scratch) {
    this.by = by;
    this.scratch = scratch;
  }

  static Step bind(QuantizedBinary binary, BoundNodeCall.Buffers buffers) {
    Operand a = buffers.operand(binary.left());
    Operand b = buffers.operand(binary.right());
    Operand y = buffers.operand(binary.result());
    long count = y.shape().numel();
    if (count == 0) {
      return () -> {};
    }
    Parallel parallel = buffers.parallel();
    QuantizedArithmetic loops =
        new QuantizedArithmetic(
            binary.by(), buffers.scratch((long) parallel.threads() * 3 * Lanes.COUNT));
    Broadcast walk = new Broadcast(y.shape(), a.shape(), b.shape());
    int da = walk.step(0);
    int db = walk.step(1);
    long x = a.data().address();
    long z = b.data().address();
    long to = y.data().address();
    if (walk.run() == count) {
      Parallel.Task task =
          (t, worker) -> {
            long at = (long) t * Chunks.SIZE;
            int n = (int) Math.min(Chunks.SIZE, count - at);
            loops.run(x + da * at, da, z + db * at, db, to + at, n, worker);
          };
      int tasks = Math.toIntExact(Math.ceilDiv(count, (long) Chunks.SIZE));
      return () -> parallel.run(tasks, task);
    }
    return () -> {
      walk.start();
      do {
        for (long at = 0; at < walk.run(); at += Chunks.SIZE) {
          int n = (int) Math.min(Chunks.SIZE, walk.run() - at);
          long left = x + walk.at(0) + da * at;
          long right = z + walk.at(1) + db * at;
          loops.run(left, da, right, db, to + walk.out() + at, n, 0);
        }
      } while (walk.next());
    };
  }

  /** One operand may be a single element; what is less than a vector is computed aside. */
  private void run(long x, int dx, long z, int dz, long to, int n, int worker) {
    long left = scratch.address() + 3L * Lanes.COUNT * worker;
    long right = left + Lanes.COUNT;
    long result = right + Lanes.COUNT;
    boolean few = n < Lanes.COUNT;
    place(x, dx, left, n);
    place(z, dz, right, n);
    long from = dx == 0 || few ? left : x;
    long other = dz == 0 || few ? right : z;
    int count = few ? Lanes.COUNT : n;
    long into = few ? result : to;
    switch (by) {
      case QuantizedBinary.Sum sum -> sum(sum, from, dx, other, dz, into, count);
      case QuantizedBinary.Product product -> product(product, from, dx, other, dz, into, count);
      case QuantizedBinary.Reals reals -> reals(reals, from, dx, other, dz, into, count);
    }
    if (few) {
      ByteLanes.copyFew(result, to, n);
    }
  }

  private static void place(long x, int step, long to, int n) {
    for (int i = 0; i < Lanes.COUNT && (step == 0 || n < Lanes.COUNT); i++) {
      Lanes.setByte(to + i, Lanes.getByte(x + Math.min(i, n - 1) * step));
    }
  }

  /** The last vector of {@code n} elements ends with them. */
  private static int at(int i, int n) {
    return Math.min(i, n - Lanes.COUNT);
  }

  private static void sum(QuantizedBinary.Sum by, long x, int dx, long z, int dz, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      int at = at(i, n);
      IntVector a = ByteLanes.loadInts(x + dx * at).mul(by.left());
      IntVector b = ByteLanes.loadInts(z + dz * at).mul(by.right());
      IntVector y = a.add(b).add(by.start()).lanewise(VectorOperators.ASHR, by.shift());
      ByteLanes.store(y.max(by.low()).min(by.high()).add(by.zeroPoint()), to + at);
    }
  }

  private static void product(
      QuantizedBinary.Product by, long x, int dx, long z, int dz, long to, int n) {
    int low = by.low();
    int high = by.high();
    for (int i = 0; i < n; i += Lanes.COUNT) {
      int at = at(i, n);
      FloatVector a = ByteLanes.load(x + dx * at).sub(by.left());
      FloatVector b = ByteLanes.load(z + dz * at).sub(by.right());
      FloatVector y = a.mul(b).mul(by.factor());
      ByteLanes.store(ByteLanes.round(y, low, high).add(by.zeroPoint()), to + at);
    }
  }

  private static void reals(
      QuantizedBinary.Reals by, long x, int dx, long z, int dz, long to, int n) {
    Affine p = by.left();
    Affine q = by.right();
    Affine out = by.output();
    int zero = out.zeroPoint();
    int low = out.min() - zero;
    int high = out.max() - zero;
    FloatVector least = broadcast(SPECIES, by.clamp().low());
    FloatVector most = broadcast(SPECIES, by.clamp().high());
    for (int i = 0; i < n; i += Lanes.COUNT) {
      int at = at(i, n);
      FloatVector a = ByteLanes.load(x + dx * at).sub(p.zeroPoint()).mul(p.scale());
      FloatVector b = ByteLanes.load(z + dz * at).sub(q.zeroPoint()).mul(q.scale());
      FloatVector y = by.product() ? a.mul(b) : a.add(b.mul(by.sign()));
      y = y.blend(least, y.lt(least));
      y = y.blend(most, y.compare(VectorOperators.GT, most)).mul(out.inverse());
      ByteLanes.store(ByteLanes.round(y, low, high).add(zero), to + at);
    }
  }
}
