import org.jspecify.annotations.NullMarked;

/** Faster twins of the reference kernels, with the Vector API. */
@NullMarked
module dev.baton.kernels.vector {
  requires static org.jspecify;
  requires dev.baton.delegate;
  requires dev.baton.runtime;
  requires jdk.incubator.vector;

  exports dev.baton.kernels.vector;

  provides dev.baton.runtime.kernel.KernelProvider with
      dev.baton.kernels.vector.VectorKernels;
}
