package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.ValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A payload with named data of zeros, and a call as its own declarations describe it. */
record TestPayload(MemorySegment bytes, Map<String, MemorySegment> named) implements Payload {
  static TestPayload of(byte[] content) {
    MemorySegment bytes =
        Arena.ofAuto().allocate(Math.max(1, content.length), 16).asSlice(0, content.length);
    bytes.copyFrom(MemorySegment.ofArray(content));
    return new TestPayload(bytes.asReadOnly(), new HashMap<>());
  }

  /** A payload of the resources, every datum that it names being zeros of the stated size. */
  static TestPayload sample(String name) {
    TestPayload payload = of(resource(name));
    try {
      var graph = PayloadContainer.open(payload.bytes).graph();
      for (int i = 0; i < graph.constantDataLength(); i++) {
        var entry = graph.constantData(i);
        if (entry.namedKey() != null && !entry.namedKey().isEmpty()) {
          payload.named.put(
              entry.namedKey(), Arena.ofAuto().allocate(Math.max(1, entry.size()), 64));
        }
      }
    } catch (DelegateException e) {
      throw new AssertionError(e);
    }
    return payload;
  }

  static byte[] resource(String name) {
    try (InputStream in = TestPayload.class.getResourceAsStream(name + ".payload")) {
      if (in == null) {
        throw new AssertionError("no resource " + name + ".payload");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A builder for the call that the payload declares. */
  RecordingGraphBuilder builder(boolean dynamic) throws DelegateException {
    Map<Integer, ValueType> inputs = new TreeMap<>();
    int arguments = 0;
    for (PayloadValue value : PayloadValues.read(PayloadContainer.open(bytes).graph()).values()) {
      if (value.isExternalInput() || value.isExternalOutput()) {
        arguments = Math.max(arguments, value.externalId() + 1);
      }
      DType dtype = value.type().dtype();
      if (value.isExternalInput() && dtype != null) {
        inputs.put(value.externalId(), new TensorType(dtype, Shape.of(value.dims()), dynamic));
      }
    }
    return new RecordingGraphBuilder(arguments, inputs);
  }

  RecordingGraphBuilder lift() throws DelegateException {
    return lift(builder(false));
  }

  RecordingGraphBuilder lift(RecordingGraphBuilder into) throws DelegateException {
    new XnnpackPayloadLifter().lift(this, into);
    return into;
  }

  @Override
  public String id() {
    return "XnnpackBackend";
  }

  @Override
  public String method() {
    return "forward";
  }

  @Override
  public Map<String, byte[]> compileSpecs() {
    return Map.of();
  }

  @Override
  public Optional<MemorySegment> namedData(String key) {
    return Optional.ofNullable(named.get(key));
  }

  @Override
  public List<TensorType> inputs() {
    return List.of();
  }

  @Override
  public List<TensorType> outputs() {
    return List.of();
  }
}
