package dev.baton.coreml;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;

/** What Core ML's delegate says of itself, also where it cannot work, is as it must be. */
class CoreMlConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new CoreMlDelegate();
  }
}
