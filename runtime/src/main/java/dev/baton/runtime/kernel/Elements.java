package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.baton.graph.DType;
import java.lang.foreign.MemorySegment;

/**
 * The elements of a tensor of any dtype, as doubles or longs, by their linear index. A value that
 * the dtype cannot hold is cast as PyTorch does: reals round to nearest even, integers wrap, reals
 * lose their fraction on the way to an integer, and everything but zero is true.
 */
public abstract sealed class Elements {
  final MemorySegment data;

  private Elements(MemorySegment data) {
    this.data = data;
  }

  public static Elements of(Operand operand) {
    return of(operand.data(), operand.dtype());
  }

  public static Elements of(MemorySegment data, DType dtype) {
    return switch (dtype) {
      case FLOAT -> new Singles(data);
      case DOUBLE -> new Doubles(data);
      case HALF -> new Halves(data);
      case BFLOAT16 -> new BFloats(data);
      case BOOL -> new Bools(data);
      case INT8 -> new Bytes(data);
      case UINT8 -> new UnsignedBytes(data);
      case INT16 -> new Shorts(data);
      case UINT16 -> new UnsignedShorts(data);
      case INT32 -> new Ints(data);
      case UINT32 -> new UnsignedInts(data);
      case INT64 -> new Longs(data);
      case UINT64 -> new UnsignedLongs(data);
      case COMPLEX_HALF, COMPLEX_FLOAT, COMPLEX_DOUBLE ->
          throw new KernelException("a complex element is no single number");
    };
  }

  /** Real and imaginary parts of a complex tensor, in turn. */
  static Elements parts(Operand operand) {
    return of(operand.data(), operand.dtype().part());
  }

  /**
   * The elements of an operand as values of another dtype, for reading: a tensor is cast to the
   * promoted dtype before an operator computes with it.
   */
  public static Elements as(Operand operand, DType dtype) {
    Elements elements = of(operand);
    return holds(dtype, operand.dtype()) ? elements : new Cast(elements, dtype);
  }

  /** True if every value of {@code from} is a value of {@code to}. */
  private static boolean holds(DType to, DType from) {
    return to == from
        || switch (to) {
          case DOUBLE -> from.isFloatingPoint() || from.byteSize() <= 4;
          case FLOAT -> from.byteSize() <= 2;
          case HALF, BFLOAT16 -> from.byteSize() == 1; // integers of 8 bits are exact in both
          case BOOL -> false;
          case UINT8, UINT16, UINT32, UINT64 -> from == DType.BOOL;
          default -> (from.isInteger() && from.byteSize() < to.byteSize()) || from == DType.BOOL;
        };
  }

  public abstract double getDouble(long index);

  public abstract void setDouble(long index, double value);

  /** The element as a long; a real loses its fraction. */
  public long getLong(long index) {
    return (long) getDouble(index);
  }

  public abstract void setLong(long index, long value);

  public boolean getBool(long index) {
    return getDouble(index) != 0;
  }

  /** The nearest value of a dtype. */
  public static double round(DType dtype, double value) {
    return switch (dtype) {
      case DOUBLE -> value;
      case FLOAT -> (float) value;
      case HALF -> Float.float16ToFloat(Float.floatToFloat16((float) value));
      case BFLOAT16 -> bfloat16ToFloat(floatToBFloat16((float) value));
      default -> wrap(dtype, toLong(dtype, value));
    };
  }

  private static long toLong(DType dtype, double value) {
    return dtype == DType.BOOL ? (value != 0 ? 1 : 0) : (long) value;
  }

  /** An integer cast to a dtype; to a floating-point dtype, unchanged. */
  public static long wrap(DType dtype, long value) {
    return switch (dtype) {
      case BOOL -> value != 0 ? 1 : 0;
      case INT8 -> (byte) value;
      case UINT8 -> value & 0xFF;
      case INT16 -> (short) value;
      case UINT16 -> value & 0xFFFF;
      case INT32 -> (int) value;
      case UINT32 -> value & 0xFFFF_FFFFL;
      default -> value;
    };
  }

  public static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest even; a NaN stays a NaN. */
  public static short floatToBFloat16(float value) {
    if (Float.isNaN(value)) {
      return 0x7FC0;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  private static final class Singles extends Elements {
    Singles(MemorySegment data) {
      super(data);
    }

    @Override
    public double getDouble(long index) {
      return data.getAtIndex(JAVA_FLOAT, index);
    }

    @Override
    public void setDouble(long index, double value) {
      data.setAtIndex(JAVA_FLOAT, index, (float) value);
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_FLOAT, index, (float) value);
    }
  }

  private static final class Doubles extends Elements {
    Doubles(MemorySegment data) {
      super(data);
    }

    @Override
    public double getDouble(long index) {
      return data.getAtIndex(JAVA_DOUBLE, index);
    }

    @Override
    public void setDouble(long index, double value) {
      data.setAtIndex(JAVA_DOUBLE, index, value);
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_DOUBLE, index, (double) value);
    }
  }

