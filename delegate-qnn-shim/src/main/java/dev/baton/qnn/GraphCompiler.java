package dev.baton.qnn;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.qnn.cache.ContextCache;
import dev.baton.qnn.compose.GraphPlan;
import dev.baton.qnn.compose.Group;
import dev.baton.qnn.compose.GroupView;
import dev.baton.qnn.compose.Lowerings;
import dev.baton.qnn.compose.UnsupportedNodeException;
import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnBackend;
import dev.baton.qnn.ffi.QnnContext;
import dev.baton.qnn.ffi.QnnDevice;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnFormatException;
import dev.baton.qnn.ffi.QnnGraphBuilder;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.ffi.SystemLibrary;
import dev.baton.qnn.payload.CallSignature;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compiles claimed subgraphs, or finds what was compiled before. */
final class GraphCompiler {
  private static final String GRAPH = "claimed";
  private static final int HERE = 0;

  private final QnnBackend backend;
  private final SystemLibrary system;
  private final @Nullable ContextCache cache;
  private final Map<Node, Decline> refused;

  /**
   * @param cache null to keep nothing
   * @param refused where nodes go that turn out not to compile
   */
  GraphCompiler(
      QnnBackend backend,
      SystemLibrary system,
      @Nullable ContextCache cache,
      Map<Node, Decline> refused) {
    this.backend = backend;
    this.system = system;
    this.cache = cache;
    this.refused = refused;
  }

  /** The graph of a subgraph, in a context that the result closes. */
  LoadedGraph compile(Subgraph subgraph, CompileContext context) throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        QnnDevice device = backend.device(HERE)) {
      GraphPlan plan = new GraphPlan(subgraph, arena);
      for (Group group : Group.of(subgraph)) {
        Lowerings.lower(group, subgraph, plan);
      }
      byte[] key = key(plan);
      QnnContext loaded = null;
      Map<String, QnnTensor> border = new HashMap<>();
      Optional<byte[]> kept = cache == null ? Optional.empty() : cache.read(key);
      long start = System.nanoTime();
      if (kept.isPresent()) {
        loaded = load(device, kept.get(), border, arena);
        context.record("loading a compiled graph", start, System.nanoTime() - start);
      }
      if (loaded == null) {
        loaded = build(device, plan, border);
        context.record("compiling a graph", start, System.nanoTime() - start);
        keep(key, loaded, context);
      }
      boolean done = false;
      try {
        LoadedGraph graph =
            new LoadedGraph(
                subgraph.name(),
                loaded.graph(GRAPH),
                new CallSignature(
                    at(subgraph.inputs(), border), at(subgraph.outputs(), border), List.of()),
                subgraph.inputs().stream().map(Value::tensorType).toList(),
                plan.constantBytes());
        done = true;
        return graph;
      } finally {
        if (!done) {
          loaded.close();
        }
      }
    } catch (UnsupportedNodeException e) {
      throw new DelegateException(
          DelegateException.Kind.UNSUPPORTED, "writing " + subgraph.name() + ": " + e.getMessage());
    } catch (QnnException e) {
      refuse(subgraph, context, e);
      throw new DelegateException(
          e.code() == QnnException.OUT_OF_MEMORY && refused.isEmpty()
              ? DelegateException.Kind.RESOURCES
              : DelegateException.Kind.UNSUPPORTED,
          "compiling " + subgraph.name() + ": " + e.getMessage(),
          "",
          e);
    }
  }

  /**
   * Looks for what the library does not compile, though it takes each node by itself: groups that
   * fail alone, or else where to cut. They are not claimed again.
   */
  private void refuse(Subgraph subgraph, CompileContext context, QnnException why) {
    Decline decline =
        Decline.of(
            Decline.Kind.COMPILE_FAILED,
            "the installed QNN does not compile it where it is: " + why.getMessage());
    List<Group> groups = Group.of(subgraph);
    if (groups.size() > 1) {
      for (Group group : failing(subgraph, groups, context)) {
        group.nodes().forEach(node -> refused.put(node, decline));
      }
    }
  }

  /** Of groups that do not compile together. */
  private List<Group> failing(Subgraph subgraph, List<Group> groups, CompileContext context) {
    if (groups.size() == 1) {
      return groups;
    }
    int middle = groups.size() / 2;
    List<Group> found = new ArrayList<>();
    for (List<Group> half :
        List.of(groups.subList(0, middle), groups.subList(middle, groups.size()))) {
      if (!context.isCancelled() && !compiles(subgraph, half)) {
        found.addAll(failing(subgraph, half, context));
      }
    }
    return found.isEmpty() ? List.of(groups.get(middle)) : found;
  }

  private boolean compiles(Subgraph subgraph, List<Group> groups) {
    try (Arena arena = Arena.ofConfined();
        QnnDevice device = backend.device(HERE)) {
      GroupView view = new GroupView(subgraph, groups);
      GraphPlan plan = new GraphPlan(view, arena);
      for (Group group : groups) {
        Lowerings.lower(group, view, plan);
      }
      build(device, plan, new HashMap<>()).close();
      return true;
    } catch (QnnException | UnsupportedNodeException e) {
      return false;
    }
  }

  private byte[] key(GraphPlan plan) {
    MessageDigest digest =
        ContextCache.newDigest(
            backend.library().backendId()
                + " "
                + backend.library().buildId()
                + " "
                + backend.library().coreVersion());
    plan.digest(digest);
    return digest.digest();
  }

  /** What was compiled before; null if the library does not take it any more. */
  private @Nullable QnnContext load(
      QnnDevice device, byte[] binary, Map<String, QnnTensor> border, Arena arena) {
    MemorySegment bytes = arena.allocate(binary.length, 16);
    bytes.copyFrom(MemorySegment.ofArray(binary));
    try {
      for (GraphDescription graph : system.describe(bytes).graphs()) {
        graph.inputs().forEach(t -> border.put(t.name(), t));
        graph.outputs().forEach(t -> border.put(t.name(), t));
      }
      return QnnContext.of(device, bytes);
    } catch (QnnException | QnnFormatException e) {
      border.clear();
      return null;
    }
  }

  private static QnnContext build(QnnDevice device, GraphPlan plan, Map<String, QnnTensor> border)
      throws QnnException, UnsupportedNodeException {
    QnnContext context = QnnContext.create(device);
    boolean done = false;
    try {
      QnnGraphBuilder graph = new QnnGraphBuilder(context, GRAPH);
      border.putAll(plan.write(graph));
      graph.finish();
      done = true;
      return context;
    } finally {
      if (!done) {
        context.close();
      }
    }
  }

  private void keep(byte[] key, QnnContext compiled, CompileContext context) {
    if (cache == null) {
      return;
    }
    try {
      cache.write(key, compiled.binary());
    } catch (QnnException | IOException e) {
      context.warn("The compiled graph cannot be kept: " + e.getMessage());
    }
  }

  private static List<QnnTensor> at(List<Value> values, Map<String, QnnTensor> border)
      throws DelegateException {
    List<QnnTensor> tensors = new ArrayList<>();
    for (Value value : values) {
      QnnTensor tensor = border.get(GraphPlan.name(value));
      if (tensor == null || tensor.byteSize() != value.tensorType().byteSize()) {
        throw new DelegateException(
            DelegateException.Kind.UNSUPPORTED, "the compiled graph has no tensor for " + value);
      }
      tensors.add(tensor);
    }
    return tensors;
  }
}
