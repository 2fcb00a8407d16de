package dev.baton.runtime.kernel;

import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kernel with faster ones before it: the first that supports a call binds it.
 *
 * @param base which takes every call, and says types
 */
record AcceleratedKernel(Kernel base, List<FastKernel> faster) implements Kernel {
  private @Nullable FastKernel fastest(Call call) {
    for (FastKernel kernel : faster) {
      if (kernel.supports(call)) {
        return kernel;
      }
    }
    return null;
  }

  @Override
  public List<TensorType> infer(Call call) {
    return base.infer(call);
  }

  @Override
  public Step bind(BoundCall call) {
    FastKernel kernel = fastest(call);
    return kernel == null ? base.bind(call) : kernel.bind(call);
  }

  @Override
  public boolean absorbs(Call call, List<Call> before, Call next) {
    FastKernel kernel = fastest(call);
    return kernel != null && kernel.absorbs(call, before, next);
  }

  @Override
  public boolean isView(Call call) {
    return base.isView(call);
  }

  @Override
  public @Nullable String overwrites() {
    return base.overwrites();
  }

  @Override
  public boolean isDataDependent(Call call) {
    return base.isDataDependent(call);
  }
}
