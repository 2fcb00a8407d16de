package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import java.lang.foreign.MemorySegment;

/** Evenly spaced elements of a tensor, copied to and from arrays: one dispatch on dtype a row. */
final class Rows {
  final Elements elements;
  private final MemorySegment data;
  private final boolean single;

  Rows(Operand operand) {
    this(operand, operand.dtype());
  }

  /** The elements cast to a dtype, for reading. */
  Rows(Operand operand, DType dtype) {
    this.elements = Elements.as(operand, dtype);
    this.data = operand.data();
    this.single = operand.dtype() == DType.FLOAT && (dtype == DType.FLOAT || dtype == DType.DOUBLE);
  }

  /** Reads {@code count} elements from index {@code at}, {@code stride} apart. */
  void load(long at, long stride, int count, double[] into, int position) {
    if (single) {
      for (int i = 0; i < count; i++) {
        into[position + i] = data.getAtIndex(JAVA_FLOAT, at + i * stride);
      }
    } else {
      for (int i = 0; i < count; i++) {
        into[position + i] = elements.getDouble(at + i * stride);
      }
    }
  }

  void load(long at, long stride, int count, long[] into, int position) {
    for (int i = 0; i < count; i++) {
      into[position + i] = elements.getLong(at + i * stride);
    }
  }

  /** Writes {@code count} elements from index {@code at}, {@code stride} apart. */
  void store(long at, long stride, int count, double[] from) {
    if (single) {
      for (int i = 0; i < count; i++) {
        data.setAtIndex(JAVA_FLOAT, at + i * stride, (float) from[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        elements.setDouble(at + i * stride, from[i]);
      }
    }
  }
}
