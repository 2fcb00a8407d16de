package dev.baton.runtime.kernel;

import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kernel with faster ones before it: the first that supports a call binds it.
 *
 * @param base which takes every call, and says types
 * @param baseProvider whose {@code base} is
 */
record AcceleratedKernel(Kernel base, String baseProvider, List<Fast> faster) implements Kernel {
  /** A faster kernel, and whose it is. */
  record Fast(FastKernel kernel, String provider) {}

  private @Nullable Fast first(Call call) {
    for (Fast fast : faster) {
      if (fast.kernel.supports(call)) {
        return fast;
      }
    }
    return null;
  }

  private @Nullable FastKernel fastest(Call call) {
    Fast fast = first(call);
    return fast == null ? null : fast.kernel;
  }

  /** Who binds a call. */
  String provider(Call call) {
    Fast fast = first(call);
    return fast == null ? baseProvider : fast.provider;
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
