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

  /** The dtype of a number on its own. */
  public static DType of(Call.Number number) {
    return switch (number.kind()) {
      case BOOL -> DType.BOOL;
      case INTEGER -> DType.INT64;
      case REAL -> DType.FLOAT;
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
    if (higher.isFloatingPoint()) {
      return higher;
    }
    return higher == DType.BOOL || lower.isFloatingPoint() ? promote(higher, lower) : higher;
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
