package dev.baton.coreml.mil;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** A constant of a program. */
public record MilValue(MilType type, Content content) {
  /** Where its elements are. */
  public sealed interface Content {}

  /**
   * In the program itself.
   *
   * @param data the elements, in the bits of their type, the first in the lowest
   * @param texts of a tensor of strings
   */
  public record Immediate(MemorySegment data, List<String> texts) implements Content {}

  /**
   * In a weight file.
   *
   * @param offset of the blob's record
   */
  public record Stored(String file, long offset) implements Content {}

  /** A list, a tuple or a dictionary: nothing reads them. */
  public record Other() implements Content {}
}
