package dev.baton.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A functional graph: inputs, nodes in an order in which every value is given before it is used,
 * and outputs.
 */
public final class Graph implements GraphView {
  private final List<Value> inputs;
  private final List<Node> nodes;
  private final List<Value> results;
  private final List<Value> outputs;
  private final int valueCount;
  private final int nodeIdBound;
  private final Node[][] users;
  private final boolean[] isOutput;

  private Graph(
      List<Value> inputs, List<Node> nodes, List<Value> results, int valueCount, int nodeIdBound) {
    this.inputs = List.copyOf(inputs);
    this.nodes = List.copyOf(nodes);
    this.results = List.copyOf(results);
    this.outputs = this.results.stream().distinct().toList();
    this.valueCount = valueCount;
    this.nodeIdBound = nodeIdBound;
    this.users = users(this.nodes, valueCount);
    this.isOutput = new boolean[valueCount];
    outputs.forEach(v -> isOutput[v.id()] = true);
  }

  private static Node[][] users(List<Node> nodes, int valueCount) {
    Node[][] users = new Node[valueCount][];
    Arrays.fill(users, new Node[0]);
    for (Node node : nodes) {
      for (Value input : node.inputs()) {
        Node[] before = users[input.id()];
        if (before.length == 0 || before[before.length - 1] != node) {
          users[input.id()] = Arrays.copyOf(before, before.length + 1);
          users[input.id()][before.length] = node;
        }
      }
    }
    return users;
  }

  @Override
  public List<Node> nodes() {
    return nodes;
  }

  @Override
  public List<Value> inputs() {
    return inputs;
  }

  /**
   * What the graph returns, by position; a value may come twice, and may be an input or a constant.
   */
  public List<Value> results() {
    return results;
  }

  @Override
  public List<Value> outputs() {
    return outputs;
  }

  @Override
  public List<Node> users(Value value) {
    return List.of(users[value.id()]);
  }

  @Override
  public boolean isOutput(Value value) {
    return isOutput[value.id()];
  }

  /** Every value's id is below this. */
  public int valueCount() {
    return valueCount;
  }

  /** Every node's id is below this. */
  public int nodeIdBound() {
    return nodeIdBound;
  }

  /** Makes a graph; used by one thread. */
  public static final class Builder {
    public Builder() {}

    private final List<Value> inputs = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private int nextValue;
    private int nextNode;

    public Value input(ValueType type) {
      Value value = Value.input(nextValue++, type);
      inputs.add(value);
      return value;
    }

    public Value constant(Constant constant) {
      return Value.constant(nextValue++, constant);
    }

    /**
     * Adds a node. Values among the arguments are of this builder and given before.
     *
     * @param arguments trailing ones that have a default may be left out
     * @throws IllegalArgumentException if there are too many arguments or a required one is missing
     */
    public Node node(
        Operator operator,
        List<? extends Argument> arguments,
        List<? extends ValueType> resultTypes,
        Origin origin) {
      Node node =
          new Node(
              nextNode, operator, complete(operator, arguments), resultTypes, nextValue, origin);
      nextNode++;
      nextValue += resultTypes.size();
      nodes.add(node);
      return node;
    }

    private static List<Argument> complete(Operator operator, List<? extends Argument> given) {
      List<Parameter> parameters = operator.parameters();
      if (given.size() > parameters.size()) {
        throw new IllegalArgumentException(
            operator.name()
                + " takes "
                + parameters.size()
                + " arguments, "
                + given.size()
                + " were given");
      }
      List<Argument> all = new ArrayList<>(given);
      for (Parameter missing : parameters.subList(given.size(), parameters.size())) {
        if (missing.defaultValue() == null) {
          throw new IllegalArgumentException(
              operator.name() + ": the argument '" + missing.name() + "' is required");
        }
        all.add(missing.defaultValue());
      }
      return all;
    }

    /**
     * Completes the graph. Nodes that give nothing which is used, here or outside, are left out.
     */
    public Graph build(List<Value> results) {
      boolean[] needed = new boolean[nextValue];
      results.forEach(v -> needed[v.id()] = true);
      boolean[] kept = new boolean[nextNode];
      for (Node node : nodes.reversed()) {
        if (node.results().stream().anyMatch(v -> needed[v.id()])) {
          kept[node.id()] = true;
          node.inputs().forEach(v -> needed[v.id()] = true);
        }
      }
      return new Graph(
          inputs, nodes.stream().filter(n -> kept[n.id()]).toList(), results, nextValue, nextNode);
    }
  }
}
