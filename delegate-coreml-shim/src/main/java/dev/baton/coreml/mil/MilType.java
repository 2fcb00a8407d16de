package dev.baton.coreml.mil;

import dev.baton.graph.DType;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Type of a value of a program. */
public sealed interface MilType {
  /** A size that is known when the program runs. */
  long UNKNOWN = -1;

  /**
   * @param sizes outermost dimension first; {@link #UNKNOWN} where a size varies
   */
  record Tensor(Element element, List<Long> sizes) implements MilType {
    public boolean isStatic() {
      return !sizes.contains(UNKNOWN);
    }

    @Override
    public String toString() {
      return element
          + sizes.stream()
              .map(s -> s == UNKNOWN ? "?" : s.toString())
              .collect(Collectors.joining(", ", "[", "]"));
    }
  }

  /** What is kept from call to call. */
  record State(MilType wrapped) implements MilType {}

  /** A list, a tuple, a dictionary, or what this version does not know. */
  record Other() implements MilType {}

  /**
   * Type of a tensor's elements: its code in programs, its code in weight files, its bits, and the
   * dtype that lifted graphs compute with. Real numbers of 16 bits are computed in 32, and integers
   * of 16 bits too.
   */
  enum Element {
    BOOL(1, 0, 8, DType.BOOL),
    STRING(2, 0, 0, null),
    FP16(10, 1, 16, DType.FLOAT),
    FP32(11, 2, 32, DType.FLOAT),
    FP64(12, 0, 64, DType.DOUBLE),
    BF16(13, 5, 16, DType.FLOAT),
    INT8(21, 4, 8, DType.INT8),
    INT16(22, 6, 16, DType.INT32),
    INT32(23, 14, 32, DType.INT32),
    INT64(24, 0, 64, DType.INT64),
    INT4(25, 8, 4, DType.INT8),
    UINT8(31, 3, 8, DType.UINT8),
    UINT16(32, 7, 16, DType.INT32),
    UINT32(33, 15, 32, DType.INT64),
    UINT64(34, 0, 64, DType.INT64),
    UINT4(35, 11, 4, DType.UINT8),
    UINT2(36, 10, 2, DType.UINT8),
    UINT1(37, 9, 1, DType.UINT8),
    UINT6(38, 13, 6, DType.UINT8),
    UINT3(39, 12, 3, DType.UINT8);

    private final int code;
    private final int blobCode;
    private final int bits;
    private final @Nullable DType computed;

    Element(int code, int blobCode, int bits, @Nullable DType computed) {
      this.code = code;
      this.blobCode = blobCode;
      this.bits = bits;
      this.computed = computed;
    }

    /** Null for a code that is not known. */
    static @Nullable Element ofCode(long code) {
      for (Element element : values()) {
        if (element.code == code) {
          return element;
        }
      }
      return null;
    }

    /**
     * The element that an operator's {@code dtype} names, such as {@code fp16}; null if none has
     * the name.
     */
    public static @Nullable Element named(String name) {
      for (Element element : values()) {
        if (element.toString().equals(name)) {
          return element;
        }
      }
      return null;
    }

    /** What records of weight files say; 0 if they hold no such. */
    public int blobCode() {
      return blobCode;
    }

    /** Bits of one element; several smaller ones share a byte. */
    public int bits() {
      return bits;
    }

    public boolean isSigned() {
      return switch (this) {
        case INT8, INT16, INT32, INT64, INT4 -> true;
        default -> false;
      };
    }

    /** The dtype of such tensors in graphs; null for texts. */
    public @Nullable DType computed() {
      return computed;
    }

    /** As programs write it: {@code fp16}. */
    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }
}
