package dev.baton.tck.conformance;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
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

  /** A program whose method {@code forward} is one call of the sample. */
  public byte[] program() {
    return program(payload);
  }

  /**
   * The same program with other bytes for a payload.
   *
   * @param bytes sound or not
   */
  public byte[] program(byte[] bytes) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              List<Slot> ins =
                  inputs.stream().map(t -> m.input(t.dtype(), t.shape().sizes())).toList();
              List<Slot> outs =
                  outputs.stream().map(t -> m.tensor(t.dtype(), t.shape().sizes())).toList();
              m.delegate(id, bytes, specs, ins, outs);
              m.output(outs.toArray(Slot[]::new));
            })
        .toBytes();
  }
}
