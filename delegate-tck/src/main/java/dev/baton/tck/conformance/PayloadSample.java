package dev.baton.tck.conformance;

import dev.baton.graph.TensorType;
import java.util.List;
import java.util.Map;

/**
 * A sound payload of a delegate, which the kit runs, damages and cuts off.
 *
 * @param name for the report
 * @param id as program files carry it, one of {@link dev.baton.delegate.Delegate#payloadIds}
 * @param specs compile specs
 * @param inputs types of the call's inputs, of fixed sizes; float32
 * @param outputs types of its outputs; float32
 * @param stateful true if the payload keeps state between runs, so that what it gives for one input
 *     changes from run to run
 */
public record PayloadSample(
    String name,
    String id,
    byte[] payload,
    Map<String, byte[]> specs,
    List<TensorType> inputs,
    List<TensorType> outputs,
    boolean stateful) {
  public PayloadSample {
    payload = payload.clone();
    specs = Map.copyOf(specs);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
