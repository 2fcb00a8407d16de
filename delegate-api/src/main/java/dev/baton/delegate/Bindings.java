package dev.baton.delegate;

import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;

/**
 * Buffers of an execution, by position among the subgraph's inputs and outputs (for a payload:
 * among those of the delegate call). Tensors lie contiguous in native memory, with the alignment
 * and slack that the delegate asked for. Inputs are not to be written, outputs are undefined until
 * they are written. An output never overlaps an input.
 */
public interface Bindings {
  int inputCount();

  int outputCount();

  /** Exactly the bytes of the tensor, in native memory. */
  MemorySegment input(int index);

  Shape inputShape(int index);

  /** Exactly the bytes of the tensor, in native memory. */
  MemorySegment output(int index);

  Shape outputShape(int index);
}
