package dev.baton.graph;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A parameter of an operator. */
public final class Parameter {
  private final String name;
  private final String type;
  private final @Nullable Argument defaultValue;

  /**
   * @param name as in PyTorch's schema
   * @param type PyTorch's type text without alias marks, such as {@code Tensor}, {@code Scalar},
   *     {@code SymInt[]}, {@code Tensor?}
   * @param defaultValue the literal that stands for an omitted argument, or null if the argument is
   *     required
   */
  public Parameter(String name, String type, @Nullable Argument defaultValue) {
    this.name = Objects.requireNonNull(name);
    this.type = Objects.requireNonNull(type);
    this.defaultValue = defaultValue;
  }

  /** The name in PyTorch's schema. */
  public String name() {
    return name;
  }

  /** PyTorch's type text without alias marks: {@code Tensor}, {@code SymInt[]}. */
  public String type() {
    return type;
  }

  /** The literal that stands for an omitted argument; null if the argument is required. */
  public @Nullable Argument defaultValue() {
    return defaultValue;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Parameter p
        && name.equals(p.name)
        && type.equals(p.type)
        && Objects.equals(defaultValue, p.defaultValue);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, type);
  }

  @Override
  public String toString() {
    return type + " " + name + (defaultValue == null ? "" : "=" + defaultValue);
  }
}
