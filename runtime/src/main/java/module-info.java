import org.jspecify.annotations.NullMarked;

/**
 * Runs ExecuTorch programs: reader, lifting, placement, planner, executor, reference kernels, and
 * the public API.
 */
@NullMarked
module dev.baton.runtime {
  requires static org.jspecify;
  requires transitive dev.baton.delegate;
  requires dev.baton.format;
  requires flatbuffers.java;
  requires jdk.jfr;

  exports dev.baton.runtime;
  exports dev.baton.runtime.kernel;
  exports dev.baton.runtime.profile;
  exports dev.baton.runtime.program;

  uses dev.baton.delegate.Delegate;
  uses dev.baton.delegate.DelegateWrapper;
  uses dev.baton.delegate.PayloadLifter;
  uses dev.baton.runtime.kernel.KernelProvider;
}
