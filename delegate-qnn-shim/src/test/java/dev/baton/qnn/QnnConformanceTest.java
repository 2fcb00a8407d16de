package dev.baton.qnn;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;

/** What QNN's delegate says of itself, also where it cannot work, is as it must be. */
class QnnConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new QnnDelegate();
  }
}
