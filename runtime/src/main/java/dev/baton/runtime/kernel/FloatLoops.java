package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/** Loops over float32 that models spend their time in: each has a body of its own to compile. */
final class FloatLoops {
  private FloatLoops() {}

  /** y[0 … n) = f(x[0 … n)). */
  @FunctionalInterface
  interface Unary {
    void run(MemorySegment x, MemorySegment y, long n);
  }

  /** y[k + t] = f(a[i + t · da], b[j + t · db]) for t in [0 … n); da and db are 0 or 1. */
  @FunctionalInterface
  interface Binary {
    void run(
        MemorySegment a,
        long i,
        int da,
        MemorySegment b,
        long j,
        int db,
        MemorySegment y,
        long k,
        long n);
  }

  static void abs(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, Math.abs(v));
    }
  }

  static void neg(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, -v);
    }
  }

  static void square(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, v * v);
    }
  }

  static void sqrt(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) Math.sqrt(v));
    }
  }

  static void rsqrt(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) (1 / Math.sqrt(v)));
    }
  }

  static void reciprocal(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, 1 / v);
    }
  }

  static void exp(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) StrictMath.exp(v));
    }
  }

  static void log(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) StrictMath.log(v));
    }
  }

  static void sin(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) StrictMath.sin(v));
    }
  }

  static void cos(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) StrictMath.cos(v));
    }
  }

  static void tanh(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) StrictMath.tanh(v));
    }
  }

  static void erf(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) Reals.erf(v));
    }
  }

  static void floor(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) Math.floor(v));
    }
  }

  static void relu(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, v < 0 ? 0 : v);
    }
  }

  static void clamp(MemorySegment x, MemorySegment y, long n, float low, float high) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, Math.min(Math.max(v, low), high));
    }
  }

  static void leakyRelu(MemorySegment x, MemorySegment y, long n, float slope) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, v > 0 ? v : v * slope);
    }
  }

  static void sigmoid(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) (1 / (1 + StrictMath.exp(-v))));
    }
  }

  static void silu(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) (v / (1 + StrictMath.exp(-v))));
    }
  }

  static void hardsigmoid(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, Math.min(Math.max(v + 3, 0), 6) / 6);
    }
  }

  static void hardswish(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, v * Math.min(Math.max(v + 3, 0), 6) / 6);
    }
  }

  static void gelu(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) Reals.gelu(v));
    }
  }

  static void geluTanh(MemorySegment x, MemorySegment y, long n) {
    for (long i = 0; i < n; i++) {
      float v = at(x, i);
      set(y, i, (float) Reals.geluTanh(v));
    }
  }

  // Each binary operator has three loops: both inputs advance, the right one stays, the left one
  // stays. They are methods of their own, so that each is compiled for what it alone does.

  static void add(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      add(a, i, b, j, y, k, n);
    } else if (db == 0) {
      add(a, i, at(b, j), y, k, n);
    } else {
      add(at(a, i), b, j, y, k, n);
    }
  }

  private static void add(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) + at(b, j + t));
    }
  }

  private static void add(MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) + right);
    }
  }

  private static void add(float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, left + at(b, j + t));
    }
  }

  static void sub(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      sub(a, i, b, j, y, k, n);
    } else if (db == 0) {
      sub(a, i, at(b, j), y, k, n);
    } else {
      sub(at(a, i), b, j, y, k, n);
    }
  }

  private static void sub(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) - at(b, j + t));
    }
  }

  private static void sub(MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) - right);
    }
  }

  private static void sub(float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, left - at(b, j + t));
    }
  }

  static void mul(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      mul(a, i, b, j, y, k, n);
    } else if (db == 0) {
      mul(a, i, at(b, j), y, k, n);
    } else {
      mul(at(a, i), b, j, y, k, n);
    }
  }

  private static void mul(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) * at(b, j + t));
    }
  }

  private static void mul(MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) * right);
    }
  }

  private static void mul(float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, left * at(b, j + t));
    }
  }

  static void div(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      div(a, i, b, j, y, k, n);
    } else if (db == 0) {
      div(a, i, at(b, j), y, k, n);
    } else {
      div(at(a, i), b, j, y, k, n);
    }
  }

  private static void div(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) / at(b, j + t));
    }
  }

  private static void div(MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, at(a, i + t) / right);
    }
  }

  private static void div(float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, left / at(b, j + t));
    }
  }

  static void maximum(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      maximum(a, i, b, j, y, k, n);
    } else if (db == 0) {
      maximum(a, i, at(b, j), y, k, n);
    } else {
      maximum(at(a, i), b, j, y, k, n);
    }
  }

  private static void maximum(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.max(at(a, i + t), at(b, j + t)));
    }
  }

  private static void maximum(
      MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.max(at(a, i + t), right));
    }
  }

  private static void maximum(
      float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.max(left, at(b, j + t)));
    }
  }

  static void minimum(
      MemorySegment a,
      long i,
      int da,
      MemorySegment b,
      long j,
      int db,
      MemorySegment y,
      long k,
      long n) {
    if (da == db) {
      minimum(a, i, b, j, y, k, n);
    } else if (db == 0) {
      minimum(a, i, at(b, j), y, k, n);
    } else {
      minimum(at(a, i), b, j, y, k, n);
    }
  }

  private static void minimum(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.min(at(a, i + t), at(b, j + t)));
    }
  }

  private static void minimum(
      MemorySegment a, long i, float right, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.min(at(a, i + t), right));
    }
  }

  private static void minimum(
      float left, MemorySegment b, long j, MemorySegment y, long k, long n) {
    for (long t = 0; t < n; t++) {
      set(y, k + t, Math.min(left, at(b, j + t)));
    }
  }

  private static float at(MemorySegment x, long i) {
    return x.getAtIndex(JAVA_FLOAT, i);
  }

  private static void set(MemorySegment y, long i, float value) {
    y.setAtIndex(JAVA_FLOAT, i, value);
  }
}
