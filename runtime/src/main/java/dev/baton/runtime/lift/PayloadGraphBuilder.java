package dev.baton.runtime.lift;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DimOrder;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.program.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes a payload's operators into the block that calls it. */
abstract class PayloadGraphBuilder implements GraphBuilder {
  private final GraphEditor graph;
  private final String payload;
  private final int instruction;
  private final int argumentCount;
  private final Map<Integer, Value> outputs = new TreeMap<>();
  private int node = -1;
  private int debugHandle;

  PayloadGraphBuilder(GraphEditor graph, String payload, int instruction, int argumentCount) {
    this.graph = graph;
    this.payload = payload;
    this.instruction = instruction;
    this.argumentCount = argumentCount;
  }

  abstract Argument argument(int k);

  abstract TensorSpec spec(int k);

  abstract TensorType type(int k);

  /** The content of a state of the payload. */
  @Override
  public abstract Value state(String name, TensorType type);

  @Override
  public abstract void updateState(String name, Value value);

  /** What the lifter gave, by argument. */
  Map<Integer, Value> outputs() {
    return outputs;
  }

  @Override
  public int argumentCount() {
    return argumentCount;
  }

  private int checked(int argument) {
    if (argument < 0 || argument >= argumentCount) {
      throw new IllegalArgumentException(
          "the delegate call has " + argumentCount + " arguments, none is number " + argument);
    }
    return argument;
  }

  @Override
  public Value input(int argument) {
    if (argument(checked(argument)) instanceof Value value && value.isTensor()) {
      return value;
    }
    throw new IllegalArgumentException(
        "argument " + argument + " of the delegate call is no tensor");
  }

  @Override
  public DimOrder dimOrder(int argument) {
    return DimOrder.of(spec(checked(argument)).dimOrder().toArray());
  }

  @Override
  public TensorType declaredType(int argument) {
    return type(checked(argument));
  }

  @Override
  public void output(int argument, Value value) {
    if (outputs.put(checked(argument), value) != null) {
      throw new IllegalArgumentException("argument " + argument + " receives two values");
    }
    TensorType declared =
        new TensorType(
            value.dtype(),
            Shape.of(spec(argument).sizes().toArray()),
            value.tensorType().dynamic());
    if (declared.dtype().code() != spec(argument).scalarType().code()
        || value.shape().numel() != declared.shape().numel()) {
      throw new IllegalArgumentException(
          "argument "
              + argument
              + " receives "
              + value.tensorType()
              + ", the program expects "
              + spec(argument).scalarType()
              + declared.shape());
    }
    if (!value.shape().equals(declared.shape())) {
      if (value.tensorType().dynamic()) {
        throw new IllegalArgumentException(
            "argument "
                + argument
                + " receives "
                + value.tensorType()
                + ", the program expects "
                + declared.shape());
      }
      outputs.put(
          argument, apply("aten::view_copy", value, Argument.ints(declared.shape().sizes())));
    }
  }

  @Override
  public Value constant(Constant constant) {
    return graph.constant(constant);
  }

  @Override
  public List<Value> call(String name, Argument... given) {
    Operator operator = Operators.get(name);
    List<Argument> arguments = List.of(given);
    try {
      return graph.node(
          operator,
          arguments,
          graph.infer(operator, arguments),
          new Origin(instruction, payload, node, debugHandle));
    } catch (KernelException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void at(int payloadNode) {
    at(payloadNode, 0);
  }

  @Override
  public void at(int payloadNode, int handle) {
    node = payloadNode;
    debugHandle = handle;
  }
}
