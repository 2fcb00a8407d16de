package dev.example.openvino;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.RunContext;
import dev.example.openvino.ffi.ElementType;
import dev.example.openvino.ffi.InferRequest;
import dev.example.openvino.ffi.OpenvinoException;
import dev.example.openvino.ir.Translator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An infer request, bound to the host's own buffers. A run that takes long is started on threads of
 * OpenVINO's while the caller looks now and then whether it is still wanted; a short one runs on
 * the caller's, without the way between threads.
 */
final class OpenvinoExecution implements DelegateExecution {
  /** What the run before must have taken for the next one to be worth an interruption. */
  private static final long LONG_NANOS = 20_000_000;

  private static final long LOOK_MILLIS = 5;

  private final String name;
  private final InferRequest request;
  private final List<ElementType> inputs;
  private final List<ElementType> outputs;
  private final boolean named;
  private long lastNanos;

  /**
   * @param named true if inputs have the names of {@link Translator#inputName}, else positions
   */
  OpenvinoExecution(
      String name,
      InferRequest request,
      List<ElementType> inputs,
      List<ElementType> outputs,
      boolean named) {
    this.name = name;
    this.request = request;
    this.inputs = inputs;
    this.outputs = outputs;
    this.named = named;
  }

  @Override
  public void bind(Bindings io) throws DelegateException {
    try {
      for (int i = 0; i < inputs.size(); i++) {
        if (named) {
          request.setInput(Translator.inputName(i), inputs.get(i), io.inputShape(i), io.input(i));
        } else {
          request.setInput(i, inputs.get(i), io.inputShape(i), io.input(i));
        }
      }
      for (int i = 0; i < outputs.size(); i++) {
        request.setOutput(i, outputs.get(i), io.outputShape(i), io.output(i));
      }
    } catch (OpenvinoException e) {
      throw OpenvinoSubgraph.failure(DelegateException.Kind.UNSUPPORTED, "binding " + name, e);
    }
  }

  @Override
  public void run(RunContext context) throws DelegateException {
    if (context.isCancelled()) {
      throw cancelled(null);
    }
    long start = System.nanoTime();
    try {
      if (lastNanos < LONG_NANOS) {
        request.infer();
      } else {
        runWatched(context);
      }
    } catch (OpenvinoException e) {
      throw e.isCancelled()
          ? cancelled(e)
          : OpenvinoSubgraph.failure(DelegateException.Kind.FAILED, "running " + name, e);
    }
    lastNanos = System.nanoTime() - start;
  }

  private void runWatched(RunContext context) throws OpenvinoException, DelegateException {
    request.start();
    while (!request.await(LOOK_MILLIS)) {
      if (context.isCancelled()) {
        request.cancel();
        throw cancelled(null);
      }
    }
  }

  private DelegateException cancelled(@Nullable Throwable cause) {
    return new DelegateException(
        DelegateException.Kind.CANCELLED, "running " + name + " was cancelled", "", cause);
  }

  @Override
  public void close() {
    request.close();
  }
}
