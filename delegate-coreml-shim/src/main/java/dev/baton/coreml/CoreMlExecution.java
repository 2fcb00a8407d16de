package dev.baton.coreml;

import dev.baton.coreml.CoreMlSubgraph.Argument;
import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlState;
import dev.baton.coreml.ffi.Feature;
import dev.baton.coreml.ffi.Prediction;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A model for one caller: bound to the caller's memory, with state of its own. */
final class CoreMlExecution implements DelegateExecution {
  /** A tensor that is copied, before the prediction or after. */
  private record Copy(Argument argument, MemorySegment tensor, MemorySegment array, long count) {}

  private final CoreMlSubgraph subgraph;
  private final @Nullable CoreMlState state;
  private final List<Copy> before = new ArrayList<>();
  private final List<Copy> after = new ArrayList<>();
  private @Nullable Prediction prediction;
  private boolean closed;

  CoreMlExecution(CoreMlSubgraph subgraph) throws CoreMlException {
    this.subgraph = subgraph;
    this.state = subgraph.states().isEmpty() ? null : subgraph.model().newState();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the execution is closed");
    }
  }

  @Override
  public void bind(Bindings io) throws DelegateException {
    requireOpen();
    unbind();
    Prediction bound = new Prediction(subgraph.model(), state, io.inputCount(), io.outputCount());
    try {
      bind(io, bound);
    } catch (RuntimeException | OutOfMemoryError e) {
      before.clear();
      after.clear();
      bound.close();
      throw e;
    }
    prediction = bound;
  }

  private void bind(Bindings io, Prediction bound) {
    for (int i = 0; i < io.inputCount(); i++) {
      Argument argument = subgraph.inputs().get(i);
      Shape shape = io.inputShape(i);
      MemorySegment array = array(bound, argument, io.input(i), shape, before);
      bound.input(i, argument.name(), array, argument.array(), shape);
    }
    for (int i = 0; i < io.outputCount(); i++) {
      Argument argument = subgraph.outputs().get(i);
      Shape shape = io.outputShape(i);
      MemorySegment array = array(bound, argument, io.output(i), shape, after);
      bound.output(i, argument.name(), array, argument.array(), shape);
    }
  }

  /** The tensor's own memory where the model has the same dtype. */
  private static MemorySegment array(
      Prediction bound, Argument argument, MemorySegment tensor, Shape shape, List<Copy> copies) {
    if (argument.array() == argument.tensor()) {
      return tensor;
    }
    MemorySegment array = bound.allocate(shape.numel() * argument.array().byteSize());
    copies.add(new Copy(argument, tensor, array, shape.numel()));
    return array;
  }

  private void unbind() {
    before.clear();
    after.clear();
    if (prediction != null) {
      prediction.close();
      prediction = null;
    }
  }

  @Override
  public void run(RunContext context) throws DelegateException {
    requireOpen();
    if (prediction == null) {
      throw new IllegalStateException("nothing is bound");
    }
    if (context.isCancelled()) {
      throw cancelled();
    }
    for (Copy c : before) {
      Conversion.copy(c.tensor, c.argument.tensor(), c.array, c.argument.array(), c.count);
    }
    try {
      if (!prediction.run(context::isCancelled)) {
        throw cancelled();
      }
    } catch (CoreMlException e) {
      throw CoreMlSession.failed(e);
    }
    for (Copy c : after) {
      Conversion.copy(c.array, c.argument.array(), c.tensor, c.argument.tensor(), c.count);
    }
  }

  private static DelegateException cancelled() {
    return new DelegateException(Kind.CANCELLED, "the run was cancelled");
  }

  @Override
  public Optional<DelegateState> state() {
    requireOpen();
    return state == null ? Optional.empty() : Optional.of(new State(subgraph.states(), state));
  }

  /** The states of a model, one after the other. */
  private record State(List<Feature> features, CoreMlState state) implements DelegateState {
    private static long bytes(Feature feature) {
      return new TensorType(feature.dtype(), feature.shape(), false).byteSize();
    }

    @Override
    public long byteSize() {
      return features.stream().mapToLong(State::bytes).sum();
    }

    @Override
    public void reset() throws DelegateException {
      try (Arena arena = Arena.ofConfined()) {
        restore(arena.allocate(Math.max(1, byteSize())));
      }
    }

    @Override
    public void snapshot(MemorySegment into) throws DelegateException {
      long at = 0;
      try {
        for (Feature feature : features) {
          state.read(feature.name(), into.asSlice(at, bytes(feature)));
          at += bytes(feature);
        }
      } catch (CoreMlException e) {
        throw CoreMlSession.failed(e);
      }
    }

    @Override
    public void restore(MemorySegment from) throws DelegateException {
      long at = 0;
      try {
        for (Feature feature : features) {
          state.write(feature.name(), from.asSlice(at, bytes(feature)));
          at += bytes(feature);
        }
      } catch (CoreMlException e) {
        throw CoreMlSession.failed(e);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    unbind();
    if (state != null) {
      state.close();
    }
  }
}
