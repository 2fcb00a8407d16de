package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;

/**
 * A tensor that a kernel reads or writes: native memory, contiguous in its logical dimensions,
 * aligned to its element size at least.
 *
 * @param data exactly the bytes of the tensor
 */
public record Operand(MemorySegment data, DType dtype, Shape shape) {}
