package dev.baton.xnnpack.ffi;

import java.util.List;

/**
 * What is defined in an XNNPACK subgraph: a description from which any number of runtimes are made.
 * A value's id is its position; the external ones come first.
 */
public record XnnGraph(int externalCount, List<XnnValue> values, List<XnnNode> nodes) {
  public XnnGraph {
    values = List.copyOf(values);
    nodes = List.copyOf(nodes);
  }

  /** The data of a static value. */
  XnnValue.StaticData data(int id) {
    XnnValue.StaticData data = values.get(id).data();
    if (data == null) {
      throw new IllegalArgumentException("value " + id + " is not static");
    }
    return data;
  }

  /** One line for each node, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      text.append('%').append(i).append(" = ").append(values.get(i)).append('\n');
    }
    nodes.forEach(node -> text.append(node).append('\n'));
    return text.toString();
  }
}
