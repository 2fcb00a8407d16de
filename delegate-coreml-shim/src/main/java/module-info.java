import org.jspecify.annotations.NullMarked;

/** Apple's Core ML as a delegate. */
@NullMarked
module dev.baton.coreml {
  requires static org.jspecify;
  requires transitive dev.baton.delegate;
  requires dev.baton.nativelib;

  exports dev.baton.coreml;

  provides dev.baton.delegate.Delegate with
      dev.baton.coreml.CoreMlDelegate;
}
