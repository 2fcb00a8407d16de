package dev.baton.tck.conformance;

import dev.baton.delegate.Delegate;
import dev.baton.tck.PureJavaDelegate;

/** The delegate in pure Java does what every delegate must do. */
class PureJavaConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new PureJavaDelegate();
  }
}
