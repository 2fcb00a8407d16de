package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import java.util.Arrays;

/**
 * What is put around the spatial dimensions of convolutions and pools.
 *
 * @param before by dimension
 * @param after by dimension
 */
record Padding(int[] before, int[] after) {
  /**
   * The padding that an operation asks for by name or by numbers.
   *
   * @param kernel sizes of the window by spatial dimension
   */
  static Padding of(OperationCall c, Value x, int[] kernel, int[] strides, int[] dilations)
      throws DelegateException, UnsupportedOperation {
    int spatial = kernel.length;
    String type = c.text("pad_type", "valid");
    switch (type) {
      case "valid" -> {
        return new Padding(new int[spatial], new int[spatial]);
      }
      case "custom" -> {
        return custom(c, spatial);
      }
      case "same", "same_lower" -> {
        int[] before = new int[spatial];
        int[] after = new int[spatial];
        for (int d = 0; d < spatial; d++) {
          int size = c.fixed(x).size(2 + d);
          int window = (kernel[d] - 1) * dilations[d] + 1;
          int steps = Math.ceilDiv(size, strides[d]);
          int total = Math.max(0, strides[d] * steps - size + window - strides[d]);
          before[d] = type.equals("same") ? total / 2 : total - total / 2;
          after[d] = total - before[d];
        }
        return new Padding(before, after);
      }
      default -> throw new UnsupportedOperation("pads in the way '" + type + "'");
    }
  }

  static Padding custom(OperationCall c, int spatial)
      throws DelegateException, UnsupportedOperation {
    int[] pad = c.integers("pad", new int[2 * spatial]);
    if (pad.length != 2 * spatial) {
      throw Failures.damaged(
          c.operation().label() + " pads by " + pad.length + " numbers, expected " + 2 * spatial);
    }
    int[] before = new int[spatial];
    int[] after = new int[spatial];
    for (int d = 0; d < spatial; d++) {
      before[d] = pad[2 * d];
      after[d] = pad[2 * d + 1];
    }
    return new Padding(before, after);
  }

  boolean isSymmetric() {
    return Arrays.equals(before, after);
  }

  boolean isNone() {
    return isSymmetric() && Arrays.stream(before).allMatch(p -> p == 0);
  }

  /** The tensor with this around its last dimensions. */
  Value around(OperationCall c, Value x, double value) {
    if (isNone()) {
      return x;
    }
    int spatial = before.length;
    int[] pad = new int[2 * spatial];
    for (int d = 0; d < spatial; d++) {
      pad[2 * (spatial - 1 - d)] = before[d];
      pad[2 * (spatial - 1 - d) + 1] = after[d];
    }
    return c.apply("aten::constant_pad_nd", x, Argument.ints(pad), Argument.of(value));
  }
}
