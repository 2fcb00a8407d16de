package dev.baton.isolation;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PlainContext;
import dev.baton.xnnpack.XnnpackDelegate;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** XNNPACK in a child process does what every delegate must do. */
class IsolatedXnnpackConformanceTest extends DelegateConformance {
  private static DelegateSession kept;

  /** One child for all tests: a session keeps it. */
  @BeforeAll
  static void open() throws DelegateException {
    kept = new XnnpackInChild().open(new PlainContext());
  }

  @AfterAll
  static void close() {
    kept.close();
  }

  @Override
  protected Delegate delegate() {
    return new XnnpackInChild();
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(XnnpackDelegate.LIBRARY_OPTION, "/nowhere/libXNNPACK.so"));
  }
}
