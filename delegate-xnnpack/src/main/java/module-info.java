import org.jspecify.annotations.NullMarked;

/** XNNPACK: subgraphs of a program on the CPU's own vector units. */
@NullMarked
module dev.baton.xnnpack {
  requires transitive dev.baton.delegate;
  requires dev.baton.nativelib;
  requires static org.jspecify;

  exports dev.baton.xnnpack;

  provides dev.baton.delegate.Delegate with
      dev.baton.xnnpack.XnnpackDelegate;
}