  private static final class Halves extends Elements {
    Halves(MemorySegment data) {
      super(data);
    }

    @Override
    public double getDouble(long index) {
      return Float.float16ToFloat(data.getAtIndex(JAVA_SHORT, index));
    }

    @Override
    public void setDouble(long index, double value) {
      data.setAtIndex(JAVA_SHORT, index, Float.floatToFloat16((float) value));
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_SHORT, index, Float.floatToFloat16((float) value));
    }
  }

  private static final class BFloats extends Elements {
    BFloats(MemorySegment data) {
      super(data);
    }

    @Override
    public double getDouble(long index) {
      return bfloat16ToFloat(data.getAtIndex(JAVA_SHORT, index));
    }

    @Override
    public void setDouble(long index, double value) {
      data.setAtIndex(JAVA_SHORT, index, floatToBFloat16((float) value));
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_SHORT, index, floatToBFloat16((float) value));
    }
  }

  /** Dtypes whose values are integers. */
  private abstract static sealed class Integers extends Elements {
    Integers(MemorySegment data) {
      super(data);
    }

    @Override
    public abstract long getLong(long index);

    @Override
    public double getDouble(long index) {
      return (double) getLong(index);
    }

    @Override
    public void setDouble(long index, double value) {
      setLong(index, (long) value);
    }

    @Override
    public boolean getBool(long index) {
      return getLong(index) != 0;
    }
  }

  private static final class Bools extends Integers {
    Bools(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.get(JAVA_BYTE, index) != 0 ? 1 : 0;
    }

    @Override
    public void setLong(long index, long value) {
      data.set(JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
    }

    @Override
    public void setDouble(long index, double value) {
      data.set(JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
    }
  }

  private static final class Bytes extends Integers {
    Bytes(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.get(JAVA_BYTE, index);
    }

    @Override
    public void setLong(long index, long value) {
      data.set(JAVA_BYTE, index, (byte) value);
    }
  }

  private static final class UnsignedBytes extends Integers {
    UnsignedBytes(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.get(JAVA_BYTE, index) & 0xFF;
    }

    @Override
    public void setLong(long index, long value) {
      data.set(JAVA_BYTE, index, (byte) value);
    }
  }

  private static final class Shorts extends Integers {
    Shorts(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_SHORT, index);
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_SHORT, index, (short) value);
    }
  }

  private static final class UnsignedShorts extends Integers {
    UnsignedShorts(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_SHORT, index) & 0xFFFF;
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_SHORT, index, (short) value);
    }
  }

  private static final class Ints extends Integers {
    Ints(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_INT, index);
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_INT, index, (int) value);
    }
  }

  private static final class UnsignedInts extends Integers {
    UnsignedInts(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_INT, index) & 0xFFFF_FFFFL;
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_INT, index, (int) value);
    }
  }

  private static final class Longs extends Integers {
    Longs(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_LONG, index);
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_LONG, index, value);
    }
  }

  /** As longs, the same bits. */
  private static final class UnsignedLongs extends Integers {
    private static final double TWO_POW_64 = 0x1p64;

    UnsignedLongs(MemorySegment data) {
      super(data);
    }

    @Override
    public long getLong(long index) {
      return data.getAtIndex(JAVA_LONG, index);
    }

    @Override
    public double getDouble(long index) {
      long bits = getLong(index);
      return bits >= 0 ? bits : bits + TWO_POW_64;
    }

    @Override
    public void setLong(long index, long value) {
      data.setAtIndex(JAVA_LONG, index, value);
    }

    @Override
    public void setDouble(long index, double value) {
      setLong(index, value < 0x1p63 ? (long) value : (long) (value - TWO_POW_64));
    }
  }

  /** Another dtype's view of elements, for reading. */
  private static final class Cast extends Elements {
    private final Elements source;
    private final DType dtype;

    Cast(Elements source, DType dtype) {
      super(source.data);
      this.source = source;
      this.dtype = dtype;
    }

    @Override
    public double getDouble(long index) {
      return round(dtype, source.getDouble(index));
    }

    @Override
    public long getLong(long index) {
      return dtype == DType.BOOL
          ? (source.getBool(index) ? 1 : 0)
          : wrap(dtype, source.getLong(index));
    }

    @Override
    public boolean getBool(long index) {
      return source.getBool(index);
    }

    @Override
    public void setDouble(long index, double value) {
      throw new UnsupportedOperationException("a cast is for reading");
    }

    @Override
    public void setLong(long index, long value) {
      throw new UnsupportedOperationException("a cast is for reading");
    }
  }
}
