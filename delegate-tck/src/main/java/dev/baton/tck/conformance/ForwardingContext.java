package dev.baton.tck.conformance;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.HostContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.StoredBytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The host's context, every call passed on. */
class ForwardingContext implements OpenContext, CompileContext, ExecutionContext {
  private final HostContext host;

  ForwardingContext(HostContext host) {
    this.host = host;
  }

  @Override
  public String method() {
    return host instanceof CompileContext compile ? compile.method() : "";
  }

  @Override
  public Optional<StoredBytes> stored(MemorySegment bytes) {
    return host instanceof CompileContext compile ? compile.stored(bytes) : Optional.empty();
  }

  @Override
  public Map<String, String> options() {
    return host.options();
  }

  @Override
  public int threads() {
    return host.threads();
  }

  @Override
  public Optional<Path> cacheDirectory() {
    return host.cacheDirectory();
  }

  @Override
  public Arena newArena() {
    return host.newArena();
  }

  @Override
  public void warn(String message) {
    host.warn(message);
  }

  @Override
  public void progress(String what, double fraction) {
    host.progress(what, fraction);
  }

  @Override
  public boolean isProfiled() {
    return host.isProfiled();
  }

  @Override
  public void record(String what, long startNanos, long nanos) {
    host.record(what, startNanos, nanos);
  }

  @Override
  public boolean isCancelled() {
    return host.isCancelled();
  }

  @Override
  public OptionalLong remainingNanos() {
    return host.remainingNanos();
  }
}
