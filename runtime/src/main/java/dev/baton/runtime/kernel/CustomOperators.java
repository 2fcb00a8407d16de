package dev.baton.runtime.kernel;

import dev.baton.graph.Operator;
import dev.baton.graph.Parameter;
import dev.baton.graph.TensorType;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A user's own operators. A subclass with a public constructor without parameters defines them
 * there, and is named in {@code META-INF/services/dev.baton.runtime.kernel.KernelProvider}:
 *
 * {@snippet :
 * public final class MyOperators extends CustomOperators {
 *   public MyOperators() {
 *     super("my");
 *     define(
 *         "my::double(Tensor x) -> Tensor",
 *         call -> List.of(call.type("x")),
 *         call -> {
 *           MemorySegment x = call.input("x").data();
 *           MemorySegment y = call.output(0).data();
 *           long count = call.shape("x").numel();
 *           return () -> {
 *             for (long i = 0; i < count; i++) {
 *               y.setAtIndex(JAVA_FLOAT, i, 2 * x.getAtIndex(JAVA_FLOAT, i));
 *             }
 *           };
 *         });
 *   }
 * }
 * }
 */
public abstract class CustomOperators implements KernelProvider {
  /** How a mark of a view or a mutation begins: {@code Tensor(a!)}, {@code Tensor(a)[]}. */
  private static final String ALIAS = "Tensor(";

  private final String name;
  private final Map<String, Operator> operators = new LinkedHashMap<>();
  private final Map<String, Kernel> kernels = new LinkedHashMap<>();

  /**
   * @param name as {@link #name()}
   */
  protected CustomOperators(String name) {
    this.name = Objects.requireNonNull(name);
  }

  /**
   * Defines an operator. A program file may call it by the name in its signature, or by that of its
   * variant with an out argument, {@code my::double.out}.
   *
   * @param schema its functional signature, as {@code torch.library} takes it, with the namespace
   * @param kernel see {@link Kernel}
   * @throws IllegalArgumentException if the text is no signature, has no namespace, changes an
   *     argument ({@code Tensor(a!)}) or gives a view of one, names two parameters alike, or if the
   *     operator is defined already, be it by the name of its variant with an out argument
   */
  protected final void define(String schema, Kernel kernel) {
    Operator operator = Operator.parse(schema);
    if (!operator.name().contains("::")) {
      throw new IllegalArgumentException(
          "the operator needs its namespace, as in my::double(Tensor x) -> Tensor: " + schema);
    }
    if (schema.indexOf(ALIAS, schema.indexOf('(')) >= 0) {
      throw new IllegalArgumentException(
          "the operator must be functional, with results of its own and no out argument: "
              + schema);
    }
    Set<String> names = new HashSet<>();
    for (Parameter parameter : operator.parameters()) {
      if (!names.add(parameter.name())) {
        throw new IllegalArgumentException(
            "two parameters are named '" + parameter.name() + "': " + schema);
      }
    }
    for (Operator known : operators.values()) {
      if (Kernels.spellings(known).stream().anyMatch(Kernels.spellings(operator)::contains)) {
        throw new IllegalArgumentException(
            known.name().equals(operator.name())
                ? operator.name() + " is defined twice"
                : "files call "
                    + operator.name()
                    + " and "
                    + known.name()
                    + " by the same name: one of them has that of the other's out variant");
      }
    }
    operators.put(operator.name(), operator);
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
    return List.copyOf(operators.values());
  }
}
