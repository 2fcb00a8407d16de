package dev.baton.coreml.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of predictions, laid out once: a run writes nothing but what the model computes.
 * Used by one thread at a time.
 */
public final class Prediction implements AutoCloseable {
  private static final StructLayout TENSOR =
      MemoryLayout.structLayout(
          ADDRESS.withName("name"),
          ADDRESS.withName("data"),
          JAVA_LONG.withName("bytes"),
          JAVA_INT.withName("type"),
          JAVA_INT.withName("rank"),
          MemoryLayout.sequenceLayout(CoreMlModel.MAX_RANK, JAVA_LONG).withName("dims"));

  private static final long NAME = offset("name");
  private static final long DATA = offset("data");
  private static final long BYTES = offset("bytes");
  private static final long TYPE = offset("type");
  private static final long RANK = offset("rank");
  private static final long DIMS = offset("dims");
  private static final int ERROR_BYTES = 1024;

  private final CoreMlModel model;
  private final @Nullable CoreMlState state;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment inputs;
  private final MemorySegment outputs;
  private final MemorySegment error;
  private final int inputCount;
  private final int outputCount;

  /**
   * @param state null for a model without
   */
  public Prediction(CoreMlModel model, @Nullable CoreMlState state, int inputs, int outputs) {
    this.model = model;
    this.state = state;
    this.inputs = arena.allocate(TENSOR, Math.max(1, inputs));
    this.outputs = arena.allocate(TENSOR, Math.max(1, outputs));
    this.error = arena.allocate(ERROR_BYTES);
    this.inputCount = inputs;
    this.outputCount = outputs;
  }

  private static long offset(String field) {
    return TENSOR.byteOffset(PathElement.groupElement(field));
  }

  /** Memory of an argument that lives as long as this. */
  public MemorySegment allocate(long bytes) {
    return arena.allocate(Math.max(1, bytes), Long.BYTES).asSlice(0, bytes);
  }

  public void input(int index, String name, MemorySegment data, DType dtype, Shape shape) {
    set(inputs, index, name, data, dtype, shape);
  }

  public void output(int index, String name, MemorySegment data, DType dtype, Shape shape) {
    set(outputs, index, name, data, dtype, shape);
  }

  private void set(
      MemorySegment tensors, int index, String name, MemorySegment data, DType dtype, Shape shape) {
    MemorySegment tensor = tensors.asSlice(TENSOR.byteSize() * index, TENSOR.byteSize());
    int rank = Math.max(1, shape.rank()); // Core ML has no arrays of rank 0
    if (rank > CoreMlModel.MAX_RANK) {
      throw new IllegalArgumentException("'" + name + "' has rank " + rank);
    }
    tensor.set(ADDRESS, NAME, arena.allocateFrom(name));
    tensor.set(ADDRESS, DATA, data);
    tensor.set(JAVA_LONG, BYTES, data.byteSize());
    tensor.set(JAVA_INT, TYPE, Feature.code(dtype));
    tensor.set(JAVA_INT, RANK, rank);
    for (int d = 0; d < rank; d++) {
      tensor.set(JAVA_LONG, DIMS + (long) Long.BYTES * d, d < shape.rank() ? shape.size(d) : 1);
    }
  }

  /**
   * Runs the model once, when no other prediction of it runs.
   *
   * @param cancelled asked when it is this one's turn
   * @return false if it was cancelled, and nothing ran
   */
  public boolean run(BooleanSupplier cancelled) throws CoreMlException {
    synchronized (model) {
      if (cancelled.getAsBoolean()) {
        return false;
      }
      MemorySegment loaded = model.handle();
      MemorySegment kept = state == null ? MemorySegment.NULL : state.handle();
      Status status =
          CoreMlLibrary.invoke(
              model.library().predict,
              error,
              (h, e, n) ->
                  (int)
                      h.invokeExact(loaded, kept, inputs, inputCount, outputs, outputCount, e, n));
      if (status != Status.OK) {
        throw new CoreMlException(model.library().predict.name(), status, error.getString(0));
      }
      return true;
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
