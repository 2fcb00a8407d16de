package dev.baton.cli;

import dev.baton.cases.Numbers;
import dev.baton.graph.DType;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Numbers and tensors for people. */
final class Text {
  private static final int SHOWN_VALUES = 8;

  private Text() {}

  static String bytes(long bytes) {
    return bytes < 1024
        ? bytes + " B"
        : bytes < 1 << 20
            ? format("%.1f KiB", bytes / 1024.0)
            : bytes < 1L << 30
                ? format("%.1f MiB", bytes / 1048576.0)
                : format("%.2f GiB", bytes / 1073741824.0);
  }

  /** One line about an execution's memory beside the file's plan. */
  static String memory(Placement.Memory memory) {
    return (memory.arenaBytes() == Placement.Memory.UNKNOWN
            ? "an arena that data decide"
            : "an arena of " + bytes(memory.arenaBytes()))
        + ", "
        + bytes(memory.variableBytes())
        + " of inputs, outputs and state; the file plans "
        + bytes(memory.plannedBytes())
        + " for both";
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** {@code 1 operator}, {@code 2 operators}. */
  static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /**
   * A line without what would move the cursor, end the line, or turn the direction of writing:
   * these are written as {@code \\u001b}.
   */
  static String printable(String line) {
    if (line.chars().allMatch(Text::isPrintable)) {
      return line;
    }
    StringBuilder text = new StringBuilder();
    line.chars()
        .forEach(
            c -> text.append(isPrintable(c) ? String.valueOf((char) c) : format("\\u%04x", c)));
    return text.toString();
  }

  private static boolean isPrintable(int character) {
    return !Character.isISOControl(character)
        && Character.getType(character) != Character.FORMAT
        && Character.getType(character) != Character.LINE_SEPARATOR
        && Character.getType(character) != Character.PARAGRAPH_SEPARATOR;
  }

  static String dtype(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }

  /** Type, shape and the first values. */
  static String value(EValue value) {
    if (!value.isTensor()) {
      return String.valueOf(value);
    }
    Tensor tensor = value.toTensor();
    Tensor reals = Numbers.asReals(tensor);
    String first =
        LongStream.range(0, Math.min(SHOWN_VALUES, reals.numel()))
            .mapToObj(i -> element(reals, i))
            .collect(Collectors.joining(", "));
    return dtype(tensor.dtype())
        + Arrays.toString(tensor.shape())
        + (first.isEmpty() ? "" : ": " + first)
        + (reals.numel() > SHOWN_VALUES ? ", …" : "");
  }

  private static String element(Tensor tensor, long index) {
    return tensor.dtype().isFloatingPoint()
        ? format("%.6g", Numbers.asDouble(tensor, index))
        : tensor.dtype() == DType.BOOL
            ? String.valueOf(Numbers.asLong(tensor, index) != 0)
            : String.valueOf(Numbers.asLong(tensor, index));
  }
}
