package dev.baton.qnn.ffi;

/** Element types that can cross the border of a graph. */
public enum DataType {
  INT_8(0x0008, 1),
  INT_16(0x0016, 2),
  INT_32(0x0032, 4),
  INT_64(0x0064, 8),
  UINT_8(0x0108, 1),
  UINT_16(0x0116, 2),
  UINT_32(0x0132, 4),
  UINT_64(0x0164, 8),
  FLOAT_16(0x0216, 2),
  FLOAT_32(0x0232, 4),
  FLOAT_64(0x0264, 8),
  SFIXED_POINT_8(0x0308, 1),
  SFIXED_POINT_16(0x0316, 2),
  SFIXED_POINT_32(0x0332, 4),
  UFIXED_POINT_8(0x0408, 1),
  UFIXED_POINT_16(0x0416, 2),
  UFIXED_POINT_32(0x0432, 4),
  BOOL_8(0x0508, 1);

  private final int code;
  private final int byteSize;

  DataType(int code, int byteSize) {
    this.code = code;
    this.byteSize = byteSize;
  }

  int code() {
    return code;
  }

  /** Bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  public boolean isFloat() {
    return this == FLOAT_16 || this == FLOAT_32 || this == FLOAT_64;
  }

  /** How many integers there are, of a type of up to 32 bits. */
  public long codes() {
    return 1L << (Byte.SIZE * byteSize);
  }

  /** The least integer, of a fixed-point type. */
  public long least() {
    return switch (this) {
      case SFIXED_POINT_8, SFIXED_POINT_16, SFIXED_POINT_32 -> -codes() / 2;
      case UFIXED_POINT_8, UFIXED_POINT_16, UFIXED_POINT_32 -> 0;
      default -> throw new IllegalStateException(this + " is not of fixed point");
    };
  }

  static DataType of(int code, String tensor) throws QnnFormatException {
    for (DataType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new QnnFormatException(
        "the tensor %s has the element type 0x%x, which Baton does not know"
            .formatted(tensor, code));
  }
}
