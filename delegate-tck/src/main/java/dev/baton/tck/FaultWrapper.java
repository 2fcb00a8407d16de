package dev.baton.tck;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import java.util.Set;

/**
 * Puts {@linkplain FaultOptions configured} faults around delegates that are found. Further inside
 * than a process of their own: what dies is that.
 */
public final class FaultWrapper implements DelegateWrapper {
  /** Its name. */
  static final String NAME = "faults";

  /** What users read of a delegate with faults. */
  static final String WRAPPING = "faulty";

  /** Made by the host. */
  public FaultWrapper() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Delegate wrap(Delegate delegate) {
    return line().isBlank()
        ? delegate
        : FaultOptions.parse(line(), delegate.name()).around(delegate);
  }

  @Override
  public Set<String> wanted() {
    return FaultOptions.names(line());
  }

  private static String line() {
    return System.getProperty(FaultOptions.PROPERTY, "");
  }
}
