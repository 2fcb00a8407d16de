package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.graph.GraphBuilder;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;
import dev.baton.xnnpack.payload.schema.OutputMinMax;
import dev.baton.xnnpack.payload.schema.XNNGraph;
import dev.baton.xnnpack.payload.schema.XNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The lifting of one payload: reads it, writes node after node, and hands out the outputs. */
final class Lifting {
  /** A message that names more nodes helps nobody. */
  private static final int MAX_NAMED = 50;

  /** What the exporter gives nodes of its own making. */
  private static final int NO_DEBUG_HANDLE = 65_535;

  private final GraphBuilder into;
  private final Map<Integer, PayloadValue> values;
  private final Tensors tensors;
  private final NodeWriter writer;
  private final List<Entry> nodes;
  private final List<String> unsupported = new ArrayList<>();

  /** Values of nodes that cannot be written, and what is computed from them. */
  private final Set<Integer> lost = new HashSet<>();

  private boolean unknownKinds;

  private record Entry(int index, NodeKind kind, PayloadNode node, Bounds bounds, int debugHandle) {
    String place() {
      return "node " + index + " (" + kind.label() + ")";
    }
  }

  private interface Step {
    void run() throws DelegateException, UnsupportedNode;
  }

  Lifting(Payload payload, GraphBuilder into) throws DelegateException {
    this.into = into;
    PayloadContainer container = PayloadContainer.open(payload.bytes());
    XNNGraph graph = container.graph();
    ConstantData data = new ConstantData(payload, container, graph, into);
    this.values = PayloadValues.read(graph);
    this.tensors = new Tensors(into, data, values);
    this.nodes = readNodes(graph);
    Set<Integer> used = new HashSet<>();
    nodes.forEach(entry -> used.addAll(entry.node().inputs()));
    values.values().stream()
        .filter(PayloadValue::isExternalOutput)
        .forEach(value -> used.add(value.id()));
    this.writer = new NodeWriter(into, tensors, new Filters(into, data), used::contains);
  }

  private List<Entry> readNodes(XNNGraph graph) throws DelegateException {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < graph.xnodesLength(); i++) {
      XNode node = graph.xnodes(i);
      int type = node.xnodeUnionType() & 0xff;
      NodeKind kind = NodeKind.ofUnionType(type);
      if (kind == null) {
        if (type == 0) {
          throw Failures.damaged("node " + i + " has no kind");
        }
        unknownKinds = true;
        unsupported.add("node " + i + " is of kind " + type + ", which is not known");
        continue;
      }
      String place = "node " + i + " (" + kind.label() + ")";
      entries.add(
          new Entry(
              i,
              kind,
              new PayloadNodes(kind, place).read(node),
              bounds(node, kind, place),
              node.debugHandle() >= NO_DEBUG_HANDLE ? 0 : (int) node.debugHandle()));
    }
    return entries;
  }

  private static Bounds bounds(XNode node, NodeKind kind, String place) throws DelegateException {
    OutputMinMax stated = node.outputMinMax();
    if (stated == null || !kind.clamped()) {
      return Bounds.NONE;
    }
    Bounds bounds = new Bounds(stated.outputMin(), stated.outputMax());
    if (!bounds.isValid()) {
      throw Failures.damaged(
          place + " clamps its output to " + bounds.min() + " … " + bounds.max());
    }
    return bounds;
  }

  void run() throws DelegateException {
    checkArguments();
    for (Entry entry : nodes) {
      lift(entry);
    }
    for (PayloadValue value : values.values()) {
      if (value.isExternalOutput()) {
        output(value);
      }
    }
    if (!unsupported.isEmpty()) {
      throw Failures.unsupported(summary());
    }
  }

  private String summary() {
    int named = Math.min(MAX_NAMED, unsupported.size());
    String text = String.join("; ", unsupported.subList(0, named));
    return named == unsupported.size()
        ? text
        : text + "; and " + (unsupported.size() - named) + " more";
  }

  private void checkArguments() throws DelegateException {
    Set<Integer> seen = new HashSet<>();
    for (PayloadValue value : values.values()) {
      if (!value.isExternalInput() && !value.isExternalOutput()) {
        continue;
      }
      int argument = value.externalId();
      if (argument < 0 || argument >= into.argumentCount()) {
        throw Failures.damaged(
            "%s is argument %s of a call with %d arguments"
                .formatted(value, Integer.toUnsignedString(argument), into.argumentCount()));
      }
      if (!seen.add(argument)
          || (value.isExternalInput() && value.isExternalOutput())
          || value.isConstant()) {
        throw Failures.damaged(
            value + " shares argument " + argument + " of the call, or is a constant as well");
      }
    }
  }

  private void lift(Entry entry) throws DelegateException {
    PayloadNode node = entry.node();
    int unknownFlags = node.flags() & ~entry.kind().knownFlags();
    if (unknownFlags != 0) {
      unsupported.add(
          entry.place() + " has the unknown flags 0x" + Integer.toHexString(unknownFlags));
      lost.addAll(node.outputs());
      return;
    }
    if (node.inputs().stream().anyMatch(this::isLost)) {
      lost.addAll(node.outputs());
      return;
    }
    into.at(entry.index(), entry.debugHandle());
    attempt(entry.place(), node, () -> writer.write(entry.kind(), node, entry.bounds()));
  }

  private boolean isLost(int id) {
    if (lost.contains(id)) {
      return true;
    }
    PayloadValue value = unknownKinds ? values.get(id) : null;
    return value != null
        && !value.isExternalInput()
        && !value.isConstant()
        && tensors.known(id) == null;
  }

  private void output(PayloadValue value) throws DelegateException {
    if (!isLost(value.id())) {
      attempt(
          "output " + value.externalId(),
          null,
          () -> tensors.output(value.id(), value.externalId()));
    }
  }

  private void attempt(String place, @Nullable PayloadNode node, Step step)
      throws DelegateException {
    try {
      step.run();
    } catch (UnsupportedNode e) {
      unsupported.add(place + " " + e.getMessage());
      if (node != null) {
        lost.addAll(node.outputs());
      }
    } catch (DelegateException e) {
      throw Failures.at(place, e);
    } catch (IllegalArgumentException | IllegalStateException | ArithmeticException e) {
      throw Failures.damaged(place + " does not fit together: " + e.getMessage(), e);
    }
  }
}
