package dev.baton.qnn;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import java.util.Map;
import java.util.Optional;

/** What QNN's delegate says of itself where it cannot work is as it must be. */
class QnnConformanceTest extends DelegateConformance {
  private static final Map<String, String> ABSENT =
      Map.of(QnnDelegate.LIBRARY_OPTION, "/nowhere/libQnnHtp.so");

  @Override
  protected Delegate delegate() {
    return new QnnDelegate();
  }

  @Override
  protected Map<String, String> options() {
    return ABSENT;
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(ABSENT);
  }
}
