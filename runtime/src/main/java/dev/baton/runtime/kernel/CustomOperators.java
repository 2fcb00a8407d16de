package dev.baton.runtime.kernel;

import dev.baton.graph.Operator;
import dev.baton.graph.Parameter;
import dev.baton.graph.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A user's own operators. A subclass with a public constructor without parameters defines them
 * there, and is named in {@code META-INF/services/dev.baton.runtime.kernel.KernelProvider}. The
 * project's {@code examples/custom-operator} is one, with the script that exports its program.
 */
public abstract class CustomOperators implements KernelProvider {
  private final String name;
  private final List<Operator> operators = new ArrayList<>();
  private final Map<String, Kernel> kernels = new HashMap<>();

  /** The operator that files mean by a name. */
  private final Map<String, String> spellings = new HashMap<>();

  /**
   * @param name as {@link #name()}
   */
  protected CustomOperators(String name) {
    this.name = Objects.requireNonNull(name);
  }

  /**
   * Defines an operator. A program file may call it by the name in its signature, or by that of its
   * variant with an out argument, {@code my::double.out}: that one is not defined.
   *
   * @param schema its functional signature, as {@code torch.library} takes it, with the namespace
   *     and without alias marks: nothing is changed in place, and results share no argument's
   *     memory
   * @param kernel see {@link Kernel}
   * @throws IllegalArgumentException if the text is no signature, has no namespace, has an alias
   *     mark or two parameters of one name, or if files could mean another operator of this object
   *     by its names
   */
  protected final void define(String schema, Kernel kernel) {
    Operator operator = Operator.parse(schema);
    if (!operator.name().contains("::")) {
      throw new IllegalArgumentException(
          "the operator needs its namespace, as in my::double(Tensor x) -> Tensor: " + schema);
    }
    if (schema.indexOf("Tensor(", schema.indexOf('(')) >= 0) {
      throw new IllegalArgumentException(
          "only the functional variant is defined, without alias marks such as (a!); programs that"
              + " call the one with an out argument find it too: "
              + schema);
    }
    if (operator.parameters().stream().map(Parameter::name).distinct().count()
        < operator.parameters().size()) {
      throw new IllegalArgumentException("two parameters have one name: " + schema);
    }
    for (String spelling : Kernels.spellings(operator.name())) {
      String other = spellings.putIfAbsent(spelling, operator.name());
      if (other != null) {
        throw new IllegalArgumentException(
            other.equals(operator.name())
                ? other + " is defined twice"
                : spelling + " would be both " + other + " and " + operator.name());
      }
    }
    operators.add(operator);
    kernels.put(operator.name(), Objects.requireNonNull(kernel));
  }

  /**
   * As {@link #define(String, Kernel)}, of a kernel's two methods.
   *
   * @param types as {@link Kernel#infer}
   * @param bind as {@link Kernel#bind}
   */
  protected final void define(
      String schema, Function<Call, List<TensorType>> types, Function<BoundCall, Step> bind) {
    define(
        schema,
        new Kernel() {
          @Override
          public List<TensorType> infer(Call call) {
            return types.apply(call);
          }

          @Override
          public Step bind(BoundCall call) {
            return bind.apply(call);
          }
        });
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final @Nullable Kernel find(String operator) {
    return kernels.get(operator);
  }

  @Override
  public final List<Operator> operators() {
    return List.copyOf(operators);
  }
}
