package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Value;
import org.jspecify.annotations.Nullable;

/** What a name of a program stands for: a value of the graph, known elements, or both. */
final class Operand {
  /** Elements that are computed when somebody asks. */
  interface Elements {
    Literal compute() throws DelegateException;
  }

  private final @Nullable Elements elements;
  private @Nullable Literal literal;
  private @Nullable Value value;

  private Operand(@Nullable Literal literal, @Nullable Value value, @Nullable Elements elements) {
    this.literal = literal;
    this.value = value;
    this.elements = elements;
  }

  static Operand of(Literal literal) {
    return new Operand(literal, null, null);
  }

  static Operand of(Value value) {
    return new Operand(null, value, null);
  }

  /** A value whose elements are known too, for what needs them before the program runs. */
  static Operand of(Value value, Elements elements) {
    return new Operand(null, value, elements);
  }

  /** The elements; null if they are computed. */
  @Nullable Literal literal() throws DelegateException {
    if (literal == null && elements != null) {
      literal = elements.compute();
    }
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
}
