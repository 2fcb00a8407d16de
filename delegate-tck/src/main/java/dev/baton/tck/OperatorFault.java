package dev.baton.tck;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * An operator that a delegate computes wrongly, wherever it meets it: its first result, a float
 * tensor, is multiplied by a factor. What is meant is said by what the operator is, not by where it
 * lies, so that it is wrong in a part of the program too.
 *
 * @param operator functional name, such as {@code aten::convolution}
 * @param sizes of the result, such as {@code 1x96x56x56}; empty for any
 * @param constants checksum of its constants, as {@link #checksum} gives it; empty for any
 */
public record OperatorFault(String operator, String sizes, String constants, double factor) {
  private static final Pattern SELECTOR =
      Pattern.compile("(?<operator>[^@~]+)(?:@(?<sizes>[0-9x]*))?(?:~(?<constants>[0-9a-f]{8}))?");

  /**
   * Reads {@code OPERATOR@SIZES~CHECKSUM}, where sizes and checksum may be missing.
   *
   * @throws IllegalArgumentException if it is malformed
   */
  static OperatorFault parse(String selector, double factor) {
    Matcher matcher = SELECTOR.matcher(selector);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "an operator is aten::add.Tensor, aten::add.Tensor@1x96x56x56 or"
              + " aten::convolution~01234567, not "
              + selector);
    }
    String sizes = matcher.group("sizes");
    String constants = matcher.group("constants");
    return new OperatorFault(
        matcher.group("operator"),
        sizes == null ? "" : sizes,
        constants == null ? "" : constants,
        factor);
  }

  boolean hits(Node node) {
    return node.name().equals(operator)
        && !node.results().isEmpty()
        && node.result().isTensor()
        && node.result().dtype() == DType.FLOAT
        && (sizes.isEmpty() || sizes.equals(sizes(node.result())))
        && (constants.isEmpty() || constants.equals(checksum(node)));
  }

  private static String sizes(Value value) {
    StringBuilder text = new StringBuilder();
    for (int size : value.shape().sizes()) {
      text.append(text.isEmpty() ? "" : "x").append(size);
    }
    return text.toString();
  }

  /** CRC-32 of the constants that a node reads, in their order, each contiguous; in hexadecimal. */
  public static String checksum(Node node) {
    CRC32 sum = new CRC32();
    try (Arena temporary = Arena.ofConfined()) {
      for (Value value : node.inputs()) {
        if (value.isConstant() && ConstantCopy.isSupported(value.constant())) {
          MemorySegment bytes = ConstantCopy.contiguous(value.constant(), temporary);
          sum.update(bytes.asByteBuffer());
        }
      }
    }
    return String.format("%08x", sum.getValue());
  }
}
