package dev.example.openvino.ffi;

import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A model as one caller runs it. One thread at a time; closed never during a run. What is closed
 * throws {@link IllegalStateException}, and may be closed again.
 */
public final class InferRequest implements AutoCloseable {
  /** {@code RESULT_NOT_READY} of {@code ov_status_e}. */
  private static final int NOT_READY = -9;

  private final OpenvinoLibrary library;
  private final MemorySegment request;
  private boolean closed;

  InferRequest(OpenvinoLibrary library, MemorySegment request) {
    this.library = library;
    this.request = request;
  }

  /**
   * Binds the input of a name to memory, which stays valid until the next bind or close.
   *
   * @param data exactly the bytes of the tensor
   */
  public void setInput(String name, ElementType type, Shape shape, MemorySegment data)
      throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment tensor = tensor(arena, type, shape, data);
      try {
        library.check(
            "ov_infer_request_set_tensor of " + name + " " + shape,
            (int)
                OpenvinoLibrary.invoke(
                    library.setTensor, request, arena.allocateFrom(name), tensor));
      } finally {
        library.freeTensor(tensor);
      }
    }
  }

  /** {@link #setInput(String, ElementType, Shape, MemorySegment)} by position. */
  public void setInput(int index, ElementType type, Shape shape, MemorySegment data)
      throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment tensor = tensor(arena, type, shape, data);
      try {
        library.check(
            "ov_infer_request_set_input_tensor_by_index of " + index + " " + shape,
            (int) OpenvinoLibrary.invoke(library.setInput, request, (long) index, tensor));
      } finally {
        library.freeTensor(tensor);
      }
    }
  }

  /** Binds an output to memory, which stays valid until the next bind or close. */
  public void setOutput(int index, ElementType type, Shape shape, MemorySegment data)
      throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment tensor = tensor(arena, type, shape, data);
      try {
        library.check(
            "ov_infer_request_set_output_tensor_by_index of " + index + " " + shape,
            (int) OpenvinoLibrary.invoke(library.setOutput, request, (long) index, tensor));
      } finally {
        library.freeTensor(tensor);
      }
    }
  }

  private MemorySegment tensor(Arena arena, ElementType type, Shape shape, MemorySegment data)
      throws OpenvinoException {
    requireOpen();
    long[] sizes = Arrays.stream(shape.sizes()).asLongStream().toArray();
    return library.tensor(arena, type.code(), sizes, data);
  }

  /** Runs on the caller's thread and the model's, and returns when the outputs are complete. */
  public void infer() throws OpenvinoException {
    requireOpen();
    try {
      library.check("ov_infer_request_infer", (int) library.infer.invokeExact(request));
    } catch (Throwable e) {
      throw thrown(e);
    }
  }

  /** Starts a run on threads of the model's. */
  public void start() throws OpenvinoException {
    requireOpen();
    try {
      library.check("ov_infer_request_start_async", (int) library.startAsync.invokeExact(request));
    } catch (Throwable e) {
      throw thrown(e);
    }
  }

  /**
   * Waits for a run that was started.
   *
   * @return false if it is not done in the time
   * @throws OpenvinoException if the run failed or was cancelled
   */
  public boolean await(long millis) throws OpenvinoException {
    try {
      int status = (int) library.waitFor.invokeExact(request, millis);
      if (status == NOT_READY) {
        return false;
      }
      library.check("ov_infer_request_wait_for", status);
      return true;
    } catch (Throwable e) {
      throw thrown(e);
    }
  }

  /** Cancels the run that was started, and waits until it has ended. */
  public void cancel() {
    OpenvinoLibrary.invoke(library.cancel, request);
    OpenvinoLibrary.invoke(library.waitUntilDone, request);
  }

  private static OpenvinoException thrown(Throwable e) throws OpenvinoException {
    switch (e) {
      case OpenvinoException refused -> throw refused;
      case RuntimeException runtime -> throw runtime;
      case Error error -> throw error;
      default -> throw OpenvinoLibrary.unexpected(e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the infer request is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      OpenvinoLibrary.invoke(library.freeRequest, request);
    }
  }
}
