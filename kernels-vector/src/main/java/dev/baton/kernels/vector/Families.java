package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.FastKernel;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The kernels of this module, by family. */
final class Families {
  private static final List<Function<String, @Nullable FastKernel>> ALL =
      List.of(
          Convolution::find,
          MatrixMultiply::find,
          Activation::find,
          Arithmetic::find,
          Softmax::find,
          Norms::find,
          Embedding::find,
          Reductions::find,
          Attention::find,
          AveragePool::find,
          Resize::find,
          MaxPool::find,
          Masks::find,
          Permute::find,
          Quantizers::find);

  private Families() {}

  static @Nullable FastKernel find(String operator) {
    for (Function<String, @Nullable FastKernel> family : ALL) {
      FastKernel kernel = family.apply(operator);
      if (kernel != null) {
        return kernel;
      }
    }
    return null;
  }
}
