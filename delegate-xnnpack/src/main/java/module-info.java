import org.jspecify.annotations.NullMarked;

/** XNNPACK: the lifter of its payloads. */
@NullMarked
module dev.baton.xnnpack {
  requires dev.baton.delegate;
  requires flatbuffers.java;
  requires static org.jspecify;

  provides dev.baton.delegate.PayloadLifter with
      dev.baton.xnnpack.payload.XnnpackPayloadLifter;
}
