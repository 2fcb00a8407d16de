package dev.baton.delegate;

import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * An option that a delegate understands.
 *
 * @param key what callers set: lower case, words joined by {@code -}
 * @param expected the values that it can have, as they follow "expected": {@code on or off}
 * @param accepts true for the values that it can have
 */
public record DelegateOption(String key, String expected, Predicate<String> accepts) {
  public DelegateOption {
    Objects.requireNonNull(key);
    Objects.requireNonNull(expected);
    Objects.requireNonNull(accepts);
  }

  /** An option that takes any text, such as a path. */
  public static DelegateOption text(String key) {
    return new DelegateOption(key, "a text", value -> true);
  }

  /** An option that takes one of these values. */
  public static DelegateOption oneOf(String key, String... values) {
    List<String> all = List.of(values);
    return new DelegateOption(key, "one of " + String.join(", ", all), all::contains);
  }

  /** An option that takes a number of bytes, a {@code long} of 0 or more. */
  public static DelegateOption bytes(String key) {
    return new DelegateOption(key, "a number of bytes", DelegateOption::isCount);
  }

  private static boolean isCount(String value) {
    try {
      return Long.parseLong(value) >= 0;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
