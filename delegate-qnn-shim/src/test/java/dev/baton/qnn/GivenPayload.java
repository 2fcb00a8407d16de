package dev.baton.qnn;

import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.Payload;
import dev.baton.graph.TensorType;
import dev.baton.tck.conformance.PayloadSample;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A payload as the host gives it. */
record GivenPayload(
    String id,
    String method,
    MemorySegment bytes,
    Map<String, byte[]> compileSpecs,
    List<TensorType> inputs,
    List<TensorType> outputs)
    implements Payload {
  static GivenPayload of(PayloadSample sample, byte[] bytes, Arena arena) {
    MemorySegment copy = arena.allocate(Math.max(bytes.length, 1), 16).asSlice(0, bytes.length);
    copy.copyFrom(MemorySegment.ofArray(bytes));
    return new GivenPayload(
        sample.id(),
        "forward",
        copy.asReadOnly(),
        sample.specs(),
        sample.inputs(),
        sample.outputs());
  }

  /** Loads and closes it in a session of its own. */
  static void load(PayloadSample sample, byte[] bytes, Host host) throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = new QnnDelegate().open(host)) {
      CompiledSubgraph loaded = session.load(of(sample, bytes, arena), host);
      loaded.close();
    }
  }

  @Override
  public Optional<MemorySegment> namedData(String key) {
    return Optional.empty();
  }
}
