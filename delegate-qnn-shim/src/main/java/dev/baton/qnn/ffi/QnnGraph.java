package dev.baton.qnn.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** A graph of a context. Valid as long as that. Safe for use by several threads. */
public final class QnnGraph {
  private final QnnContext context;
  private final long handle;

  QnnGraph(QnnContext context, long handle) {
    this.context = context;
    this.handle = handle;
  }

  public QnnContext context() {
    return context;
  }

  long handle() {
    return handle;
  }

  /** Compiles the graph, after which it can be executed. */
  public void finish() throws QnnException {
    context.lock().lock();
    try {
      context
          .library()
          .call(BackendFunction.GRAPH_FINALIZE, h -> (long) h.invokeExact(handle, 0L, 0L));
    } finally {
      context.lock().unlock();
    }
  }

  /** Tensors of one caller, told by where their data is. Not for several threads at a time. */
  public Call newCall(List<QnnTensor> inputs, List<QnnTensor> outputs, Arena arena)
      throws QnnException {
    return new Call(this, inputs, outputs, arena);
  }

  /** What one caller executes a graph with. */
  public static final class Call {
    private final QnnGraph graph;
    private final List<QnnTensor> inputs;
    private final List<QnnTensor> outputs;
    private final MemorySegment inputArray;
    private final MemorySegment outputArray;
    private final MethodHandle execute;

    private Call(QnnGraph graph, List<QnnTensor> inputs, List<QnnTensor> outputs, Arena arena)
        throws QnnException {
      this.graph = graph;
      this.inputs = List.copyOf(inputs);
      this.outputs = List.copyOf(outputs);
      this.inputArray = QnnTensor.writeAll(inputs, arena);
      this.outputArray = QnnTensor.writeAll(outputs, arena);
      this.execute = graph.context.library().handle(BackendFunction.GRAPH_EXECUTE);
    }

    /**
     * Says where an input is. The library reads it whole, whatever size it is told: so it is
     * checked here.
     *
     * @throws IllegalArgumentException if it has not the tensor's size
     */
    public void setInput(int index, MemorySegment data) {
      set(inputArray, index, inputs.get(index), data);
    }

    /** Says where an output goes; as {@link #setInput}. */
    public void setOutput(int index, MemorySegment data) {
      set(outputArray, index, outputs.get(index), data);
    }

    private static void set(MemorySegment array, int index, QnnTensor tensor, MemorySegment data) {
      if (data.byteSize() != tensor.byteSize() || !data.isNative()) {
        throw new IllegalArgumentException(
            tensor + " takes " + tensor.byteSize() + " bytes, given are " + data.byteSize());
      }
      QnnTensor.writeData(QnnTensor.slice(array, index), data);
    }

    /**
     * Executes the graph once.
     *
     * @param profile null for none
     */
    public void execute(@org.jspecify.annotations.Nullable QnnProfile profile) throws QnnException {
      long profileHandle = profile == null ? 0 : profile.handle();
      graph.context.lock().lock();
      try {
        QnnLog.clear();
        int code;
        try {
          code =
              (int)
                  ((long)
                          execute.invokeExact(
                              graph.handle,
                              inputArray.address(),
                              inputs.size(),
                              outputArray.address(),
                              outputs.size(),
                              profileHandle,
                              0L)
                      & 0xffff);
        } catch (RuntimeException | Error e) {
          throw e;
        } catch (Throwable e) {
          throw new IllegalStateException("a native function threw a checked exception", e);
        }
        graph.context.library().check(BackendFunction.GRAPH_EXECUTE, code);
      } finally {
        graph.context.lock().unlock();
      }
    }
  }
}
