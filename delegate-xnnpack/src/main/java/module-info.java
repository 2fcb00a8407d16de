import org.jspecify.annotations.NullMarked;

/**
 * XNNPACK: subgraphs of a program on the CPU's own vector units, and the lifter of payloads that
 * were lowered for it.
 */
@NullMarked
module dev.baton.xnnpack {
  requires transitive dev.baton.delegate;
  requires dev.baton.format;
  requires dev.baton.nativelib;
  requires flatbuffers.java;
  requires static org.jspecify;

  exports dev.baton.xnnpack;

  provides dev.baton.delegate.Delegate with
      dev.baton.xnnpack.XnnpackDelegate;
  provides dev.baton.delegate.PayloadLifter with
      dev.baton.xnnpack.payload.XnnpackPayloadLifter;
}
