package dev.baton.runtime.kernel;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The reference kernels that compute over many elements: products, windows, norms, reductions,
 * orderings, resizing, attention, quantization.
 */
final class ComputeKernels {
  private static final List<Function<String, @Nullable Kernel>> FAMILIES =
      List.of(
          ConvolutionKernels::find,
          MatmulKernels::find,
          PoolingKernels::find,
          NormKernels::find,
          SoftmaxKernels::find,
          ReductionKernels::find,
          OrderingKernels::find,
          ScanKernels::find,
          CountingKernels::find,
          ResizeKernels::find,
          AttentionKernels::find,
          DistanceKernels::find,
          QuantizationKernels::find,
          QuantizedComputeKernels::find,
          LanguageModelKernels::find,
          ExpertKernels::find,
          ColumnKernels::find,
          ClosenessKernels::find,
          EmbeddingBagKernels::find,
          DropoutKernels::find);

  private ComputeKernels() {}

  /** Null if none of the families here has the operator. */
  static @Nullable Kernel find(String operator) {
    for (Function<String, @Nullable Kernel> family : FAMILIES) {
      Kernel kernel = family.apply(operator);
      if (kernel != null) {
        return kernel;
      }
    }
    return null;
  }
}
