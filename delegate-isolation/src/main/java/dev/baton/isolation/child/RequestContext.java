package dev.baton.isolation.child;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.isolation.wire.Connection;
import dev.baton.isolation.wire.ContextFacts;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/** The host's context of one request; what the delegate tells goes to the parent. */
final class RequestContext implements OpenContext, CompileContext, ExecutionContext {
  private final Connection connection;
  private final int request;
  private final ContextFacts facts;
  private final long start = System.nanoTime();
  private final AtomicBoolean cancelled;

  /**
   * @param cancelled set when the parent cancels the request
   */
  RequestContext(Connection connection, int request, ContextFacts facts, AtomicBoolean cancelled) {
    this.connection = connection;
    this.request = request;
    this.facts = facts;
    this.cancelled = cancelled;
  }

  private void tell(Kind kind, Writer body) {
    try {
      connection.send(request, kind, body);
    } catch (IOException e) {
      // the parent is gone, and this process is about to be
    }
  }

  @Override
  public Map<String, String> options() {
    return facts.options();
  }

  @Override
  public int threads() {
    return facts.threads();
  }

  @Override
  public Optional<Path> cacheDirectory() {
    return facts.cache();
  }

  @Override
  public String method() {
    return facts.method();
  }

  @Override
  public boolean isProfiled() {
    return facts.profiled();
  }

  @Override
  public void warn(String message) {
    tell(Kind.WARN, new Writer().put(message));
  }

  @Override
  public void progress(String what, double fraction) {
    tell(Kind.PROGRESS, new Writer().put(what).put(fraction));
  }

  @Override
  public void record(String what, long startNanos, long nanos) {
    tell(Kind.RECORD, new Writer().put(what).put(startNanos).put(nanos));
  }

  @Override
  public boolean isCancelled() {
    return cancelled.get() || (facts.remaining().isPresent() && remainingNanos().orElse(0) <= 0);
  }

  @Override
  public OptionalLong remainingNanos() {
    OptionalLong remaining = facts.remaining();
    return remaining.isEmpty()
        ? remaining
        : OptionalLong.of(Math.max(0, remaining.getAsLong() - (System.nanoTime() - start)));
  }
}
