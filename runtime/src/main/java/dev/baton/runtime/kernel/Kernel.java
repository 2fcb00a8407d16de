package dev.baton.runtime.kernel;

import dev.baton.graph.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An operator in Java. Stateless, any thread. */
public interface Kernel {
  /**
   * Types of the results. Refuses here, not when binding or running, what it does not take.
   *
   * @return one for each result of the node; upper bounds if {@link #isDataDependent}
   * @throws KernelException if the arguments do not fit
   */
  List<TensorType> infer(Call call);

  /** Binds the operator to buffers. The dtypes and shapes are those of {@link #infer}. */
  Step bind(BoundCall call);

  /**
   * True if the only result is the first argument's bytes under another shape: the host then makes
   * no step at all.
   */
  default boolean isView(Call call) {
    return false;
  }

  /**
   * The parameter whose buffer the first result may be given, if nobody else needs it any more: the
   * step reads each element before it writes there. Null if none.
   */
  default @Nullable String overwrites() {
    return null;
  }

  /** As {@link FastKernel#absorbs}. */
  default boolean absorbs(Call call, List<Call> before, Call next) {
    return false;
  }

  /** True if the sizes of results depend on data: {@link BoundCall#resize} then tells them. */
  default boolean isDataDependent(Call call) {
    return false;
  }
}
