package dev.baton.runtime.kernel;

import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;

/** A node, with the types and scalars that its values have at the time. */
public class NodeCall implements Call {
  /** What is known of values. */
  public interface Facts {
    /** The type, with the sizes of this call. */
    TensorType type(Value value);

    /**
     * A scalar that the program has computed.
     *
     * @throws KernelException if it is not known yet
     */
    Number scalar(Value value);
  }

  /** The types that the graph declares, upper bounds included, and no computed scalars. */
  public static Facts declaredTypes() {
    return new Facts() {
      @Override
      public TensorType type(Value value) {
        return value.tensorType();
      }

      @Override
      public Number scalar(Value value) {
        throw new KernelException("the scalar " + value + " is computed by the program");
      }
    };
  }

  private final Node node;
  private final Facts facts;

  public NodeCall(Node node, Facts facts) {
    this.node = node;
    this.facts = facts;
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public TensorType type(String parameter) {
    return type(parameter, node.argument(parameter));
  }

  private TensorType type(String parameter, Argument argument) {
    if (argument instanceof Value v && v.isTensor()) {
      return facts.type(v);
    }
    throw mismatch(parameter, argument, "a tensor");
  }

  @Override
  public List<TensorType> types(String parameter) {
    if (node.argument(parameter) instanceof Argument.Items list) {
      return list.items().stream()
          .filter(item -> item != Argument.None.NONE)
          .map(item -> type(parameter, item))
          .toList();
    }
    throw mismatch(parameter, node.argument(parameter), "a list of tensors");
  }

  @Override
  public boolean isNone(String parameter) {
    return node.isNone(parameter);
  }

  @Override
  public Number scalar(String parameter) {
    return scalar(parameter, node.argument(parameter));
  }

  private Number scalar(String parameter, Argument argument) {
    return switch (argument) {
      case Argument.Int i -> Number.of(i.value());
      case Argument.Real r -> Number.of(r.value());
      case Argument.Bool b -> Number.of(b.value());
      case Value v when v.type() instanceof SymbolType -> facts.scalar(v);
      default -> throw mismatch(parameter, argument, "a number");
    };
  }

  @Override
  public long integer(String parameter) {
    return integer(parameter, node.argument(parameter));
  }

  private long integer(String parameter, Argument argument) {
    Number number = scalar(parameter, argument);
    if (number.kind() == Number.Kind.REAL) {
      throw mismatch(parameter, argument, "an integer");
    }
    return number.integer();
  }

  @Override
  public long[] integers(String parameter) {
    return switch (node.argument(parameter)) {
      case Argument.None n -> new long[0];
      case Argument.Items list ->
          list.items().stream().mapToLong(item -> integer(parameter, item)).toArray();
      case Argument one -> new long[] {integer(parameter, one)};
    };
  }

  @Override
  public double number(String parameter) {
    return scalar(parameter).real();
  }

  @Override
  public double[] numbers(String parameter) {
    return switch (node.argument(parameter)) {
      case Argument.None n -> new double[0];
      case Argument.Items list ->
          list.items().stream().mapToDouble(item -> scalar(parameter, item).real()).toArray();
      case Argument one -> new double[] {scalar(parameter, one).real()};
    };
  }

  @Override
  public boolean bool(String parameter) {
    return scalar(parameter).real() != 0;
  }

  @Override
  public String text(String parameter, String orElse) {
    return node.text(parameter, orElse);
  }

  private KernelException mismatch(String parameter, Argument argument, String expected) {
    return new KernelException(
        "the argument '" + parameter + "' is " + argument + ", expected " + expected);
  }
}
