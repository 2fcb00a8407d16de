package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** PyTorch's type promotion. */
public final class Promotion {
  private Promotion() {}

  /**
   * The smallest dtype that PyTorch gives to a pair: {@code torch.promote_types}.
   *
   * @throws KernelException if the pair has none: unsigned integers wider than a byte promote only
   *     with themselves, bools and reals
   */
  public static DType promote(DType a, DType b) {
    if (a == b || b == DType.BOOL) {
      return a;
    }
    if (a == DType.BOOL) {
      return b;
    }
    if (a.isComplex() || b.isComplex()) {
      return complex(
          a.isInteger() ? b.part() : b.isInteger() ? a.part() : promote(a.part(), b.part()));
    }
    if (a.isFloatingPoint() || b.isFloatingPoint()) {
      return !b.isFloatingPoint()
          ? a
          : !a.isFloatingPoint()
              ? b
              : a.byteSize() == b.byteSize() ? DType.FLOAT : a.byteSize() > b.byteSize() ? a : b;
    }
    if (isWideUnsigned(a) || isWideUnsigned(b)) {
      throw new KernelException(
          "the dtypes " + name(a) + " and " + name(b) + " have no common dtype");
    }
    return a == DType.UINT8
        ? (b == DType.INT8 ? DType.INT16 : b)
        : b == DType.UINT8
            ? (a == DType.INT8 ? DType.INT16 : a)
            : a.byteSize() > b.byteSize() ? a : b;
  }

  /**
   * The dtype in which an operator computes: {@code torch.result_type} of tensors and numbers. A
   * number, or a tensor of rank 0, lifts the others only to a higher category (bool, integer,
   * real), never to a wider dtype.
   */
  public static DType resultType(List<TensorType> tensors, Call.Number... numbers) {
    @Nullable DType ranked = null;
    @Nullable DType rankZero = null;
    @Nullable DType number = null;
    for (TensorType tensor : tensors) {
      if (tensor.shape().rank() > 0) {
        ranked = promoteKnown(ranked, tensor.dtype());
      } else {
        rankZero = promoteKnown(rankZero, tensor.dtype());
      }
    }
    for (Call.Number n : numbers) {
      number = promoteKnown(number, of(n));
    }
    @Nullable DType lower = combine(rankZero, number);
    @Nullable DType result = combine(ranked, lower);
    if (result == null) {
      throw new KernelException("no argument has a dtype");
    }
    return result;
  }

  /**
   * A number as an element of a tensor, where PyTorch refuses what the dtype cannot hold. Negative
   * integers may wrap into unsigned ones.
   *
   * @throws KernelException if the number overflows
   */
  static Call.Number fit(Call.Number number, DType dtype) {
    boolean integer = number.kind() != Call.Number.Kind.REAL;
    double value = integer ? number.integer() : number.real();
    double most =
        switch (dtype.part()) {
          case UINT8 -> 0xFF;
          case INT8 -> Byte.MAX_VALUE;
          case INT16 -> Short.MAX_VALUE;
          case UINT16 -> 0xFFFF;
          case INT32 -> Integer.MAX_VALUE;
          case UINT32 -> 0xFFFF_FFFFL;
          case HALF -> 65504;
          case BFLOAT16 -> 0x1.fep127;
          case FLOAT -> Float.MAX_VALUE;
          case INT64 -> 0x1p63;
          case UINT64 -> 0x1p64;
          default -> Double.POSITIVE_INFINITY;
        };
    boolean signed = dtype == DType.INT8 || dtype == DType.INT16 || dtype == DType.INT32;
    boolean overflows =
        dtype.isInteger()
            ? !(value <= most && value >= (signed ? -most - 1 : -most))
            : Double.isFinite(value) && Math.abs(value) > most;
    if (overflows) {
      throw new KernelException("the number " + value + " is no " + name(dtype));
    }
    return number;
  }

  /** The dtype of a number on its own. */
  public static DType of(Call.Number number) {
    return switch (number.kind()) {
      case BOOL -> DType.BOOL;
      case INTEGER -> DType.INT64;
      case REAL -> DType.FLOAT;
    };
  }

  /** The complex dtype with parts of a real one. */
  static DType complex(DType part) {
    return switch (part) {
      case HALF -> DType.COMPLEX_HALF;
      case DOUBLE -> DType.COMPLEX_DOUBLE;
      default -> DType.COMPLEX_FLOAT;
    };
  }

  /** The dtype itself if it is real, else PyTorch's default dtype. */
  public static DType floating(DType dtype) {
    return dtype.isFloatingPoint() ? dtype : DType.FLOAT;
  }

  private static @Nullable DType combine(@Nullable DType higher, @Nullable DType lower) {
    if (higher == null || lower == null) {
      return higher == null ? lower : higher;
    }
    if (higher.isComplex()) {
      return higher;
    }
    if (higher.isFloatingPoint()) {
      return lower.isComplex() ? complex(higher) : higher;
    }
    boolean lifts = higher == DType.BOOL || lower.isFloatingPoint() || lower.isComplex();
    return lifts ? promote(higher, lower) : higher;
  }

  private static DType promoteKnown(@Nullable DType a, DType b) {
    return a == null ? b : promote(a, b);
  }

  private static boolean isWideUnsigned(DType dtype) {
    return dtype == DType.UINT16 || dtype == DType.UINT32 || dtype == DType.UINT64;
  }

  /** A dtype as messages spell it. */
  static String name(DType dtype) {
    return dtype.name().toLowerCase(java.util.Locale.ROOT);
  }
}
