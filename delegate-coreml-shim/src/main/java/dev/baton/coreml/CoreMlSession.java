package dev.baton.coreml;

import dev.baton.coreml.ffi.ComputeUnits;
import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlLibrary;
import dev.baton.coreml.ffi.CoreMlModel;
import dev.baton.coreml.ffi.Status;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.TensorType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Core ML for one program: loads its payloads, claims nothing. */
final class CoreMlSession implements DelegateSession {
  private static final String UNITS_SPEC = "compute_units";

  /** A model for Core ML is made when a program is exported. */
  private static final Decline EXPORTED_FOR =
      Decline.of(Decline.Kind.OPERATOR, "Core ML takes only what was lowered for it");

  private final CoreMlLibrary library;
  private final @Nullable String units;
  private final CompiledModels models;
  private boolean closed;

  CoreMlSession(CoreMlLibrary library, OpenContext context) {
    this.library = library;
    this.units = context.options().get(CoreMlDelegate.COMPUTE_UNITS_OPTION);
    this.models = new CompiledModels(library, context.cacheDirectory().orElse(null));
  }

  @Override
  public void claim(GraphView graph, Claims claims) {
    requireOpen();
    graph.nodes().forEach(node -> claims.decline(node, EXPORTED_FOR));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  @Override
  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
      throws DelegateException {
    requireOpen();
    throw new DelegateException(
        Kind.UNSUPPORTED, "Core ML takes payloads that were lowered for it, and no subgraphs");
  }

  @Override
  public CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
    requireOpen();
    requireFixed(payload);
    MlPackage open = MlPackage.open(payload);
    if (open.inputs().size() != payload.inputs().size()
        || open.outputs().size() != payload.outputs().size()) {
      throw new DelegateException(
          Kind.BAD_PAYLOAD,
          "the model has %d inputs and %d outputs, the call %d and %d"
              .formatted(
                  open.inputs().size(),
                  open.outputs().size(),
                  payload.inputs().size(),
                  payload.outputs().size()),
          "Export the program again.",
          null);
    }
    ComputeUnits on = units(payload);
    try {
      return new CoreMlSubgraph(model(open, on, context), open, payload);
    } catch (CoreMlException e) {
      throw failed(e);
    }
  }

  /** Results of sizes that vary have them when a prediction is done: the host wants them before. */
  private static void requireFixed(Payload payload) throws DelegateException {
    if (payload.inputs().stream().anyMatch(TensorType::dynamic)
        || payload.outputs().stream().anyMatch(TensorType::dynamic)) {
      throw new DelegateException(
          Kind.UNSUPPORTED,
          "the model has sizes that vary",
          "Export it with fixed sizes to run it on Core ML.",
          null);
    }
  }

  /** A model of the cache that does not load is damaged: it is compiled once more. */
  private CoreMlModel model(MlPackage open, ComputeUnits units, CompileContext context)
      throws DelegateException, CoreMlException {
    String named = open.function();
    String function = named == null ? "" : named;
    Path known = models.known(open);
    if (known != null) {
      try {
        return library.open(known, units, function);
      } catch (CoreMlException e) {
        if (e.status() != Status.LOAD && e.status() != Status.NOT_FOUND) {
          throw e;
        }
        models.forget(known);
      }
    }
    return library.open(models.compiled(open, context), units, function);
  }

  private ComputeUnits units(Payload payload) throws DelegateException {
    byte[] spec = payload.compileSpecs().get(UNITS_SPEC);
    String name =
        units != null ? units : spec == null ? "all" : new String(spec, StandardCharsets.UTF_8);
    return ComputeUnits.of(name)
        .orElseThrow(() ->
            new DelegateException(
                Kind.UNSUPPORTED,
                "there are no compute units '" + name + "'",
                "Set the option %s to one of %s."
                    .formatted(
                        CoreMlDelegate.COMPUTE_UNITS_OPTION,
                        String.join(", ", ComputeUnits.names())),
                null));
  }

  /** A failure of the library, as the host knows them. */
  static DelegateException failed(CoreMlException e) {
    Kind kind =
        switch (e.status()) {
          case UNSUPPORTED, MISMATCH -> Kind.UNSUPPORTED;
          case COMPILE, LOAD -> Kind.BAD_PAYLOAD;
          default -> Kind.FAILED;
        };
    return new DelegateException(kind, "Core ML: " + e.getMessage(), "", e);
  }

  @Override
  public void close() {
    closed = true;
    models.close();
  }
}
