package dev.baton.runtime;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A value that a method takes or gives: a tensor, a plain value, or nothing. */
public final class EValue {
  private static final EValue NONE = new EValue(null);
  private final @Nullable Object value;

  private EValue(@Nullable Object value) {
    this.value = value;
  }

  public static EValue from(Tensor tensor) {
    return new EValue(Objects.requireNonNull(tensor));
  }

  public static EValue from(long value) {
    return new EValue(value);
  }

  public static EValue from(double value) {
    return new EValue(value);
  }

  public static EValue from(boolean value) {
    return new EValue(value);
  }

  public static EValue from(String value) {
    return new EValue(Objects.requireNonNull(value));
  }

  public static EValue optionalNone() {
    return NONE;
  }

  /** A Long, Double, Boolean, String, Tensor, or null. */
  static EValue ofObject(@Nullable Object value) {
    return value == null ? NONE : new EValue(value);
  }

  /**
   * The value as an object of Java: a Long, Double, Boolean, String or {@link Tensor}; null for
   * none.
   */
  public @Nullable Object toObject() {
    return value;
  }

  public boolean isNone() {
    return value == null;
  }

  public boolean isTensor() {
    return value instanceof Tensor;
  }

  public boolean isInt() {
    return value instanceof Long;
  }

  public boolean isDouble() {
    return value instanceof Double;
  }

  public boolean isBool() {
    return value instanceof Boolean;
  }

  public boolean isString() {
    return value instanceof String;
  }

  /**
   * @throws IllegalStateException if this is no tensor
   */
  public Tensor toTensor() {
    return as(Tensor.class, "a tensor");
  }

  public long toInt() {
    return as(Long.class, "an integer");
  }

  public double toDouble() {
    return as(Double.class, "a double");
  }

  public boolean toBool() {
    return as(Boolean.class, "a bool");
  }

  public String toStr() {
    return as(String.class, "a string");
  }

  private <T> T as(Class<T> type, String name) {
    if (!type.isInstance(value)) {
      throw new IllegalStateException("the value is " + this + ", not " + name);
    }
    return type.cast(value);
  }

  @Override
  public String toString() {
    return value == null ? "none" : value.toString();
  }
}
