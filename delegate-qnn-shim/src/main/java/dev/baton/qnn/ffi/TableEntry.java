package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;

/**
 * A function of a table. Signatures have one letter for each parameter: {@code p} is an address, a
 * handle or a 64-bit integer, {@code i} a 32-bit integer or enum, {@code o} a node's description
 * and {@code t} the whole table's structure, both by value. Every function returns 64 bits, of
 * which the lower 16 are the error code.
 */
sealed interface TableEntry permits BackendFunction, SystemFunction {
  /** Its place in the table, 0 the first. */
  int slot();

  /** Its name, as the vendor's documentation has it. */
  String symbol();

  String signature();

  /**
   * @param tableBytes size of the structure that {@code t} stands for
   */
  default FunctionDescriptor descriptor(long tableBytes) {
    return FunctionDescriptor.of(
        JAVA_LONG,
        signature()
            .chars()
            .mapToObj(letter -> layout(letter, tableBytes))
            .toArray(MemoryLayout[]::new));
  }

  private static MemoryLayout layout(int letter, long tableBytes) {
    return switch (letter) {
      case 'p' -> JAVA_LONG;
      case 'i' -> JAVA_INT;
      case 'o' -> words(Layouts.NODE_BYTES);
      case 't' -> words(tableBytes);
      default -> throw new IllegalArgumentException("no type has the letter " + (char) letter);
    };
  }

  private static MemoryLayout words(long bytes) {
    return MemoryLayout.structLayout(
        MemoryLayout.sequenceLayout(bytes / JAVA_LONG.byteSize(), JAVA_LONG));
  }
}
