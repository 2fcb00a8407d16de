package dev.baton.runtime.program;

import org.jspecify.annotations.Nullable;

/** Element types that a program can name, with the codes of ExecuTorch. */
public enum ScalarType {
  BYTE(0, 1),
  CHAR(1, 1),
  SHORT(2, 2),
  INT(3, 4),
  LONG(4, 8),
  HALF(5, 2),
  FLOAT(6, 4),
  DOUBLE(7, 8),
  COMPLEX_HALF(8, 4),
  COMPLEX_FLOAT(9, 8),
  COMPLEX_DOUBLE(10, 16),
  BOOL(11, 1),
  QINT8(12, 1),
  QUINT8(13, 1),
  QINT32(14, 4),
  BFLOAT16(15, 2),
  QUINT4X2(16, 1),
  QUINT2X4(17, 1),
  BITS16(22, 2),
  FLOAT8E5M2(23, 1),
  FLOAT8E4M3FN(24, 1),
  FLOAT8E5M2FNUZ(25, 1),
  FLOAT8E4M3FNUZ(26, 1),
  UINT16(27, 2),
  UINT32(28, 4),
  UINT64(29, 8);

  private static final @Nullable ScalarType[] BY_CODE = new @Nullable ScalarType[30];

  static {
    for (ScalarType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;
  private final int bytes;

  ScalarType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** The code in files, and in the Int values that operators take as their dtype argument. */
  public int code() {
    return code;
  }

  /** Bytes of one element in memory. The packed quantized types count 1, as in ExecuTorch. */
  public int bytes() {
    return bytes;
  }

  /** The type with this code, or null where there is none. */
  public static @Nullable ScalarType ofCode(long code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[(int) code] : null;
  }
}
