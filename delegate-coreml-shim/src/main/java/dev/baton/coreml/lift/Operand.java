package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import org.jspecify.annotations.Nullable;

/** What a name of a program stands for: a value of the graph, or known elements until one is. */
final class Operand {
  private final @Nullable Literal literal;
  private @Nullable Value value;

  private Operand(@Nullable Literal literal, @Nullable Value value) {
    this.literal = literal;
    this.value = value;
  }

  static Operand of(Literal literal) {
    return new Operand(literal, null);
  }

  static Operand of(Value value) {
    return new Operand(null, value);
  }

  /** The elements; null if they are computed. */
  @Nullable Literal literal() {
    return literal;
  }

  /** The value; of known elements a constant, made when it is first needed. */
  Value value(GraphBuilder into, ConstantMemory memory) throws DelegateException {
    if (value == null) {
      if (literal == null) {
        throw new IllegalStateException("an operand of nothing");
      }
      value = into.constant(literal.constant(memory));
    }
    return value;
  }

  Shape shape() {
    if (literal != null) {
      return literal.shape();
    }
    if (value == null) {
      throw new IllegalStateException("an operand of nothing");
    }
    return value.shape();
  }
}
