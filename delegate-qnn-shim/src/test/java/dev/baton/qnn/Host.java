package dev.baton.qnn;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A host that gives options and one thread. */
record Host(Map<String, String> options) implements OpenContext, CompileContext, ExecutionContext {
  @Override
  public String method() {
    return "forward";
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
