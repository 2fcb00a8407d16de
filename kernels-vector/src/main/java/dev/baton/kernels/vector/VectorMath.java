package dev.baton.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Functions of float32 vectors by polynomials, the same on every machine and at every width. Errors
 * are in units of the last place of the true result; a test measures them.
 */
final class VectorMath {
  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f; // 9 bits: its multiples are exact
  private static final float LN2_LOW = -2.12194440e-4f;
  private static final float ROUND = 0x1.8p23f; // what is added to it is rounded to an integer

  /** Results of exp below 2^-125 are 0: the last argument that gives more. */
  private static final float EXP_LOW = -86.643394f;

  /** The greatest argument whose exp is finite. */
  private static final float EXP_HIGH = 88.72283f;

  private VectorMath() {}

  /** e to the x, at most 2 ulp; results below 2^-125 are 0. */
  static FloatVector exp(FloatVector x) {
    VectorMask<Float> low = x.lt(EXP_LOW);
    VectorMask<Float> high = x.compare(VectorOperators.GT, EXP_HIGH);
    FloatVector biased =
        x.fma(
            FloatVector.broadcast(Lanes.SPECIES, LOG2_E),
            FloatVector.broadcast(Lanes.SPECIES, ROUND));
    FloatVector n = biased.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.SPECIES, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(Lanes.SPECIES, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(Lanes.SPECIES, 0.0013863190542906523f);
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.008368145674467087f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.041667260229587555f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.16666528582572937f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.5f));
    p = p.fma(r.mul(r), r).add(1f);
    // 2^(n-1), of the integer that the rounding left in the low bits; twice, since n may be 128.
    IntVector exponent = biased.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector scale = exponent.add(126 << 23).reinterpretAsFloats();
    FloatVector result = p.add(p).mul(scale);
    return result.blend(0f, low).blend(Float.POSITIVE_INFINITY, high);
  }

  /** e^x − 1 for x of 0 and less, at most 4 ulp; NaN stays. */
  static FloatVector expm1OfNegative(FloatVector x) {
    x = x.blend(EXP_LOW, x.lt(EXP_LOW));
    FloatVector biased =
        x.fma(
            FloatVector.broadcast(Lanes.SPECIES, LOG2_E),
            FloatVector.broadcast(Lanes.SPECIES, ROUND));
    FloatVector n = biased.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.SPECIES, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(Lanes.SPECIES, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(Lanes.SPECIES, 0.0013863190542906523f);
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.008368145674467087f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.041667260229587555f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.16666528582572937f));
    p = p.fma(r, FloatVector.broadcast(Lanes.SPECIES, 0.5f));
    p = p.fma(r.mul(r), r);
    IntVector exponent = biased.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector scale = exponent.add(127 << 23).reinterpretAsFloats();
    return p.fma(scale, scale.sub(1f));
  }

  /**
   * Natural logarithm, at most 2 ulp. With x = 2^k (1 + f), 1 + f from √½ to √2, and s = f / (2 +
   * f): ln x = k ln 2 + f − s (f − R), R = s² (2/3 + 2/5 s² + …).
   */
  static FloatVector log(FloatVector x) {
    VectorMask<Float> small = x.lt(Float.MIN_NORMAL);
    FloatVector normal = x.blend(x.mul(0x1p23f), small);
    IntVector bits = normal.reinterpretAsInts();
    // √½ has these bits: what is left of them after the exponent is f.
    int root = Float.floatToRawIntBits(0.70710677f);
    IntVector k = bits.sub(root).lanewise(VectorOperators.ASHR, 23);
    FloatVector f = bits.sub(k.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
    FloatVector n = (FloatVector) k.convertShape(VectorOperators.I2F, Lanes.SPECIES, 0);
    n = n.sub(FloatVector.broadcast(Lanes.SPECIES, 0f).blend(23f, small));
    FloatVector s = f.div(f.add(2f));
    FloatVector u = s.mul(s);
    FloatVector p = FloatVector.broadcast(Lanes.SPECIES, 2f / 11);
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 2f / 9));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 2f / 7));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 2f / 5));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 2f / 3)).mul(u);
    FloatVector low = s.mul(f.sub(p)).sub(n.mul(LN2_LOW));
    FloatVector result = n.fma(FloatVector.broadcast(Lanes.SPECIES, LN2_HIGH), f.sub(low));
    result = result.blend(Float.NEGATIVE_INFINITY, x.eq(0f));
    result = result.blend(x, x.eq(Float.POSITIVE_INFINITY).or(x.test(VectorOperators.IS_NAN)));
    return result.blend(Float.NaN, x.lt(0f));
  }

  /** 1 / (1 + e^-x), at most 4 ulp; results below 2^-125 are 0. */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector e = exp(x.abs().neg());
    FloatVector denominator = e.add(1f);
    return FloatVector.broadcast(Lanes.SPECIES, 1f).blend(e, x.lt(0f)).div(denominator);
  }

  /** At most 3 ulp. */
  static FloatVector tanh(FloatVector x) {
    FloatVector magnitude = x.abs();
    FloatVector u = x.mul(x);
    FloatVector p = FloatVector.broadcast(Lanes.SPECIES, -0.005528631620109081f);
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 0.020483313128352165f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, -0.05369296669960022f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 0.1333089917898178f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, -0.3333326280117035f));
    FloatVector small = p.mul(u).fma(x, x);
    FloatVector e = exp(magnitude.mul(-2f));
    FloatVector large = FloatVector.broadcast(Lanes.SPECIES, 1f).sub(e).div(e.add(1f));
    large = large.blend(large.neg(), x.lt(0f));
    return large.blend(small, magnitude.lt(0.65f));
  }

  /** At most 3 ulp. */
  static FloatVector erf(FloatVector x) {
    FloatVector magnitude = x.abs();
    FloatVector small = erfOfSmall(x);
    FloatVector large = FloatVector.broadcast(Lanes.SPECIES, 1f).sub(erfcOfPositive(magnitude));
    large = large.blend(large.neg(), x.lt(0f));
    return large.blend(small, magnitude.lt(1f));
  }

  /** x P(x²), for |x| of 1 at most. */
  private static FloatVector erfOfSmall(FloatVector x) {
    FloatVector u = x.mul(x);
    FloatVector p = FloatVector.broadcast(Lanes.SPECIES, 7.853860734030604e-05f);
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, -0.0008010193123482168f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 0.005188327748328447f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, -0.026853810995817184f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 0.1128358542919159f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, -0.3761262595653534f));
    p = p.fma(u, FloatVector.broadcast(Lanes.SPECIES, 1.1283791065216064f));
    return p.mul(x);
  }

  /** e^(-x²) Q(1 / (1 + x/2)), for x of 0 and more. */
  private static FloatVector erfcOfPositive(FloatVector x) {
    FloatVector t =
        FloatVector.broadcast(Lanes.SPECIES, 1f)
            .div(
                x.fma(
                    FloatVector.broadcast(Lanes.SPECIES, 0.5f),
                    FloatVector.broadcast(Lanes.SPECIES, 1f)));
    FloatVector q = FloatVector.broadcast(Lanes.SPECIES, -0.05412733182311058f);
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.2590683102607727f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, -0.43057510256767273f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.20732276141643524f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.028012333437800407f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.1757238358259201f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.2515784502029419f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.28074395656585693f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, 0.28226056694984436f));
    q = q.fma(t, FloatVector.broadcast(Lanes.SPECIES, -7.847311280784197e-06f));
    return exp(x.mul(x).neg()).mul(q);
  }

  /** x Φ(x), NaN at −∞: absolute error at most 2e-7 times the greater of |x| and 1. */
  static FloatVector gelu(FloatVector x) {
    FloatVector tail = erfcOfPositive(x.abs().mul(0.70710678f)).mul(0.5f); // Φ(-|x|)
    return x.mul(FloatVector.broadcast(Lanes.SPECIES, 1f).sub(tail).blend(tail, x.lt(0f)));
  }

  /** GELU by its approximation with tanh: x sigmoid(2 √(2/π) (x + 0.044715 x³)). */
  static FloatVector geluTanh(FloatVector x) {
    FloatVector inner =
        x.mul(x)
            .fma(
                FloatVector.broadcast(Lanes.SPECIES, 0.044715f),
                FloatVector.broadcast(Lanes.SPECIES, 1f))
            .mul(x);
    return x.mul(sigmoid(inner.mul(1.5957691f)));
  }

  /** x / (1 + e^-x), NaN at −∞, at most 5 ulp. */
  static FloatVector silu(FloatVector x) {
    return x.mul(sigmoid(x));
  }

  /** Bounded; NaN stays. */
  static FloatVector clamp(FloatVector x, FloatVector low, FloatVector high) {
    x = x.blend(low, x.lt(low));
    return x.blend(high, x.compare(VectorOperators.GT, high));
  }
}
