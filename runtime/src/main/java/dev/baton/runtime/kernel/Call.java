package dev.baton.runtime.kernel;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.util.List;

/**
 * A node with everything known that is known before it runs: types with the shapes of this plan,
 * literals, and scalars that the program has computed. Arguments are asked for by the name of the
 * parameter.
 */
public interface Call {
  Node node();

  /**
   * Type of a tensor argument; never dynamic.
   *
   * @throws KernelException if the argument is absent or no tensor
   */
  TensorType type(String parameter);

  /** Types of a list of tensors; absent items of an optional list are left out. */
  List<TensorType> types(String parameter);

  boolean isNone(String parameter);

  /** An integer, a bool as 0 or 1, or a computed scalar. */
  long integer(String parameter);

  /** A list of integers; a single integer is a list of one, an absent list is empty. */
  long[] integers(String parameter);

  /** A number of any kind, widened. */
  double number(String parameter);

  /** A list of numbers; absent is empty. */
  double[] numbers(String parameter);

  boolean bool(String parameter);

  /** A string; {@code orElse} if absent. */
  String text(String parameter, String orElse);

  /**
   * Kind of a {@code Scalar} argument: PyTorch promotes an integer tensor with a real scalar to
   * float.
   */
  Number scalar(String parameter);

  /** Shorthand for {@code type(parameter).shape()}. */
  default Shape shape(String parameter) {
    return type(parameter).shape();
  }

  /**
   * What a {@code Scalar} argument is: {@link #bool}, integer or real; the value in both widths.
   */
  record Number(Kind kind, long integer, double real) {
    public enum Kind {
      BOOL,
      INTEGER,
      REAL
    }

    /** The number as a literal of a graph. */
    public Argument toArgument() {
      return switch (kind) {
        case BOOL -> Argument.of(integer != 0);
        case INTEGER -> Argument.of(integer);
        case REAL -> Argument.of(real);
      };
    }

    public static Number of(long value) {
      return new Number(Kind.INTEGER, value, value);
    }

    public static Number of(double value) {
      return new Number(Kind.REAL, (long) value, value);
    }

    public static Number of(boolean value) {
      return new Number(Kind.BOOL, value ? 1 : 0, value ? 1 : 0);
    }
  }
}
