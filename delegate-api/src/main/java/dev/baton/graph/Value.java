package dev.baton.graph;

import org.jspecify.annotations.Nullable;

/**
 * A value of a graph, given once: an input, a constant, or a result of a node. Two values are equal
 * if they are the same object.
 */
public final class Value implements Argument {
  private final int id;
  private final ValueType type;
  private final @Nullable Node producer;
  private final int resultIndex;
  private final @Nullable Constant constant;

  private Value(
      int id,
      ValueType type,
      @Nullable Node producer,
      int resultIndex,
      @Nullable Constant constant) {
    this.id = id;
    this.type = type;
    this.producer = producer;
    this.resultIndex = resultIndex;
    this.constant = constant;
  }

  static Value input(int id, ValueType type) {
    return new Value(id, type, null, -1, null);
  }

  static Value constant(int id, Constant constant) {
    return new Value(id, constant.type(), null, -1, constant);
  }

  static Value result(int id, ValueType type, Node producer, int resultIndex) {
    return new Value(id, type, producer, resultIndex, null);
  }

  /** A number that is unique in the graph; small, so that it may index an array. */
  public int id() {
    return id;
  }

  public ValueType type() {
    return type;
  }

  public boolean isTensor() {
    return type instanceof TensorType;
  }

  /**
   * @throws IllegalStateException if the value is a scalar
   */
  public TensorType tensorType() {
    if (type instanceof TensorType t) {
      return t;
    }
    throw new IllegalStateException(this + " is a scalar");
  }

  /** Shorthand for {@code tensorType().shape()}: upper bounds if the type is dynamic. */
  public Shape shape() {
    return tensorType().shape();
  }

  /** Shorthand for {@code tensorType().dtype()}. */
  public DType dtype() {
    return tensorType().dtype();
  }

  /** The node that gives the value; null for an input or a constant. */
  public @Nullable Node producer() {
    return producer;
  }

  /** Which of its producer's results this is; −1 for an input or a constant. */
  public int resultIndex() {
    return resultIndex;
  }

  public boolean isConstant() {
    return constant != null;
  }

  /**
   * @throws IllegalStateException if the value is no constant
   */
  public Constant constant() {
    if (constant == null) {
      throw new IllegalStateException(this + " is no constant");
    }
    return constant;
  }

  @Override
  public String toString() {
    return "%" + id + ": " + type;
  }
}
