import org.jspecify.annotations.NullMarked;

/**
 * Apple's Core ML as a delegate, and the lifter of payloads that were lowered for it: with the
 * lifter they run anywhere.
 */
@NullMarked
module dev.baton.coreml {
  requires static org.jspecify;
  requires transitive dev.baton.delegate;
  requires dev.baton.nativelib;
  requires com.fasterxml.jackson.jr.ob;

  exports dev.baton.coreml;

  provides dev.baton.delegate.Delegate with
      dev.baton.coreml.CoreMlDelegate;
  provides dev.baton.delegate.PayloadLifter with
      dev.baton.coreml.lift.CoreMlPayloadLifter;
}
