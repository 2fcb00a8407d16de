package dev.baton.tck.conformance;

import dev.baton.delegate.OpenContext;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A host that gives options and one thread: for who opens a delegate without a runtime. */
public record PlainContext(Map<String, String> options) implements OpenContext {
  public PlainContext {
    options = Map.copyOf(options);
  }

  /** Without options. */
  public PlainContext() {
    this(Map.of());
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public Optional<Path> cacheDirectory() {
    return Optional.empty();
  }
}
