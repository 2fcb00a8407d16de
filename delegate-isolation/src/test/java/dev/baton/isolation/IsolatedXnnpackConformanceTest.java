package dev.baton.isolation;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.xnnpack.XnnpackDelegate;
import java.util.Map;
import java.util.Optional;

/** XNNPACK in a child process does what every delegate must do. */
class IsolatedXnnpackConformanceTest extends DelegateConformance {
  @Override
  protected Delegate delegate() {
    return new XnnpackInChild();
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(XnnpackDelegate.LIBRARY_OPTION, "/nowhere/libXNNPACK.so"));
  }
}
