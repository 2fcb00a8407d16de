package dev.baton.qnn;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The delegate does what every delegate must do, where it claims. */
abstract class ClaimingConformance extends DelegateConformance {
  /** Of a case of the kit: by numbers that may be 0, for which QNN's libraries have no infinity. */
  private static final String DIVISION = "div";

  /** Of the backend on which it claims. */
  abstract Path library();

  @Override
  protected final Delegate delegate() {
    return new QnnDelegate();
  }

  @Override
  protected final Map<String, String> options() {
    return Map.of(QnnDelegate.LIBRARY_OPTION, library().toString(), QnnDelegate.CLAIM_OPTION, "on");
  }

  @Override
  protected final Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(QnnDelegate.LIBRARY_OPTION, "/nowhere/libQnnHtp.so"));
  }

  @Override
  protected final Set<String> cannot() {
    return Set.of(DYNAMIC_SHAPES, DIVISION);
  }
}
