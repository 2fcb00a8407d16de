package dev.baton.isolation.child;

import dev.baton.delegate.Payload;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A payload as the parent sent it; its named data are asked for. */
record SentPayload(
    String id,
    String method,
    MemorySegment bytes,
    Map<String, byte[]> compileSpecs,
    List<TensorType> inputs,
    List<TensorType> outputs,
    Function<String, Optional<MemorySegment>> named)
    implements Payload {
  @Override
  public Optional<MemorySegment> namedData(String key) {
    return named.apply(key);
  }
}
