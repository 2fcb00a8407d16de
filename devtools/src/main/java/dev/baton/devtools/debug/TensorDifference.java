package dev.baton.devtools.debug;

import dev.baton.cases.Comparison;
import dev.baton.cases.Numbers;
import dev.baton.devtools.debug.TensorDifference.Counts;
import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a tensor is from a reference. Errors are over elements that are finite on both sides;
 * parts of complex numbers count as elements. Where dtype or shape differ, all errors are NaN.
 *
 * @param mismatch what dtype or shape differs, one clause; empty if they are the same
 * @param elements of the reference
 * @param maxAbsolute greatest difference
 * @param meanAbsolute mean difference
 * @param maxRelative greatest difference divided by the reference's magnitude, where that is not 0
 * @param meanRelative mean of the same
 * @param rms root of the mean square of the differences
 * @param rmsReference root of the mean square of the reference
 * @param maxReference greatest magnitude in the reference, of those that are finite
 * @param cosine of the angle between the two as vectors; 1 if either is zero
 * @param special elements that are NaN or infinite on one side and something else on the other
 * @param different elements that are not equal
 */
public record TensorDifference(
    String mismatch,
    long elements,
    double maxAbsolute,
    double meanAbsolute,
    double maxRelative,
    double meanRelative,
    double rms,
    double rmsReference,
    double maxReference,
    double cosine,
    Counts actual,
    Counts reference,
    long special,
    long different) {
  /** Elements that are no numbers. */
  public record Counts(long nan, long infinite) {}

  /** Squares of what is beyond two to this power, or below its inverse, are no doubles. */
  private static final int SQUARED = 500;

  /** Compares; what {@link Comparison#mismatch} calls the same dtype and shape is. */
  public static TensorDifference of(Tensor actual, Tensor reference) {
    String mismatch = Comparison.mismatch(actual, reference);
    Tensor ours = Numbers.asReals(actual);
    Tensor theirs = Numbers.asReals(reference);
    long count = theirs.numel();
    if (!mismatch.isEmpty()) {
      return ofOthers(mismatch, count);
    }
    Tally tally = new Tally(exponent(ours, theirs));
    if (theirs.dtype().isFloatingPoint()) {
      for (long i = 0; i < count; i++) {
        tally.add(Numbers.asDouble(ours, i), Numbers.asDouble(theirs, i));
      }
    } else {
      boolean unsigned = theirs.dtype() == DType.UINT64;
      for (long i = 0; i < count; i++) {
        tally.add(Numbers.asLong(ours, i), Numbers.asLong(theirs, i), unsigned);
      }
    }
    return tally.of(count);
  }

  /** Root of the mean square of the elements that are finite. */
  static double rms(Tensor tensor) {
    return of(tensor, tensor).rmsReference();
  }

  private static TensorDifference ofOthers(String mismatch, long count) {
    double none = Double.NaN;
    Counts zero = new Counts(0, 0);
    return new TensorDifference(
        mismatch, count, none, none, none, none, none, none, none, none, zero, zero, 0, count);
  }

  /** Elements are divided by two to this power, so that their squares are doubles. */
  private static int exponent(Tensor ours, Tensor theirs) {
    if (theirs.dtype() != DType.DOUBLE) {
      return 0;
    }
    double largest = Math.max(largest(ours), largest(theirs));
    int exponent = Math.getExponent(largest);
    return largest == 0 || Math.abs(exponent) <= SQUARED ? 0 : exponent;
  }

  private static double largest(Tensor tensor) {
    double largest = 0;
    for (long i = 0; i < tensor.numel(); i++) {
      double magnitude = Math.abs(Numbers.asDouble(tensor, i));
      largest = Double.isFinite(magnitude) ? Math.max(largest, magnitude) : largest;
    }
    return largest;
  }

  private static final class Tally {
    private final int exponent;
    private final double factor;
    private long finite;
    private long nonZero;
    private double maxAbsolute;
    private double sumAbsolute;
    private double maxRelative;
    private double sumRelative;
    private double squares;
    private double squaresActual;
    private double squaresReference;
    private double maxReference;
    private double product;
    private long nanActual;
    private long nanReference;
    private long infiniteActual;
    private long infiniteReference;
    private long special;
    private long different;

    /**
     * @param exponent as {@link #exponent(Tensor, Tensor)} gives it
     */
    Tally(int exponent) {
      this.exponent = exponent;
      this.factor = Math.scalb(1.0, -exponent);
    }

    void add(long a, long r, boolean unsigned) {
      different += a == r ? 0 : 1;
      boolean less = unsigned ? Long.compareUnsigned(a, r) < 0 : a < r;
      // The difference of two longs is an unsigned one.
      add(real(a, unsigned), real(r, unsigned), real(less ? r - a : a - r, true));
    }

    private static double real(long bits, boolean unsigned) {
      return !unsigned || bits >= 0 ? bits : 2.0 * ((bits >>> 1) | (bits & 1));
    }

    void add(double a, double r) {
      nanActual += Double.isNaN(a) ? 1 : 0;
      nanReference += Double.isNaN(r) ? 1 : 0;
      infiniteActual += Double.isInfinite(a) ? 1 : 0;
      infiniteReference += Double.isInfinite(r) ? 1 : 0;
      boolean equal = a == r || (Double.isNaN(a) && Double.isNaN(r));
      different += equal ? 0 : 1;
      if (!Double.isFinite(a) || !Double.isFinite(r)) {
        special += equal ? 0 : 1;
        return;
      }
      double ours = a * factor;
      double theirs = r * factor;
      add(ours, theirs, Math.abs(ours - theirs));
    }

    private void add(double a, double r, double apart) {
      finite++;
      maxReference = Math.max(maxReference, Math.abs(r));
      maxAbsolute = Math.max(maxAbsolute, apart);
      sumAbsolute += apart;
      if (r != 0) {
        nonZero++;
        double relative = apart / Math.abs(r);
        maxRelative = Math.max(maxRelative, relative);
        sumRelative += relative;
      }
      squares += apart * apart;
      squaresActual += a * a;
      squaresReference += r * r;
      product += a * r;
    }

    TensorDifference of(long count) {
      double lengths = Math.sqrt(squaresActual) * Math.sqrt(squaresReference);
      long divisor = Math.max(1, finite);
      return new TensorDifference(
          "",
          count,
          Math.scalb(maxAbsolute, exponent),
          Math.scalb(sumAbsolute / divisor, exponent),
          maxRelative,
          sumRelative / Math.max(1, nonZero),
          Math.scalb(Math.sqrt(squares / divisor), exponent),
          Math.scalb(Math.sqrt(squaresReference / divisor), exponent),
          Math.scalb(maxReference, exponent),
          lengths == 0 ? 1 : Math.clamp(product / lengths, -1, 1),
          new Counts(nanActual, infiniteActual),
          new Counts(nanReference, infiniteReference),
          special,
          different);
    }
  }

  /** {@link #rms} divided by {@link #rmsReference}; infinite if only the latter is 0. */
  public double relative() {
    return rms == 0 ? 0 : rms / rmsReference;
  }

  /** Signal to noise in decibels; infinite if there is no error, −∞ if there is no signal. */
  public double snrDecibels() {
    return rms == 0 ? Double.POSITIVE_INFINITY : 20 * Math.log10(rmsReference / rms);
  }

  /** For JSON; what is infinite or no number is a string. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    if (!mismatch.isEmpty()) {
      json.put("mismatch", mismatch);
    }
    json.put("elements", elements);
    json.put("maxAbsolute", number(maxAbsolute));
    json.put("meanAbsolute", number(meanAbsolute));
    json.put("maxRelative", number(maxRelative));
    json.put("meanRelative", number(meanRelative));
    json.put("relativeRms", number(relative()));
    json.put("snrDecibels", number(snrDecibels()));
    json.put("cosine", number(cosine));
    json.put("nan", actual.nan());
    json.put("nanReference", reference.nan());
    json.put("infinite", actual.infinite());
    json.put("infiniteReference", reference.infinite());
    json.put("special", special);
    json.put("different", different);
    return json;
  }

  static Object number(double value) {
    return Double.isFinite(value) ? (Object) value : String.valueOf(value);
  }
}
