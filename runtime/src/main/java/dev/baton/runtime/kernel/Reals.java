package dev.baton.runtime.kernel;

/** Functions of a real number that {@link Math} lacks, and activations. */
public final class Reals {
  private static final double LN_2 = 0.6931471805599453;
  private static final double SQRT_1_2 = 0.7071067811865476;
  private static final double SQRT_2_PI = 0.7978845608028654; // √(2/π)

  private Reals() {}

  // Rational approximations of W. J. Cody, Mathematics of Computation 23 (1969): erf near zero,
  // erfc in the middle and in the tail, each numerator and denominator with the highest power
  // first.
  private static final double[] ERF_P = {
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3
  };
  private static final double[] ERF_Q = {
    1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3
  };
  private static final double[] ERFC_P = {
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3
  };
  private static final double[] ERFC_Q = {
    1,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3
  };
  private static final double[] TAIL_P = {
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4
  };
  private static final double[] TAIL_Q = {
    1,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3
  };
  private static final double SQRT_PI_INVERSE = 5.6418958354775628695e-1;

  public static double erf(double x) {
    double magnitude = Math.abs(x);
    if (magnitude <= 0.46875) {
      return x * polynomial(ERF_P, x * x) / polynomial(ERF_Q, x * x);
    }
    return Double.isNaN(x) ? x : Math.copySign(1 - erfcOfPositive(magnitude), x);
  }

  /** The complement of {@link #erf}, without its cancellation. */
  public static double erfc(double x) {
    double magnitude = Math.abs(x);
    if (magnitude <= 0.46875 || Double.isNaN(x)) {
      return 1 - erf(x);
    }
    double complement = erfcOfPositive(magnitude);
    return x < 0 ? 2 - complement : complement;
  }

  private static double erfcOfPositive(double x) {
    if (x > 27) {
      return 0;
    }
    double factor;
    if (x <= 4) {
      factor = polynomial(ERFC_P, x) / polynomial(ERFC_Q, x);
    } else {
      double z = 1 / (x * x);
      factor = (SQRT_PI_INVERSE - z * polynomial(TAIL_P, z) / polynomial(TAIL_Q, z)) / x;
    }
    double head = Math.rint(x * 16) / 16; // exp(−x²) without the rounding of x²
    return StrictMath.exp(-head * head) * StrictMath.exp(-(x - head) * (x + head)) * factor;
  }

  private static double polynomial(double[] coefficients, double x) {
    double sum = coefficients[0];
    for (int i = 1; i < coefficients.length; i++) {
      sum = sum * x + coefficients[i];
    }
    return sum;
  }

  /** M. Giles's single precision approximation, refined by two steps of Newton's method. */
  static double erfinv(double y) {
    if (!(Math.abs(y) < 1)) {
      return Math.abs(y) == 1 ? Math.copySign(Double.POSITIVE_INFINITY, y) : Double.NaN;
    }
    double w = -StrictMath.log((1 - y) * (1 + y));
    double x =
        y * (w < 5 ? polynomial(ERFINV, w - 2.5) : polynomial(ERFINV_TAIL, Math.sqrt(w) - 3));
    for (int step = 0; step < 2; step++) {
      double error = y > 0.5 ? (1 - y) - erfc(x) : y < -0.5 ? erfc(-x) - (1 + y) : erf(x) - y;
      x -= error / (2 * SQRT_PI_INVERSE * StrictMath.exp(-x * x));
    }
    return x;
  }

  private static final double[] ERFINV = {
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941
  };
  private static final double[] ERFINV_TAIL = {
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682
  };

  static double asinh(double x) {
    double a = Math.abs(x);
    double y =
        a > 0x1p28
            ? StrictMath.log(a) + LN_2
            : StrictMath.log1p(a + a * a / (1 + Math.sqrt(a * a + 1)));
    return Math.copySign(y, x);
  }

  static double acosh(double x) {
    double t = x - 1;
    return x > 0x1p28 ? StrictMath.log(x) + LN_2 : StrictMath.log1p(t + Math.sqrt(2 * t + t * t));
  }

  static double atanh(double x) {
    double a = Math.abs(x);
    return Math.copySign(0.5 * StrictMath.log1p(2 * a / (1 - a)), x);
  }

