package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Bindings;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.DelegateState;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.RunContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Loads payloads that nobody can open, and claims nothing: what a backend with compiled context
 * binaries is like. A payload computes {@code output i = scale · input i + addend}, or, with state,
 * {@code output i = scale · input i + addend · (runs since the last reset)}.
 *
 * <p>The payload, little-endian: {@code "OPAQ"}, {@code int32} flags (1: with state), {@code
 * float32} scale, {@code float32} addend.
 */
public final class OpaquePayloadDelegate implements Delegate {
  /** What users would type. */
  public static final String NAME = "opaque";

  /** The backend id in program files. */
  public static final String PAYLOAD_ID = "OpaqueBackend";

  private static final int MAGIC = 0x5141504f; // "OPAQ"
  private static final int PAYLOAD_BYTES = 16;

  public OpaquePayloadDelegate() {}

  /** The bytes of a payload. */
  public static byte[] payload(float scale, float addend, boolean withState) {
    return ByteBuffer.allocate(PAYLOAD_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(MAGIC)
        .putInt(withState ? 1 : 0)
        .putFloat(scale)
        .putFloat(addend)
        .array();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return Availability.available();
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(PAYLOAD_ID);
  }

  @Override
  public DelegateSession open(OpenContext context) {
    return new Session();
  }

  private static final class Session implements DelegateSession {
    @Override
    public void claim(GraphView graph, Claims claims) {}

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "it compiles no subgraphs");
    }

    @Override
    public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
      if (payload.bytes().byteSize() != PAYLOAD_BYTES) {
        throw bad("has " + payload.bytes().byteSize() + " bytes, expected " + PAYLOAD_BYTES);
      }
      ByteBuffer bytes = payload.bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      if (bytes.getInt() != MAGIC) {
        throw bad("does not begin with OPAQ");
      }
      if (payload.inputs().size() != payload.outputs().size()) {
        throw bad(
            "has "
                + payload.inputs().size()
                + " inputs and "
                + payload.outputs().size()
                + " outputs");
      }
      for (TensorType type : payload.inputs()) {
        if (type.dtype() != DType.FLOAT) {
          throw bad("has an input " + type + ", expected float");
        }
      }
      return new ScaleAndAdd((bytes.getInt() & 1) != 0, bytes.getFloat(), bytes.getFloat());
    }

    private static DelegateException bad(String what) {
      return new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD, "the payload " + what, "Export it again.", null);
    }

    @Override
    public void close() {}
  }

  private static void requireOpen(boolean closed) {
    if (closed) {
      throw new IllegalStateException("used after close");
    }
  }

  private static final class ScaleAndAdd implements CompiledSubgraph {
    private final boolean withState;
    private final float scale;
    private final float addend;
    private volatile boolean closed;

    ScaleAndAdd(boolean withState, float scale, float addend) {
      this.withState = withState;
      this.scale = scale;
      this.addend = addend;
    }

    @Override
    public DelegateExecution newExecution(ExecutionContext context) {
      requireOpen(closed);
      return new ScaleAndAddExecution(this);
    }

    @Override
    public Optional<List<Shape>> outputShapes(List<Shape> inputs) {
      return Optional.of(inputs);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static final class ScaleAndAddExecution implements DelegateExecution {
    private final ScaleAndAdd subgraph;
    private MemorySegment[] inputs = {};
    private MemorySegment[] outputs = {};
    private long runs;
    private boolean closed;

    ScaleAndAddExecution(ScaleAndAdd subgraph) {
      this.subgraph = subgraph;
    }

    @Override
    public void bind(Bindings io) throws DelegateException {
      requireOpen(closed);
      inputs = new MemorySegment[io.inputCount()];
      outputs = new MemorySegment[io.outputCount()];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = io.input(i);
        outputs[i] = io.output(i);
        if (!io.inputShape(i).equals(io.outputShape(i))) {
          throw new DelegateException(
              DelegateException.Kind.UNSUPPORTED,
              "input " + io.inputShape(i) + ", output " + io.outputShape(i));
        }
      }
    }

    @Override
    public void run(RunContext context) {
      requireOpen(closed);
      runs++;
      float addend = subgraph.withState ? subgraph.addend * runs : subgraph.addend;
      for (int t = 0; t < inputs.length; t++) {
        for (long i = 0; i < inputs[t].byteSize(); i += Float.BYTES) {
          float x = inputs[t].get(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
          outputs[t].set(ValueLayout.JAVA_FLOAT_UNALIGNED, i, subgraph.scale * x + addend);
        }
      }
    }

    @Override
    public Optional<DelegateState> state() {
      return subgraph.withState ? Optional.of(new RunCount()) : Optional.empty();
    }

    private final class RunCount implements DelegateState {
      @Override
      public long byteSize() {
        return Long.BYTES;
      }

      @Override
      public void reset() {
        requireOpen(closed);
        runs = 0;
      }

      @Override
      public void snapshot(MemorySegment into) {
        requireOpen(closed);
        into.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, runs);
      }

      @Override
      public void restore(MemorySegment from) {
        requireOpen(closed);
        runs = from.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
