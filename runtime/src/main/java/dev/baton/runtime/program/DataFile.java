package dev.baton.runtime.program;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A data file ({@code .ptd}): weights that lie outside of the program. It belongs to the program
 * that was opened with it.
 *
 * @param source the file's path as it was given, or a description of the memory
 * @param entries by key, in file order; unmodifiable
 */
public record DataFile(String source, Map<String, Entry> entries) {
  /**
   * @param bytes read-only, native, valid until the program is closed; several keys may share them
   * @param layout what the bytes are if they are a tensor; null if the file does not say
   */
  public record Entry(MemorySegment bytes, @Nullable TensorLayout layout) {}

  /**
   * A tensor's description; the entry has at least as many bytes as it needs.
   *
   * @param sizes elements by dimension, each zero or more
   * @param dimOrder the dimensions from outermost to innermost in memory
   */
  public record TensorLayout(ScalarType scalarType, Ints sizes, Ints dimOrder) {
    @Override
    public String toString() {
      return scalarType + " " + sizes + " in the order " + dimOrder;
    }
  }
}
