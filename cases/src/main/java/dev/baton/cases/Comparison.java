package dev.baton.cases;

import dev.baton.runtime.Tensor;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How an output compares with what was expected. It passes where max |actual − expected| ≤
 * tolerance × max |expected|; integers and bools are equal; NaN equals NaN, an infinity its equal.
 *
 * @param maxAbsoluteError over the elements that are finite on both sides; 0 if there are none
 * @param relativeError {@code maxAbsoluteError} divided by max |expected|; 0 if both are 0,
 *     infinite if only the latter is
 * @param problem why it fails, one clause; empty if it passes
 * @param place the first element that is not as expected; null if it passes, or if no element was
 *     compared
 */
public record Comparison(
    double maxAbsoluteError, double relativeError, String problem, @Nullable Place place) {
  /** An element. */
  public record Place(long[] index, double actual, double expected) {
    public Place {
      index = index.clone();
    }

    @Override
    public long[] index() {
      return index.clone();
    }

    @Override
    public String toString() {
      return Arrays.toString(index) + " is " + actual + ", expected " + expected;
    }
  }

  public boolean passed() {
    return problem.isEmpty();
  }

  /**
   * Compares an output with a golden; complex numbers by their parts, which the place then has as
   * its last dimension.
   *
   * @param tolerance relative to the largest finite magnitude that is expected; ignored for
   *     integers and bools
   */
  public static Comparison of(Tensor actual, Tensor expected, double tolerance) {
    String mismatch = mismatch(actual, expected);
    if (!mismatch.isEmpty()) {
      return new Comparison(0, 0, mismatch, null);
    }
    Tensor real = Numbers.asReals(expected);
    return real.dtype().isFloatingPoint()
        ? compareFloats(Numbers.asReals(actual), real, tolerance)
        : compareIntegers(actual, expected);
  }

  /**
   * Why two tensors cannot be compared element by element, one clause: their shapes or dtypes
   * differ. Empty if they can. A golden may have the dtype that {@link Npy} stores instead of one
   * that it cannot.
   */
  public static String mismatch(Tensor actual, Tensor expected) {
    boolean sameShape = Arrays.equals(actual.shape(), expected.shape());
    // numpy writes some results of rank 0 with the shape [1].
    boolean bothSingle =
        actual.numel() == 1
            && expected.numel() == 1
            && Math.max(actual.shape().length, expected.shape().length) == 1;
    if (!sameShape && !bothSingle) {
      return "the shape is "
          + Arrays.toString(actual.shape())
          + ", expected "
          + Arrays.toString(expected.shape());
    }
    boolean sameType =
        actual.dtype() == expected.dtype() || Npy.stored(actual.dtype()) == expected.dtype();
    return sameType
        ? ""
        : "the dtype is "
            + actual.dtype().name().toLowerCase(Locale.ROOT)
            + ", expected "
            + expected.dtype().name().toLowerCase(Locale.ROOT);
  }

  private static Comparison compareIntegers(Tensor actual, Tensor expected) {
    double worst = 0;
    double scale = 0;
    long first = -1;
    long different = 0;
    for (long i = 0; i < expected.numel(); i++) {
      long a = Numbers.asLong(actual, i);
      long e = Numbers.asLong(expected, i);
      scale = Math.max(scale, Math.abs((double) e));
      if (a != e) {
        worst = Math.max(worst, Math.abs((double) a - (double) e));
        different++;
        first = first < 0 ? i : first;
      }
    }
    String problem =
        different == 0
            ? ""
            : different + " of " + expected.numel() + " elements differ, expected equal ones";
    return new Comparison(worst, relative(worst, scale), problem, place(actual, expected, first));
  }

  private static Comparison compareFloats(Tensor actual, Tensor expected, double tolerance) {
    double scale = 0;
    for (long i = 0; i < expected.numel(); i++) {
      double e = Numbers.asDouble(expected, i);
      scale = Double.isFinite(e) ? Math.max(scale, Math.abs(e)) : scale;
    }
    double allowed = tolerance * scale;
    double worst = 0;
    long first = -1;
    long special = 0;
    for (long i = 0; i < expected.numel(); i++) {
      double a = Numbers.asDouble(actual, i);
      double e = Numbers.asDouble(expected, i);
      boolean good;
      if (Double.isFinite(a) && Double.isFinite(e)) {
        double error = Math.abs(a - e);
        worst = Math.max(worst, error);
        good = error <= allowed;
      } else {
        good = Double.compare(a, e) == 0;
        special += good ? 0 : 1;
      }
      first = good || first >= 0 ? first : i;
    }
    double relative = relative(worst, scale);
    String problem =
        first < 0
            ? ""
            : special > 0
                ? special + " elements differ in NaN or infinity"
                : String.format(
                    Locale.ROOT,
                    "the error is %.3g of the largest value, expected at most %.3g",
                    relative,
                    tolerance);
    return new Comparison(worst, relative, problem, place(actual, expected, first));
  }

  private static double relative(double error, double scale) {
    return error == 0 ? 0 : error / scale;
  }

  private static @Nullable Place place(Tensor actual, Tensor expected, long flat) {
    if (flat < 0) {
      return null;
    }
    long[] shape = expected.shape();
    long[] index = new long[shape.length];
    long rest = flat;
    for (int d = shape.length - 1; d >= 0; d--) {
      index[d] = rest % shape[d];
      rest /= shape[d];
    }
    return new Place(index, Numbers.asDouble(actual, flat), Numbers.asDouble(expected, flat));
  }

  @Override
  public String toString() {
    return passed()
        ? String.format(Locale.ROOT, "error %.3g", relativeError)
        : problem + (place == null ? "" : "; first at " + place);
  }
}
