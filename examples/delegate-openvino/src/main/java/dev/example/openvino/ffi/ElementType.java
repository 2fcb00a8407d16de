package dev.example.openvino.ffi;

import dev.baton.graph.DType;
import org.jspecify.annotations.Nullable;

/** Element types that Baton and OpenVINO share. */
public enum ElementType {
  BOOLEAN(DType.BOOL, 1, "boolean"),
  F32(DType.FLOAT, 4, "f32"),
  I8(DType.INT8, 7, "i8"),
  I32(DType.INT32, 9, "i32"),
  I64(DType.INT64, 10, "i64"),
  U8(DType.UINT8, 16, "u8");

  private final DType dtype;
  private final int code;
  private final String label;

  ElementType(DType dtype, int code, String label) {
    this.dtype = dtype;
    this.code = code;
    this.label = label;
  }

  /** The type of a tensor; null if there is none here. */
  public static @Nullable ElementType of(DType dtype) {
    for (ElementType type : values()) {
      if (type.dtype == dtype) {
        return type;
      }
    }
    return null;
  }

  /** What an IR calls it. */
  public String label() {
    return label;
  }

  public int byteSize() {
    return dtype.byteSize();
  }

  /** What the C API calls it since 2025.0: {@code ov_element_type_e}. */
  int code() {
    return code;
  }
}