  static double log2(double x) {
    return StrictMath.log(x) / LN_2;
  }

  static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  static double silu(double x) {
    return x / (1 + StrictMath.exp(-x));
  }

  /** 0.5 x (1 + erf(x / √2)). */
  public static double gelu(double x) {
    return 0.5 * x * (1 + erf(x * SQRT_1_2));
  }

  /** 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). */
  public static double geluTanh(double x) {
    return 0.5 * x * (1 + StrictMath.tanh(SQRT_2_PI * (x + 0.044715 * x * x * x)));
  }

  static double mish(double x) {
    return x * StrictMath.tanh(StrictMath.log1p(StrictMath.exp(x)));
  }

  static double logSigmoid(double x) {
    return Math.min(0, x) - StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
  }

  static double sign(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  }

  static double trunc(double x) {
    return x < 0 ? Math.ceil(x) : Math.floor(x);
  }

  /** C's {@code pow}, which differs from {@link Math#pow} at a base of ±1. */
  static double pow(double x, double y) {
    return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : StrictMath.pow(x, y);
  }

  static double logAddExp(double a, double b) {
    return Double.isInfinite(a) && a == b
        ? a
        : Math.max(a, b) + StrictMath.log1p(StrictMath.exp(-Math.abs(a - b)));
  }

  /** Rounded toward minus infinity, as PyTorch does it: by the remainder, not by the quotient. */
  static double floorDivide(double a, double b) {
    if (b == 0) {
      return a / b;
    }
    double remainder = a % b;
    double quotient = (a - remainder) / b;
    if (remainder != 0 && (b < 0) != (remainder < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  static float floorDivide(float a, float b) {
    if (b == 0) {
      return a / b;
    }
    float remainder = a % b;
    float quotient = (a - remainder) / b;
    if (remainder != 0 && (b < 0) != (remainder < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0f, a / b);
    }
    float floor = (float) Math.floor(quotient);
    return quotient - floor > 0.5f ? floor + 1 : floor;
  }

  /** With the sign of the divisor. */
  static double remainder(double a, double b) {
    double remainder = a % b;
    return remainder != 0 && (b < 0) != (remainder < 0) ? remainder + b : remainder;
  }

  private static final double[] LANCZOS = {
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7
  };

  /** ln |Γ(x)|: Lanczos' series with g = 7, reflected below ½; infinite at the poles. */
  static double lgamma(double x) {
    if (Double.isInfinite(x) || (x <= 0 && x == Math.rint(x))) {
      return Double.POSITIVE_INFINITY;
    }
    if (x < 0.5) {
      double fraction = Math.abs(x - Math.rint(x));
      return StrictMath.log(Math.PI / StrictMath.sin(Math.PI * fraction)) - lgamma(1 - x);
    }
    double sum = LANCZOS[0];
    for (int i = 1; i < LANCZOS.length; i++) {
      sum += LANCZOS[i] / (x - 1 + i);
    }
    double t = x + 6.5;
    return (x - 0.5) * StrictMath.log(t) - t + StrictMath.log(Math.sqrt(2 * Math.PI) * sum);
  }

  /**
   * Γ'(x) / Γ(x): the asymptotic series beyond 10, and recurrence below. Zero is a pole whose sign
   * PyTorch tells; negative integers are NaN.
   */
  static double digamma(double x) {
    if (x == 0) {
      return Math.copySign(Double.POSITIVE_INFINITY, -x);
    }
    if (x == Double.NEGATIVE_INFINITY || (x < 0 && x == Math.rint(x))) {
      return Double.NaN;
    }
    if (x < 0) {
      double fraction = x - Math.rint(x);
      return digamma(1 - x) - Math.PI / StrictMath.tan(Math.PI * fraction);
    }
    double result = 0;
    double y = x;
    for (; y < 10; y++) {
      result -= 1 / y;
    }
    double z = 1 / (y * y);
    double series =
        z
            * (1.0 / 12
                - z
                    * (1.0 / 120
                        - z
                            * (1.0 / 252
                                - z
                                    * (1.0 / 240
                                        - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
    return y == Double.POSITIVE_INFINITY ? y : result + StrictMath.log(y) - 0.5 / y - series;
  }
}
