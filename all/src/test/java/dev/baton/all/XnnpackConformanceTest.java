package dev.baton.all;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.xnnpack.XnnpackDelegate;
import java.util.Map;
import java.util.Optional;

/** XNNPACK does what every delegate must do. */
class XnnpackConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new XnnpackDelegate();
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(XnnpackDelegate.LIBRARY_OPTION, "/nowhere/libXNNPACK.so"));
  }
}
