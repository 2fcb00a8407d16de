package dev.baton.runtime.kernel;

import dev.baton.graph.TensorType;
import java.util.List;
import java.util.function.Function;

/** A kernel of its two functions. */
record Plain(Function<Call, List<TensorType>> types, Function<BoundCall, Step> binding)
    implements Kernel {
  @Override
  public List<TensorType> infer(Call call) {
    return types.apply(call);
  }

  @Override
  public Step bind(BoundCall call) {
    return binding.apply(call);
  }
}
