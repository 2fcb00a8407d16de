package dev.baton.qnn;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.RunContext;
import dev.baton.graph.TensorType;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnGraph;
import dev.baton.qnn.ffi.QnnProfile;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.payload.CallSignature;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A graph as one caller runs it: its own tensors, and buffers that live on between runs. */
@SuppressWarnings("MustBeClosedChecker") // close() closes the arena
final class GraphExecution implements DelegateExecution {
  private final String name;
  private final List<TensorType> inputs;
  private final Arena arena = Arena.ofShared();
  private final QnnGraph.Call call;
  private final @Nullable KeptBuffers kept;
  private final @Nullable QnnProfile profile;
  private final ProfileNames profileNames = new ProfileNames();
  private boolean lost;
  private boolean closed;

  GraphExecution(
      String name,
      QnnGraph graph,
      CallSignature signature,
      List<TensorType> inputs,
      boolean profiled)
      throws QnnException {
    this.name = name;
    this.inputs = inputs;
    boolean done = false;
    try {
      List<QnnTensor> in = new ArrayList<>(signature.inputs());
      List<QnnTensor> out = new ArrayList<>(signature.outputs());
      for (CallSignature.MutableBuffer buffer : signature.buffers()) {
        in.add(buffer.input());
        out.add(buffer.output());
      }
      this.call = graph.newCall(in, out, arena);
      KeptBuffers buffers =
          signature.buffers().isEmpty() ? null : new KeptBuffers(signature.buffers(), arena);
      for (int i = 0; buffers != null && i < signature.buffers().size(); i++) {
        call.setInput(signature.inputs().size() + i, buffers.buffer(i));
        call.setOutput(signature.outputs().size() + i, buffers.buffer(i));
      }
      this.kept = buffers;
      this.profile = profiled ? new QnnProfile(graph.context().device().backend()) : null;
      done = true;
    } finally {
      if (!done) {
        arena.close();
      }
    }
  }

  @Override
  public void bind(Bindings io) throws DelegateException {
    requireOpen();
    for (int i = 0; i < io.inputCount(); i++) {
      if (!io.inputShape(i).equals(inputs.get(i).shape())) {
        throw new DelegateException(
            DelegateException.Kind.UNSUPPORTED,
            "%s was compiled for an input %d of the shape %s, and is given %s"
                .formatted(name, i, inputs.get(i).shape(), io.inputShape(i)),
            "Call it with the shapes that it was exported with.",
            null);
      }
      call.setInput(i, io.input(i));
    }
    for (int i = 0; i < io.outputCount(); i++) {
      call.setOutput(i, io.output(i));
    }
  }

  @Override
  public void run(RunContext context) throws DelegateException {
    requireOpen();
    if (lost) {
      throw new DelegateException(
          DelegateException.Kind.FAILED,
          name + " is of no use since the device restarted",
          "Load the program again.",
          null);
    }
    QnnProfile recording = context.isRecorded() ? profile : null;
    long start = System.nanoTime();
    try {
      call.execute(recording);
    } catch (QnnException e) {
      lost = e.isDeviceLost();
      throw Failures.running(name, e);
    }
    if (recording != null) {
      record(recording, start, System.nanoTime() - start, context);
    }
  }

  /** What was computed stays good if the library cannot say how long it took. */
  private void record(QnnProfile recording, long start, long nanos, RunContext context) {
    try {
      profileNames.record(recording.events(), start, nanos, context);
    } catch (QnnException | IllegalStateException e) {
      System.getLogger("dev.baton.qnn")
          .log(System.Logger.Level.WARNING, name + " has no profile: " + e.getMessage());
    }
  }

  @Override
  public Optional<DelegateState> state() {
    return Optional.ofNullable(kept);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("an execution of " + name + " is closed");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (profile != null) {
      profile.close();
    }
    arena.close();
  }
}
