package dev.baton.devtools.debug;

import dev.baton.cases.Numbers;
import dev.baton.devtools.debug.TensorDifference.Counts;
import dev.baton.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a tensor is from a reference of the same dtype and shape. Errors are over elements that
 * are finite on both sides; parts of complex numbers count as elements.
 *
 * @param maxAbsolute greatest difference
 * @param meanAbsolute mean difference
 * @param maxRelative greatest difference divided by the reference's magnitude, where that is not 0
 * @param meanRelative mean of the same
 * @param rms root of the mean square of the differences
 * @param rmsReference root of the mean square of the reference
 * @param cosine of the angle between the two as vectors; 1 if either is zero
 * @param special elements that are NaN or infinite on one side and something else on the other
 * @param different elements that are not equal
 */
public record TensorDifference(
    long elements,
    double maxAbsolute,
    double meanAbsolute,
    double maxRelative,
    double meanRelative,
    double rms,
    double rmsReference,
    double cosine,
    Counts actual,
    Counts reference,
    long special,
    long different) {
  /** Elements that are no numbers. */
  public record Counts(long nan, long infinite) {}

  /**
   * @throws IllegalArgumentException if dtype or number of elements differ
   */
  public static TensorDifference of(Tensor actual, Tensor reference) {
    if (actual.dtype() != reference.dtype() || actual.numel() != reference.numel()) {
      throw new IllegalArgumentException(actual + " is compared with " + reference);
    }
    Tensor ours = Numbers.asReals(actual);
    Tensor theirs = Numbers.asReals(reference);
    long count = theirs.numel();
    Tally tally = new Tally();
    for (long i = 0; i < count; i++) {
      tally.add(Numbers.asDouble(ours, i), Numbers.asDouble(theirs, i));
    }
    return tally.of(count);
  }

  private static final class Tally {
    private long finite;
    private long nonZero;
    private double maxAbsolute;
    private double sumAbsolute;
    private double maxRelative;
    private double sumRelative;
    private double squares;
    private double squaresActual;
    private double squaresReference;
    private double product;
    private long nanActual;
    private long nanReference;
    private long infiniteActual;
    private long infiniteReference;
    private long special;
    private long different;

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
      finite++;
      double apart = Math.abs(a - r);
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
          count,
          maxAbsolute,
          sumAbsolute / divisor,
          maxRelative,
          sumRelative / Math.max(1, nonZero),
          Math.sqrt(squares / divisor),
          Math.sqrt(squaresReference / divisor),
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

  /** Signal to noise in decibels; infinite if there is no error. */
  public double snrDecibels() {
    return rms == 0 ? Double.POSITIVE_INFINITY : 20 * Math.log10(rmsReference / rms);
  }

  /** For JSON; what is infinite or no number is a string. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
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
