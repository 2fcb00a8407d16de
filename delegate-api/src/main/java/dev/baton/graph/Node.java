package dev.baton.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operator applied to arguments. Has as many arguments as its operator has parameters: defaults
 * are filled in.
 */
public final class Node {
  private final int id;
  private final Operator operator;
  private final List<Argument> arguments;
  private final List<Value> results;
  private final Origin origin;

  Node(
      int id,
      Operator operator,
      List<Argument> arguments,
      List<? extends ValueType> resultTypes,
      int firstResultId,
      Origin origin) {
    this.id = id;
    this.operator = operator;
    this.arguments = List.copyOf(arguments);
    this.origin = origin;
    List<Value> values = new ArrayList<>(resultTypes.size());
    for (int i = 0; i < resultTypes.size(); i++) {
      values.add(Value.result(firstResultId + i, resultTypes.get(i), this, i));
    }
    this.results = List.copyOf(values);
  }

  /** A number that is unique in the graph; small, so that it may index an array. */
  public int id() {
    return id;
  }

  public Operator operator() {
    return operator;
  }

  /** Shorthand for {@code operator().name()}: {@code aten::add.Tensor}. */
  public String name() {
    return operator.name();
  }

  /** The arguments, in the order of the operator's parameters. */
  public List<Argument> arguments() {
    return arguments;
  }

  public List<Value> results() {
    return results;
  }

  /** The first result. */
  public Value result() {
    return results.get(0);
  }

  public Origin origin() {
    return origin;
  }

  /**
   * Every value among the arguments, lists included, in order; a value that is used twice comes
   * twice.
   */
  public List<Value> inputs() {
    List<Value> values = new ArrayList<>();
    for (Argument argument : arguments) {
      collect(argument, values);
    }
    return values;
  }

  private static void collect(Argument argument, List<Value> into) {
    if (argument instanceof Value value) {
      into.add(value);
    } else if (argument instanceof Argument.Items list) {
      list.items().forEach(item -> collect(item, into));
    }
  }

  /**
   * @throws IllegalArgumentException if the operator has no such parameter
   */
  public Argument argument(String parameter) {
    return arguments.get(operator.indexOf(parameter));
  }

  /** True if the argument is absent. */
  public boolean isNone(String parameter) {
    return argument(parameter) == Argument.None.NONE;
  }

  /**
   * True if the argument is a literal (or absent, or a list of such): known before the program
   * runs.
   */
  public boolean isLiteral(String parameter) {
    return isLiteral(argument(parameter));
  }

  private static boolean isLiteral(Argument argument) {
    return switch (argument) {
      case Value v -> false;
      case Argument.Items list -> list.items().stream().allMatch(Node::isLiteral);
      default -> true;
    };
  }

  /**
   * The value of a tensor argument.
   *
   * @throws IllegalStateException if it is absent or no value
   */
  public Value tensor(String parameter) {
    Value value = tensorOrNull(parameter);
    if (value == null) {
      throw mismatch(parameter, "a tensor");
    }
    return value;
  }

  /** The value of an optional tensor argument; null if absent. */
  public @Nullable Value tensorOrNull(String parameter) {
    return switch (argument(parameter)) {
      case Value v -> v;
      case Argument.None n -> null;
      default -> throw mismatch(parameter, "a tensor");
    };
  }

  /** The values of a list of tensors. */
  public List<Value> tensors(String parameter) {
    if (argument(parameter) instanceof Argument.Items list) {
      List<Value> values = new ArrayList<>(list.items().size());
      for (Argument item : list.items()) {
        if (!(item instanceof Value v)) {
          throw mismatch(parameter, "a list of tensors");
        }
        values.add(v);
      }
      return values;
    }
    throw mismatch(parameter, "a list of tensors");
  }

  /**
   * @throws IllegalStateException if the argument is no integer literal
   */
  public long integer(String parameter) {
    return integer(parameter, argument(parameter));
  }

  private long integer(String parameter, Argument argument) {
    return switch (argument) {
      case Argument.Int i -> i.value();
      case Argument.Bool b -> b.value() ? 1 : 0;
      default -> throw mismatch(parameter, "an integer literal");
    };
  }

  /** A number literal; integers and bools are widened. */
  public double number(String parameter) {
    return switch (argument(parameter)) {
      case Argument.Real r -> r.value();
      case Argument.Int i -> i.value();
      case Argument.Bool b -> b.value() ? 1 : 0;
      default -> throw mismatch(parameter, "a number literal");
    };
  }

  public boolean bool(String parameter) {
    return switch (argument(parameter)) {
      case Argument.Bool b -> b.value();
      case Argument.Int i -> i.value() != 0;
      default -> throw mismatch(parameter, "a bool literal");
    };
  }

  /** A string literal; {@code orElse} if absent. */
  public String text(String parameter, String orElse) {
    return switch (argument(parameter)) {
      case Argument.Text t -> t.value();
      case Argument.None n -> orElse;
      default -> throw mismatch(parameter, "a string literal");
    };
  }

  /**
   * A list of integer literals; a single integer is a list of one, an absent list is empty.
   *
   * @throws IllegalStateException if an item is computed by the program
   */
  public long[] integers(String parameter) {
    return switch (argument(parameter)) {
      case Argument.Items list ->
          list.items().stream().mapToLong(item -> integer(parameter, item)).toArray();
      case Argument.None n -> new long[0];
      case Argument other -> new long[] {integer(parameter, other)};
    };
  }

  private IllegalStateException mismatch(String parameter, String expected) {
    return new IllegalStateException(
        this
            + ": argument '"
            + parameter
            + "' is "
            + argument(parameter)
            + ", expected "
            + expected);
  }

  @Override
  public String toString() {
    return operator.name() + " (" + origin + ")";
  }
}
