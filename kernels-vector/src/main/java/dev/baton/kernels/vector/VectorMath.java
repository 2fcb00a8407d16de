package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.BYTES;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static dev.baton.runtime.kernel.Affine.ROUNDING;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Functions of float32 by polynomials, the same on every machine and at every width. Errors are in
 * units in the last place (ulp) of the true result, where nothing else is said, and hold for all
 * finite arguments, subnormal ones too; a test measures them.
 *
 * <p>A function reads {@code n} elements from one address and writes them to another, which may be
 * the same; n fills whole vectors. Functions that need another one go through scratch memory, a
 * block that stays in the first cache at a time: {@link Lanes} says why no vector is passed.
 */
final class VectorMath {
  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f; // 9 bits: its multiples are exact
  private static final float LN2_LOW = -2.12194440e-4f;

  /** Results of exp below 2^-125 are 0: the last argument that gives more. */
  private static final float EXP_LOW = -86.643394f;

  /** The greatest argument whose exp is finite. */
  private static final float EXP_HIGH = 88.72283f;

  private VectorMath() {}

  /** e to the x, at most 2 ulp; results below 2^-125 may be 0. */
  static void exp(long from, long to, int n) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      VectorMask<Float> low = x.lt(EXP_LOW);
      VectorMask<Float> high = x.compare(VectorOperators.GT, EXP_HIGH);
      FloatVector biased = x.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDING));
      FloatVector k = biased.sub(ROUNDING);
      FloatVector r = k.fma(broadcast(SPECIES, -LN2_HIGH), x);
      r = k.fma(broadcast(SPECIES, -LN2_LOW), r);
      FloatVector p = broadcast(SPECIES, 0.0013863190542906523f);
      p = p.fma(r, broadcast(SPECIES, 0.008368145674467087f));
      p = p.fma(r, broadcast(SPECIES, 0.041667260229587555f));
      p = p.fma(r, broadcast(SPECIES, 0.16666528582572937f));
      p = p.fma(r, broadcast(SPECIES, 0.5f));
      p = p.fma(r.mul(r), r).add(1f);
      // 2^(k-1), of the integer that the rounding left in the low bits; twice, as k may be 128.
      IntVector exponent = biased.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector scale = exponent.add(126 << 23).reinterpretAsFloats();
      FloatVector result = p.add(p).mul(scale);
      result
          .blend(0f, low)
          .blend(Float.POSITIVE_INFINITY, high)
          .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** A function that computes a block with the help of scratch memory. */
  private interface InBlocks {
    /**
     * @param a room for a block, and so is {@code b}
     */
    void run(long from, long to, int n, long a, long b);
  }

  private static void inBlocks(long from, long to, int n, InBlocks function) {
    long a = Scratch.address();
    for (int i = 0; i < n; i += Scratch.BLOCK) {
      int some = Math.min(Scratch.BLOCK, n - i);
      function.run(from + 4L * i, to + 4L * i, some, a, a + 4L * Scratch.BLOCK);
    }
  }

  /** e^x − 1 for x of 0 and less, at most 2 ulp; NaN stays. */
  static void expm1OfNegative(long from, long to, int n) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      x = x.blend(EXP_LOW, x.lt(EXP_LOW));
      FloatVector biased = x.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDING));
      FloatVector k = biased.sub(ROUNDING);
      FloatVector r = k.fma(broadcast(SPECIES, -LN2_HIGH), x);
      r = k.fma(broadcast(SPECIES, -LN2_LOW), r);
      FloatVector p = broadcast(SPECIES, 0.0013863190542906523f);
      p = p.fma(r, broadcast(SPECIES, 0.008368145674467087f));
      p = p.fma(r, broadcast(SPECIES, 0.041667260229587555f));
      p = p.fma(r, broadcast(SPECIES, 0.16666528582572937f));
      p = p.fma(r, broadcast(SPECIES, 0.5f));
      p = p.fma(r.mul(r), r);
      IntVector exponent = biased.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector scale = exponent.add(127 << 23).reinterpretAsFloats();
      p.fma(scale, scale.sub(1f)).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** x · above for x of more than 0, else (e^x − 1) · below; at most 3 ulp. */
  static void elu(long from, long to, int n, float below, float above) {
    long a = Scratch.address();
    for (int at = 0; at < n; at += Scratch.BLOCK) {
      int some = Math.min(Scratch.BLOCK, n - at);
      elu(from + 4L * at, to + 4L * at, some, a, below, above);
    }
  }

  private static void elu(long from, long to, int n, long a, float below, float above) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      x.blend(0f, x.compare(VectorOperators.GT, 0f)).intoMemorySegment(ALL, a + i, LITTLE_ENDIAN);
    }
    expm1OfNegative(a, a, n);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector negative = fromMemorySegment(SPECIES, ALL, a + i, LITTLE_ENDIAN).mul(below);
      negative
          .blend(x.mul(above), x.compare(VectorOperators.GT, 0f))
          .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /**
   * Natural logarithm, at most 2 ulp. With x = 2^k (1 + f), 1 + f from √½ to √2, and s = f / (2 +
   * f): ln x = k ln 2 + f − s (f − R), R = s² (2/3 + 2/5 s² + …).
   */
  static void log(long from, long to, int n) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      VectorMask<Float> small = x.lt(Float.MIN_NORMAL);
      FloatVector normal = x.blend(x.mul(0x1p23f), small);
      IntVector bits = normal.reinterpretAsInts();
      // √½ has these bits: what is left of them after the exponent is f.
      int root = Float.floatToRawIntBits(0.70710677f);
      IntVector k = bits.sub(root).lanewise(VectorOperators.ASHR, 23);
      FloatVector f = bits.sub(k.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
      FloatVector e = (FloatVector) k.convertShape(VectorOperators.I2F, SPECIES, 0);
      e = e.sub(broadcast(SPECIES, 0f).blend(23f, small));
      FloatVector s = f.div(f.add(2f));
      FloatVector u = s.mul(s);
      FloatVector p = broadcast(SPECIES, 2f / 11);
      p = p.fma(u, broadcast(SPECIES, 2f / 9));
      p = p.fma(u, broadcast(SPECIES, 2f / 7));
      p = p.fma(u, broadcast(SPECIES, 2f / 5));
      p = p.fma(u, broadcast(SPECIES, 2f / 3)).mul(u);
      FloatVector low = s.mul(f.sub(p)).sub(e.mul(LN2_LOW));
      FloatVector result = e.fma(broadcast(SPECIES, LN2_HIGH), f.sub(low));
      result = result.blend(Float.NEGATIVE_INFINITY, x.eq(0f));
      result = result.blend(x, x.eq(Float.POSITIVE_INFINITY).or(x.test(VectorOperators.IS_NAN)));
      result.blend(Float.NaN, x.lt(0f)).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** 1 / (1 + e^-x), at most 3 ulp; results below 2^-125 may be 0. */
  static void sigmoid(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::sigmoid);
  }

  private static void sigmoid(long from, long to, int n, long a, long b) {
    magnitudes(from, a, n, -1);
    exp(a, a, n);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector e = fromMemorySegment(SPECIES, ALL, a + i, LITTLE_ENDIAN);
      broadcast(SPECIES, 1f)
          .blend(e, x.lt(0f))
          .div(e.add(1f))
          .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** |x| · scale. */
  private static void magnitudes(long from, long to, int n, float scale) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      x.abs().mul(scale).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** At most 2 ulp. */
  static void tanh(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::tanh);
  }

  private static void tanh(long from, long to, int n, long a, long b) {
    magnitudes(from, a, n, -2);
    exp(a, a, n);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector u = x.mul(x);
      FloatVector p = broadcast(SPECIES, -0.005528631620109081f);
      p = p.fma(u, broadcast(SPECIES, 0.020483313128352165f));
      p = p.fma(u, broadcast(SPECIES, -0.05369296669960022f));
      p = p.fma(u, broadcast(SPECIES, 0.1333089917898178f));
      p = p.fma(u, broadcast(SPECIES, -0.3333326280117035f));
      FloatVector small = p.mul(u).fma(x, x);
      FloatVector e = fromMemorySegment(SPECIES, ALL, a + i, LITTLE_ENDIAN);
      FloatVector large = broadcast(SPECIES, 1f).sub(e).div(e.add(1f));
      large = large.blend(large.neg(), x.lt(0f));
      large.blend(small, x.abs().lt(0.65f)).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** At most 3 ulp. */
  static void erf(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::erf);
  }

  private static void erf(long from, long to, int n, long a, long b) {
    complement(from, a, n, 1, b);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector u = x.mul(x);
      FloatVector p = broadcast(SPECIES, 7.853860734030604e-05f); // x P(x²), for |x| of 1 at most
      p = p.fma(u, broadcast(SPECIES, -0.0008010193123482168f));
      p = p.fma(u, broadcast(SPECIES, 0.005188327748328447f));
      p = p.fma(u, broadcast(SPECIES, -0.026853810995817184f));
      p = p.fma(u, broadcast(SPECIES, 0.1128358542919159f));
      p = p.fma(u, broadcast(SPECIES, -0.3761262595653534f));
      p = p.fma(u, broadcast(SPECIES, 1.1283791065216064f));
      FloatVector c = fromMemorySegment(SPECIES, ALL, a + i, LITTLE_ENDIAN);
      FloatVector large = broadcast(SPECIES, 1f).sub(c);
      large = large.blend(large.neg(), x.lt(0f));
      large.blend(p.mul(x), x.abs().lt(1f)).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /**
   * 1 − erf(|x| · scale): e^(-y²) Q(1 / (1 + y/2)), y being |x| · scale.
   *
   * @param b room for a block
   */
  private static void complement(long from, long to, int n, float scale, long b) {
    magnitudes(from, b, n, scale);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector y = fromMemorySegment(SPECIES, ALL, b + i, LITTLE_ENDIAN);
      y.mul(y).neg().intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
    exp(to, to, n);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector y = fromMemorySegment(SPECIES, ALL, b + i, LITTLE_ENDIAN);
      FloatVector one = broadcast(SPECIES, 1f);
      FloatVector t = one.div(y.fma(broadcast(SPECIES, 0.5f), one));
      FloatVector q = broadcast(SPECIES, -0.05412733182311058f);
      q = q.fma(t, broadcast(SPECIES, 0.2590683102607727f));
      q = q.fma(t, broadcast(SPECIES, -0.43057510256767273f));
      q = q.fma(t, broadcast(SPECIES, 0.20732276141643524f));
      q = q.fma(t, broadcast(SPECIES, 0.028012333437800407f));
      q = q.fma(t, broadcast(SPECIES, 0.1757238358259201f));
      q = q.fma(t, broadcast(SPECIES, 0.2515784502029419f));
      q = q.fma(t, broadcast(SPECIES, 0.28074395656585693f));
      q = q.fma(t, broadcast(SPECIES, 0.28226056694984436f));
      q = q.fma(t, broadcast(SPECIES, -7.847311280784197e-06f));
      FloatVector e = fromMemorySegment(SPECIES, ALL, to + i, LITTLE_ENDIAN);
      e.mul(q).intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /** x Φ(x), NaN at −∞; at most 4 ulp of x. */
  static void gelu(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::gelu);
  }

  private static void gelu(long from, long to, int n, long a, long b) {
    complement(from, a, n, 0.70710678f, b);
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector c = fromMemorySegment(SPECIES, ALL, a + i, LITTLE_ENDIAN);
      FloatVector tail = c.mul(0.5f); // Φ(-|x|)
      x.mul(broadcast(SPECIES, 1f).sub(tail).blend(tail, x.lt(0f)))
          .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
  }

  /**
   * GELU by its approximation with tanh, x sigmoid(2 √(2/π) (x + 0.044715 x³)), NaN at −∞; at most
   * 3 ulp of x.
   */
  static void geluTanh(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::geluTanh);
  }

  private static void geluTanh(long from, long to, int n, long a, long b) {
    for (long i = 0; i < 4L * n; i += BYTES) {
      FloatVector x = fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN);
      FloatVector cubic = x.mul(x).fma(broadcast(SPECIES, 0.044715f), broadcast(SPECIES, 1f));
      cubic.mul(x).mul(1.5957691f).intoMemorySegment(ALL, a + i, LITTLE_ENDIAN);
    }
    sigmoid(a, a, n, b, b);
    Arithmetic.mul(from, a, to, n);
  }

  /** x / (1 + e^-x), NaN at −∞, at most 4 ulp; results of magnitude below 2^-118 may be 0. */
  static void silu(long from, long to, int n) {
    inBlocks(from, to, n, VectorMath::silu);
  }

  private static void silu(long from, long to, int n, long a, long b) {
    sigmoid(from, a, n, b, b);
    Arithmetic.mul(from, a, to, n);
  }
}
