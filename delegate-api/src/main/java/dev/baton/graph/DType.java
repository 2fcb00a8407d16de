package dev.baton.graph;

/**
 * Element type of a tensor, with the code that program files and PyTorch's {@code ScalarType} use.
 */
public enum DType {
  UINT8(0, 1),
  INT8(1, 1),
  INT16(2, 2),
  INT32(3, 4),
  INT64(4, 8),
  /** IEEE 754 binary16. */
  HALF(5, 2),
  FLOAT(6, 4),
  DOUBLE(7, 8),
  /** Two {@link #HALF}s for each element: real, then imaginary. */
  COMPLEX_HALF(8, 4),
  /** Two {@link #FLOAT}s for each element: real, then imaginary. */
  COMPLEX_FLOAT(9, 8),
  /** Two {@link #DOUBLE}s for each element: real, then imaginary. */
  COMPLEX_DOUBLE(10, 16),
  /** One byte for each element, 0 or 1. */
  BOOL(11, 1),
  /** The upper half of a binary32. */
  BFLOAT16(15, 2),
  UINT16(27, 2),
  UINT32(28, 4),
  UINT64(29, 8);

  private static final DType[] BY_CODE = new DType[30];

  static {
    for (DType dtype : values()) {
      BY_CODE[dtype.code] = dtype;
    }
  }

  private final int code;
  private final int byteSize;

  DType(int code, int byteSize) {
    this.code = code;
    this.byteSize = byteSize;
  }

  /** PyTorch's {@code ScalarType} code. */
  public int code() {
    return code;
  }

  /** Bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  public boolean isFloatingPoint() {
    return switch (this) {
      case HALF, FLOAT, DOUBLE, BFLOAT16 -> true;
      default -> false;
    };
  }

  /** True for the integer types; false for {@link #BOOL}. */
  public boolean isInteger() {
    return !isFloatingPoint() && !isComplex() && this != BOOL;
  }

  public boolean isComplex() {
    return switch (this) {
      case COMPLEX_HALF, COMPLEX_FLOAT, COMPLEX_DOUBLE -> true;
      default -> false;
    };
  }

  /** The dtype of the real and the imaginary part of a complex one; any other dtype itself. */
  public DType part() {
    return switch (this) {
      case COMPLEX_HALF -> HALF;
      case COMPLEX_FLOAT -> FLOAT;
      case COMPLEX_DOUBLE -> DOUBLE;
      default -> this;
    };
  }

  /** True if {@link #of} knows the code. */
  public static boolean isKnown(int code) {
    return code >= 0 && code < BY_CODE.length && BY_CODE[code] != null;
  }

  /**
   * @throws IllegalArgumentException if no dtype has the code
   */
  public static DType of(int code) {
    if (!isKnown(code)) {
      throw new IllegalArgumentException("no dtype has the scalar type code " + code);
    }
    return BY_CODE[code];
  }
}
