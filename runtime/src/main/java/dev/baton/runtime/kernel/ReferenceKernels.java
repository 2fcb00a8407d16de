package dev.baton.runtime.kernel;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The kernels of the runtime itself, and the oracle of faster ones. */
public final class ReferenceKernels implements KernelProvider {
  /** The name of this provider. */
  public static final String NAME = "reference";

  private static final List<Function<String, @Nullable Kernel>> FAMILIES =
      List.of(
          UnaryKernels::find,
          BinaryKernels::find,
          TernaryKernels::find,
          LayoutKernels::find,
          CreationKernels::find,
          JoinKernels::find,
          PadKernels::find,
          IndexKernels::find,
          ScatterKernels::find,
          MaskKernels::find,
          ComputeKernels::find);
  private static final List<Function<String, @Nullable Kernel>> COMPLEX_FAMILIES =
      List.of(ComplexKernels::find, FourierKernels::find);

  public ReferenceKernels() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public @Nullable Kernel find(String operator) {
    for (Function<String, @Nullable Kernel> family : FAMILIES) {
      Kernel kernel = family.apply(operator);
      if (kernel != null) {
        return ComplexKernels.with(operator, kernel);
      }
    }
    for (Function<String, @Nullable Kernel> family : COMPLEX_FAMILIES) {
      Kernel kernel = family.apply(operator);
      if (kernel != null) {
        return kernel;
      }
    }
    return null;
  }

  @Override
  public List<Fusion> fusions() {
    return List.of(QuantizedFusion.reference(), QuantizedTable.reference());
  }

  @Override
  public int priority() {
    return 0;
  }
}
