package dev.baton.runtime.kernel;

import org.jspecify.annotations.Nullable;

/**
 * The reference kernels that compute over many elements: products, windows, norms, reductions,
 * orderings, resizing, attention, quantization.
 */
public final class ComputeKernels {
  private ComputeKernels() {}

  /** Null if none of the families here has the operator. */
  public static @Nullable Kernel find(String operator) {
    Kernel kernel = Convolution.find(operator);
    kernel = kernel != null ? kernel : Matmul.find(operator);
    kernel = kernel != null ? kernel : Pooling.find(operator);
    kernel = kernel != null ? kernel : Normalization.find(operator);
    kernel = kernel != null ? kernel : Softmax.find(operator);
    kernel = kernel != null ? kernel : Reductions.find(operator);
    kernel = kernel != null ? kernel : Ordering.find(operator);
    kernel = kernel != null ? kernel : Scans.find(operator);
    kernel = kernel != null ? kernel : Resizing.find(operator);
    kernel = kernel != null ? kernel : Attention.find(operator);
    kernel = kernel != null ? kernel : Distances.find(operator);
    kernel = kernel != null ? kernel : Quantization.find(operator);
    kernel = kernel != null ? kernel : Dropout.find(operator);
    return kernel;
  }
}
