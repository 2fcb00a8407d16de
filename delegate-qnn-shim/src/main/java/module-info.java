import org.jspecify.annotations.NullMarked;

/** Qualcomm's QNN libraries as a delegate. */
@NullMarked
module dev.baton.qnn {
  requires static org.jspecify;
  requires transitive dev.baton.delegate;
  requires dev.baton.nativelib;

  exports dev.baton.qnn;

  provides dev.baton.delegate.Delegate with
      dev.baton.qnn.QnnDelegate;
}
