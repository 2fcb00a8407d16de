package dev.baton.qnn;

import dev.baton.delegate.DelegateException;
import dev.baton.qnn.ffi.BinaryDescription;
import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnBackend;
import dev.baton.qnn.ffi.QnnContext;
import dev.baton.qnn.ffi.QnnDevice;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnFormatException;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.qnn.ffi.SystemLibrary;
import dev.baton.qnn.payload.CompileSpec;
import dev.baton.qnn.payload.Container;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Loads payloads into the library. */
final class PayloadReader {
  private final QnnBackend backend;
  private final SystemLibrary system;

  PayloadReader(QnnBackend backend, SystemLibrary system) {
    this.backend = backend;
    this.system = system;
  }

  /**
   * @param method for messages
   * @return graphs in a context that the caller closes
   */
  LoadedGraphs read(String method, Container container, CompileSpec spec) throws DelegateException {
    requireBackend(method, spec);
    return switch (container) {
      case Container.ContextBinary(MemorySegment bytes) -> binary(method, bytes, spec);
      case Container.Portable(MemorySegment bytes) -> portable(method, bytes, spec);
    };
  }

  private void requireBackend(String method, CompileSpec spec) throws DelegateException {
    switch (spec.backend()) {
      case UNDEFINED, HTP -> {}
      case GPU, DSP, LPAI ->
          throw new DelegateException(
              DelegateException.Kind.UNSUPPORTED,
              "the QNN payload of '"
                  + method
                  + "' was exported for the "
                  + spec.backend()
                  + " backend, and Baton runs those for HTP",
              "Export the program for HTP, " + Failures.OTHER_FILE,
              null);
    }
  }

  private LoadedGraphs binary(String method, MemorySegment bytes, CompileSpec spec)
      throws DelegateException {
    BinaryDescription description;
    try {
      description = system.describe(bytes);
    } catch (QnnException | QnnFormatException e) {
      throw Failures.unreadable(method, e);
    }
    try (QnnDevice device = device(spec)) {
      return new LoadedGraphs(QnnContext.of(device, bytes), description.graphs(), bytes.byteSize());
    } catch (QnnException e) {
      throw Failures.refused(backend.library(), description, spec.socModel(), e);
    }
  }

  private QnnDevice device(CompileSpec spec) throws DelegateException {
    try {
      return backend.device(spec.socModel());
    } catch (QnnException e) {
      throw Failures.opening(e);
    }
  }

  private LoadedGraphs portable(String method, MemorySegment bytes, CompileSpec spec)
      throws DelegateException {
    QnnLibrary library = backend.library();
    try (QnnDevice device = device(spec)) {
      QnnContext context = QnnContext.create(device);
      boolean done = false;
      try {
        List<GraphDescription> graphs = system.compose(context, bytes);
        for (GraphDescription graph : graphs) {
          context.graph(graph.name()).finish();
        }
        done = true;
        return new LoadedGraphs(context, graphs, bytes.byteSize());
      } finally {
        if (!done) {
          context.close();
        }
      }
    } catch (QnnFormatException e) {
      throw Failures.unreadable(method, e);
    } catch (QnnException e) {
      throw new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD,
          "QNN "
              + library.buildId()
              + " does not compile the portable graph of '"
              + method
              + "': "
              + e.getMessage(),
          "Export the program without online preparation, " + Failures.OTHER_FILE,
          e);
    }
  }
}
