package dev.baton.runtime.lift;

import dev.baton.delegate.Payload;
import dev.baton.graph.TensorType;
import dev.baton.runtime.program.DelegateSpec;
import dev.baton.runtime.program.Program;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A payload of a program.
 *
 * @param refusal why no lifter could open it; empty if none refused
 */
public record ProgramPayload(
    Program program,
    String method,
    DelegateSpec spec,
    List<TensorType> inputs,
    List<TensorType> outputs,
    String refusal)
    implements Payload {

  @Override
  public String id() {
    return spec.id();
  }

  @Override
  public MemorySegment bytes() {
    return spec.payload();
  }

  @Override
  public Map<String, byte[]> compileSpecs() {
    Map<String, byte[]> specs = new LinkedHashMap<>();
    spec.compileSpecs().forEach(s -> specs.put(s.key(), s.value().toArray(ValueLayout.JAVA_BYTE)));
    return Collections.unmodifiableMap(specs);
  }

  @Override
  public Optional<MemorySegment> namedData(String key) {
    return Optional.ofNullable(program.namedData().get(key));
  }
}
