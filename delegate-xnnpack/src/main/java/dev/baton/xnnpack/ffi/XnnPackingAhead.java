package dev.baton.xnnpack.ffi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Weights of a graph that were packed on several threads before the graph's runtime is made.
 * XNNPACK packs node after node while it makes a runtime; so the nodes that pack are divided among
 * small graphs, whose runtimes are made at once, packed into one store, and thrown away. The
 * graph's runtime finds what it asks for; what it does not ask for goes when this is closed.
 */
public final class XnnPackingAhead implements AutoCloseable {
  /** Less is packed sooner than a thread starts. */
  private static final long LEAST_BYTES = 4 << 20;

  /** Weights of a part, unless a node alone has more: about a millisecond. */
  private static final long PART_BYTES = 2 << 20;

  private final List<XnnPackedWeights> packed = new ArrayList<>();

  XnnPackingAhead(XnnLibrary library, XnnWeightsStore store, List<XnnGraph> parts, int threads) {
    try {
      Threads.forEach(parts, threads, part -> pack(library, store, part));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void pack(XnnLibrary library, XnnWeightsStore store, XnnGraph part) {
    XnnPackedWeights weights = new XnnPackedWeights(part, store);
    synchronized (packed) {
      packed.add(weights);
    }
    try {
      XnnRuntime.create(library, part, weights, null, null, false).close();
    } catch (XnnException e) {
      // the graph's runtime packs it, or says what is wrong
    }
  }

  /** Graphs of the nodes that pack, largest first; none if it is not worth it. */
  static List<XnnGraph> parts(XnnGraph graph, List<XnnNode.Weights> nodes) {
    List<XnnNode.Weights> left = new ArrayList<>(nodes);
    left.sort(Comparator.comparingLong((XnnNode.Weights w) -> -bytes(graph, w)));
    if (left.stream().mapToLong(w -> bytes(graph, w)).sum() < LEAST_BYTES) {
      return List.of();
    }
    List<XnnGraph> parts = new ArrayList<>();
    for (int from = 0; from < left.size(); ) {
      int to = from;
      for (long bytes = 0; to < left.size() && bytes < PART_BYTES; to++) {
        bytes += bytes(graph, left.get(to));
      }
      parts.add(part(graph, left.subList(from, to)));
      from = to;
    }
    return parts;
  }

  private static long bytes(XnnGraph graph, XnnNode.Weights node) {
    return graph.data(node.filter()).byteSize();
  }

  /** The nodes, each between an input and an output of its own. */
  private static XnnGraph part(XnnGraph graph, List<XnnNode.Weights> from) {
    List<XnnValue> values = new ArrayList<>();
    for (XnnNode.Weights node : from) {
      values.add(graph.values().get(node.input()).as(XnnValue.Role.INPUT));
      values.add(graph.values().get(node.output()).as(XnnValue.Role.OUTPUT));
    }
    Map<Integer, Integer> statics = new HashMap<>();
    List<XnnNode> nodes = new ArrayList<>();
    for (int i = 0; i < from.size(); i++) {
      XnnNode.Weights node = from.get(i);
      int filter = add(graph, node.filter(), statics, values);
      int bias =
          node.bias() == XnnNode.NONE ? XnnNode.NONE : add(graph, node.bias(), statics, values);
      nodes.add(node.node().on(2 * i, filter, bias, 2 * i + 1));
    }
    return new XnnGraph(2 * from.size(), values, nodes);
  }

  private static int add(
      XnnGraph graph, int id, Map<Integer, Integer> statics, List<XnnValue> values) {
    return statics.computeIfAbsent(
        id,
        _ -> {
          values.add(graph.values().get(id));
          return values.size() - 1;
        });
  }

  long packedBytes() {
    synchronized (packed) {
      return packed.stream().mapToLong(XnnPackedWeights::packedBytes).sum();
    }
  }

  @Override
  public void close() {
    synchronized (packed) {
      packed.forEach(XnnPackedWeights::close);
      packed.clear();
    }
  }
}
