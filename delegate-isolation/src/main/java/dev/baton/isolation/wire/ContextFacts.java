package dev.baton.isolation.wire;

import dev.baton.delegate.HostContext;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a host's context says when a request is made.
 *
 * @param method name of the method, or empty
 * @param cacheDirectory absolute, or empty
 * @param remainingNanos −1 if there is no deadline
 */
public record ContextFacts(
    Map<String, String> options,
    int threads,
    String cacheDirectory,
    boolean profiled,
    String method,
    long remainingNanos) {
  public static ContextFacts of(HostContext context, String method) {
    return new ContextFacts(
        context.options(),
        context.threads(),
        context.cacheDirectory().map(p -> p.toAbsolutePath().toString()).orElse(""),
        context.isProfiled(),
        method,
        context.remainingNanos().orElse(-1));
  }

  public void write(Writer out) {
    out.put(options, Writer::put)
        .put(threads)
        .put(cacheDirectory)
        .put(profiled)
        .put(method)
        .put(remainingNanos);
  }

  public static ContextFacts read(Reader in) {
    return new ContextFacts(
        in.map(Reader::text), in.integer(), in.text(), in.bool(), in.text(), in.number());
  }

  public Optional<Path> cache() {
    return cacheDirectory.isEmpty() ? Optional.empty() : Optional.of(Path.of(cacheDirectory));
  }

  public OptionalLong remaining() {
    return remainingNanos < 0 ? OptionalLong.empty() : OptionalLong.of(remainingNanos);
  }
}
