package dev.baton.runtime.program;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An immutable sequence of ints, unboxed: sizes, dim orders, value indices. Safe to share between
 * threads.
 */
public final class Ints {
  private static final Ints EMPTY = new Ints(new int[0]);

  private final int[] items;

  private Ints(int[] items) {
    this.items = items;
  }

  /** Copies {@code items}. */
  public static Ints of(int... items) {
    return items.length == 0 ? EMPTY : new Ints(items.clone());
  }

  /** Takes {@code items} over: the caller no longer touches them. */
  static Ints owning(int[] items) {
    return items.length == 0 ? EMPTY : new Ints(items);
  }

  public int size() {
    return items.length;
  }

  public boolean isEmpty() {
    return items.length == 0;
  }

  /**
   * The item at an index.
   *
   * @throws IndexOutOfBoundsException if {@code index} is not within {@code [0, size())}
   */
  public int get(int index) {
    return items[index];
  }

  public boolean contains(int item) {
    for (int each : items) {
      if (each == item) {
        return true;
      }
    }
    return false;
  }

  public IntStream stream() {
    return Arrays.stream(items);
  }

  /** A copy that belongs to the caller. */
  public int[] toArray() {
    return items.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ints that && Arrays.equals(items, that.items);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(items);
  }

  /** For example {@code [2, 3]}. */
  @Override
  public String toString() {
    return Arrays.toString(items);
  }
}
