import org.jspecify.annotations.NullMarked;

/**
 * What tests a delegate, and what tests with one: a fault-injecting wrapper, a delegate in pure
 * Java, a delegate with opaque payloads, and a writer of small programs.
 */
@NullMarked
module dev.baton.tck {
  requires static org.jspecify;
  requires transitive dev.baton.delegate;
  requires transitive dev.baton.runtime;
  requires transitive org.junit.jupiter.api;
  requires com.fasterxml.jackson.jr.ob;
  requires transitive dev.baton.cases;

  exports dev.baton.tck;
  exports dev.baton.tck.conformance;

  uses dev.baton.delegate.Delegate;
  uses dev.baton.delegate.PayloadLifter;

  provides dev.baton.delegate.DelegateWrapper with
      dev.baton.tck.FaultWrapper;
}
