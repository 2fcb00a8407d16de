package dev.baton.runtime.kernel;

import dev.baton.runtime.kernel.Call.Number;

/**
 * Operators whose result is a scalar that shapes may depend on: symbolic sizes and the arithmetic
 * of {@code executorch_prim}. They are computed when a plan is made, not when it runs.
 */
public final class ScalarOperators {
  private ScalarOperators() {}

  /** True if {@link #evaluate} knows the operator. */
  public static boolean contains(String operator) {
    return operator.equals("aten::sym_size.int")
        || operator.equals("aten::sym_numel")
        || (operator.startsWith("executorch_prim::")
            && !operator.startsWith("executorch_prim::et_"));
  }

  /**
   * The result of a scalar operator.
   *
   * @throws KernelException if the arguments do not fit, or an integer is divided by zero
   */
  public static Number evaluate(Call call) {
    String name = call.node().name();
    switch (name) {
      case "aten::sym_size.int" -> {
        int rank = call.shape("self").rank();
        long dim = call.integer("dim");
        if (dim < -rank || dim >= rank) {
          throw new KernelException("dimension " + dim + " of a tensor of rank " + rank);
        }
        return Number.of((long) call.shape("self").size((int) dim));
      }
      case "aten::sym_numel" -> {
        return Number.of(call.shape("self").numel());
      }
      default -> {}
    }
    Number a = call.scalar(call.node().operator().parameters().get(0).name());
    boolean integers = a.kind() != Number.Kind.REAL;
    switch (name) {
      case "executorch_prim::neg.Scalar" -> {
        return integers ? Number.of(-a.integer()) : Number.of(-a.real());
      }
      case "executorch_prim::sym_not.Scalar" -> {
        return Number.of(a.real() == 0);
      }
      case "executorch_prim::sym_float.Scalar" -> {
        return Number.of(a.real());
      }
      case "executorch_prim::sym_int.Scalar", "executorch_prim::trunc.Scalar" -> {
        return integers ? Number.of(a.integer()) : Number.of((long) a.real());
      }
      case "executorch_prim::ceil.Scalar" -> {
        return Number.of((long) Math.ceil(a.real()));
      }
      case "executorch_prim::round.Scalar" -> {
        return Number.of((long) Math.rint(a.real()));
      }
      case "executorch_prim::sym_ite.Scalar" -> {
        return call.scalar(a.real() != 0 ? "t" : "f");
      }
      default -> {}
    }
    Number b = call.scalar("b");
    integers &= b.kind() != Number.Kind.REAL;
    long x = a.integer();
    long y = b.integer();
    return switch (name) {
      case "executorch_prim::add.Scalar" ->
          integers ? Number.of(x + y) : Number.of(a.real() + b.real());
      case "executorch_prim::sub.Scalar" ->
          integers ? Number.of(x - y) : Number.of(a.real() - b.real());
      case "executorch_prim::mul.Scalar" ->
          integers ? Number.of(x * y) : Number.of(a.real() * b.real());
      case "executorch_prim::truediv.Scalar" -> Number.of(a.real() / b.real());
      case "executorch_prim::floordiv.Scalar", "executorch_prim::floordiv.int" ->
          integers
              ? Number.of(Math.floorDiv(x, nonZero(y)))
              : Number.of(Math.floor(a.real() / b.real()));
      case "executorch_prim::mod.Scalar", "executorch_prim::mod.int" ->
          integers
              ? Number.of(Math.floorMod(x, nonZero(y)))
              : Number.of(a.real() - Math.floor(a.real() / b.real()) * b.real());
      case "executorch_prim::sym_max.Scalar" ->
          integers ? Number.of(Math.max(x, y)) : Number.of(Math.max(a.real(), b.real()));
      case "executorch_prim::sym_min.Scalar" ->
          integers ? Number.of(Math.min(x, y)) : Number.of(Math.min(a.real(), b.real()));
      case "executorch_prim::eq.Scalar" -> Number.of(integers ? x == y : a.real() == b.real());
      case "executorch_prim::gt.Scalar" -> Number.of(integers ? x > y : a.real() > b.real());
      case "executorch_prim::lt.Scalar" -> Number.of(integers ? x < y : a.real() < b.real());
      case "executorch_prim::ge.Scalar" -> Number.of(integers ? x >= y : a.real() >= b.real());
      case "executorch_prim::le.Scalar" -> Number.of(integers ? x <= y : a.real() <= b.real());
      default -> throw new KernelException("no scalar operator " + name);
    };
  }

  private static long nonZero(long divisor) {
    if (divisor == 0) {
      throw new KernelException("integer division by zero");
    }
    return divisor;
  }
}
