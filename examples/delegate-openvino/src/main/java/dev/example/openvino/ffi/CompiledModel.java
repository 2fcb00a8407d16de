package dev.example.openvino.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A compiled model. Any thread; closed after its requests. What is closed throws {@link
 * IllegalStateException}, and may be closed again.
 */
public final class CompiledModel implements AutoCloseable {
  private final OpenvinoLibrary library;
  private final MemorySegment model;
  private boolean closed;

  CompiledModel(OpenvinoLibrary library, MemorySegment model) {
    this.library = library;
    this.model = model;
  }

  public long inputCount() throws OpenvinoException {
    return library.readSize("ov_compiled_model_inputs_size", model);
  }

  public long outputCount() throws OpenvinoException {
    return library.readSize("ov_compiled_model_outputs_size", model);
  }

  /** What runs the model for one caller at a time; closed by the caller. */
  public synchronized InferRequest newRequest() throws OpenvinoException {
    if (closed) {
      throw new IllegalStateException("the compiled model is closed");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      library.check(
          "ov_compiled_model_create_infer_request",
          (int) OpenvinoLibrary.invoke(library.newRequest, model, out));
      return new InferRequest(library, out.get(ADDRESS, 0));
    }
  }

  /** Writes what {@link OpenvinoLibrary#importModel} reads, for this version and this CPU. */
  public void exportTo(Path file) throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      library.call(
          "ov_compiled_model_export_model",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS),
          model,
          arena.allocateFrom(file.toString()));
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      OpenvinoLibrary.invoke(library.freeModel, model);
    }
  }
}
