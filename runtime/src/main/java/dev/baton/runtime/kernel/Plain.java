package dev.baton.runtime.kernel;

import dev.baton.graph.TensorType;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A kernel of its two functions.
 *
 * @param overwrites as {@link Kernel#overwrites}
 */
record Plain(
    Function<Call, List<TensorType>> types,
    Function<BoundCall, Step> binding,
    @Nullable String overwrites)
    implements Kernel {
  Plain(Function<Call, List<TensorType>> types, Function<BoundCall, Step> binding) {
    this(types, binding, null);
  }

  @Override
  public List<TensorType> infer(Call call) {
    return types.apply(call);
  }

  @Override
  public Step bind(BoundCall call) {
    return binding.apply(call);
  }
}
