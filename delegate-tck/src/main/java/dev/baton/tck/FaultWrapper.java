package dev.baton.tck;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import java.util.Optional;
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
    try {
      return options().map(o -> o.around(delegate)).orElse(delegate);
    } catch (IllegalArgumentException e) {
      if (!System.getProperty(FaultOptions.PROPERTY, "").contains(delegate.name())) {
        return delegate; // what is malformed is not about it
      }
      throw e;
    }
  }

  @Override
  public Set<String> wanted() {
    return options().map(FaultOptions::delegates).orElse(Set.of());
  }

  private static Optional<FaultOptions> options() {
    String line = System.getProperty(FaultOptions.PROPERTY, "");
    return line.isBlank() ? Optional.empty() : Optional.of(FaultOptions.parse(line));
  }
}
