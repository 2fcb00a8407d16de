package dev.baton.kernels.vector;

import dev.baton.graph.QuantizedOperator;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.QuantizedBinary;
import dev.baton.runtime.kernel.QuantizedFusion;
import dev.baton.runtime.kernel.QuantizedProduct;
import dev.baton.runtime.kernel.QuantizedTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernels of this module for operators on int8, between dequantize and quantize. */
final class QuantizedFamilies {
  private QuantizedFamilies() {}

  static List<Fusion> fusions() {
    return List.of(
        new QuantizedFusion(List.of(QuantizedFamilies::product, QuantizedFamilies::binary)),
        new QuantizedTable(Table::bind));
  }

  private static Fusion.@Nullable FusedKernel product(QuantizedOperator q) {
    QuantizedProduct product = QuantizedProduct.of(q);
    if (product == null) {
      return null;
    }
    if (product.isConvolution()) {
      return QuantizedConvolution.supports(product)
          ? (facts, buffers) -> QuantizedConvolution.bind(product, facts, buffers)
          : null;
    }
    return QuantizedLinear.supports(product)
        ? (facts, buffers) -> QuantizedLinear.bind(product, facts, buffers)
        : null;
  }

  private static Fusion.@Nullable FusedKernel binary(QuantizedOperator q) {
    QuantizedBinary binary = QuantizedBinary.of(q);
    return binary == null ? null : (facts, buffers) -> QuantizedArithmetic.bind(binary, buffers);
  }
}
