package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilProgram;
import dev.baton.coreml.mil.MilProgram.Binding;
import dev.baton.coreml.mil.MilProgram.NamedType;
import dev.baton.coreml.mil.MilProgram.Operation;
import dev.baton.coreml.mil.MilType;
import dev.baton.coreml.mil.MilValue;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The lifting of one function: its operations in order, each as operators. */
final class ProgramLifting {
  /** A message that names more helps nobody. */
  private static final int MAX_NAMED = 50;

  private static final String MAIN = "main";
  private static final String COMPRESSED = "constexpr_";

  private final MlPackage open;
  private final GraphBuilder into;
  private final ConstantMemory memory;
  private final WrittenOperators operators;
  private final MilProgram.Function function;

  private final Map<String, Operand> operands = new HashMap<>();
  private final Map<String, MilType.Tensor> states = new HashMap<>();

  /** Operators that nobody knows, with how often they occur. */
  private final Map<String, Integer> unknown = new TreeMap<>();

  /** Operations of known operators that cannot be written. */
  private final List<String> unsupported = new ArrayList<>();

  /** Names of what they would give, and of what is computed from that. */
  private final Set<String> lost = new HashSet<>();

  ProgramLifting(MlPackage open, MilProgram program, GraphBuilder into) throws DelegateException {
    this.open = open;
    this.into = into;
    this.memory = new ConstantMemory(into, open.byteSize());
    this.operators = new WrittenOperators(open.byteSize());
    this.function = function(open, program);
  }

  private static MilProgram.Function function(MlPackage open, MilProgram program)
      throws DelegateException {
    Map<String, MilProgram.Function> functions = program.functions();
    String name = open.function();
    if (name == null || !functions.containsKey(name)) {
      name = functions.containsKey(MAIN) ? MAIN : program.defaultFunction();
    }
    MilProgram.Function function = functions.get(name);
    if (function == null) {
      throw Failures.damaged(
          "its model has no function '%s', but %s".formatted(open.function(), functions.keySet()));
    }
    return function;
  }

  void run() throws DelegateException {
    inputs();
    List<Operation> operations = function.block().operations();
    for (int i = 0; i < operations.size(); i++) {
      Operation operation = operations.get(i);
      into.at(i);
      try {
        operation(operation);
      } catch (UnsupportedOperation e) {
        unsupported.add(operation.label() + " " + e.getMessage());
        lose(operation);
      } catch (IllegalArgumentException
          | IllegalStateException
          | ArithmeticException
          | IndexOutOfBoundsException
          | NegativeArraySizeException e) {
        throw Failures.damaged(operation.label() + " does not fit together: " + e.getMessage(), e);
      }
    }
    refuse();
    outputs();
  }

  // Arguments of the call

  private void inputs() throws DelegateException {
    int inputs = open.inputs().size();
    if (inputs + open.outputs().size() != into.argumentCount()) {
      throw Failures.damaged(
          "its model has %d inputs and %d outputs, the call %d arguments"
              .formatted(inputs, open.outputs().size(), into.argumentCount()));
    }
    for (NamedType input : function.inputs()) {
      int argument = open.inputs().indexOf(input.name());
      if (argument >= 0 && input.type() instanceof MilType.Tensor type) {
        operands.put(input.name(), Operand.of(input(argument, input.name(), type)));
      } else if (input.type() instanceof MilType.State state
          && state.wrapped() instanceof MilType.Tensor type) {
        states.put(input.name(), type);
      } else {
        throw Failures.damaged(
            "the input '" + input.name() + "' of its model is no argument of the call");
      }
    }
  }

  private Value input(int argument, String name, MilType.Tensor type) throws DelegateException {
    try {
      Value given = converted(into.input(argument), dtype(type, name));
      if (!type.isStatic() || given.tensorType().dynamic()) {
        return given;
      }
      Shape wanted = Literal.shape(type, name);
      return wanted.equals(given.shape())
          ? given
          : into.apply("aten::view_copy", given, Argument.ints(wanted.sizes()));
    } catch (IllegalArgumentException e) {
      throw Failures.damaged(
          "the input '" + name + "' of its model, " + type + ", does not fit: " + e.getMessage(),
          e);
    }
  }

  private Value converted(Value value, DType dtype) {
    return value.dtype() == dtype ? value : into.apply("aten::_to_copy", value, Argument.of(dtype));
  }

  private static DType dtype(MilType.Tensor type, String name) throws DelegateException {
    DType dtype = type.element().computed();
    if (dtype == null) {
      throw Failures.damaged("'" + name + "' of its model is a tensor of texts");
    }
    return dtype;
  }

  private void outputs() throws DelegateException {
    int first = open.inputs().size();
    for (int i = 0; i < open.outputs().size(); i++) {
      String name = open.outputs().get(i);
      Operand operand = operands.get(name);
      if (operand == null) {
        throw Failures.damaged("nothing gives the output '" + name + "' of its model");
      }
      try {
        Value value = operand.value(into, memory);
        into.output(first + i, converted(value, into.declaredType(first + i).dtype()));
      } catch (IllegalArgumentException e) {
        throw Failures.damaged("the output '" + name + "' does not fit: " + e.getMessage(), e);
      }
    }
  }

  // Operations

  private void operation(Operation operation) throws DelegateException, UnsupportedOperation {
    switch (operation.type()) {
      case "const" -> constant(operation);
      case "read_state" -> readState(operation);
      case "write_state", "coreml_update_state" -> writeState(operation);
      default -> write(operation);
    }
  }

  private void constant(Operation operation) throws DelegateException {
    MilValue value = operation.attributes().get("val");
    if (value == null) {
      throw Failures.damaged(operation.label() + " has no value");
    }
    define(result(operation), Operand.of(Literal.of(value, open, operation.label())));
  }

  private void write(Operation operation) throws DelegateException, UnsupportedOperation {
    OperatorWriter writer = MilOperators.find(operation.type());
    if (writer == null) {
      unknown.merge(operation.type(), 1, Integer::sum);
      lose(operation);
      return;
    }
    Map<String, List<Operand>> arguments = arguments(operation);
    if (arguments == null) {
      lose(operation);
      return;
    }
    OperationCall call = new OperationCall(operation, function.opset(), arguments, into, memory);
    writer.write(call);
    operators.add(call.written());
    operators.check();
    List<NamedType> outputs = operation.outputs();
    if (call.results().size() != outputs.size()) {
      throw Failures.damaged(
          "%s declares %d results, expected %d"
              .formatted(operation.label(), outputs.size(), call.results().size()));
    }
    for (int i = 0; i < outputs.size(); i++) {
      define(outputs.get(i).name(), call.results().get(i));
    }
  }

  /** Null if one of them is lost. */
  private @Nullable Map<String, List<Operand>> arguments(Operation operation)
      throws DelegateException {
    Map<String, List<Operand>> arguments = new LinkedHashMap<>();
    for (Map.Entry<String, List<Binding>> entry : operation.inputs().entrySet()) {
      List<Operand> all = new ArrayList<>();
      for (Binding binding : entry.getValue()) {
        Operand operand = operand(operation, entry.getKey(), binding);
        if (operand == null) {
          return null;
        }
        all.add(operand);
      }
      arguments.put(entry.getKey(), all);
    }
    if (operation.type().startsWith(COMPRESSED)) {
      for (Map.Entry<String, MilValue> entry : operation.attributes().entrySet()) {
        if (!entry.getKey().equals("name")) {
          String what = operation.label() + ": '" + entry.getKey() + "'";
          arguments.put(
              entry.getKey(), List.of(Operand.of(Literal.of(entry.getValue(), open, what))));
        }
      }
    }
    return arguments;
  }

  private @Nullable Operand operand(Operation operation, String argument, Binding binding)
      throws DelegateException {
    return switch (binding) {
      case MilProgram.Literal literal ->
          Operand.of(Literal.of(literal.value(), open, operation.label() + ": '" + argument + "'"));
      case MilProgram.Name name -> {
        Operand operand = operands.get(name.name());
        if (operand == null && !lost.contains(name.name())) {
          throw Failures.damaged(
              operation.label() + " reads '" + name.name() + "', which nothing gives before");
        }
        yield operand;
      }
    };
  }

  private void define(String name, Operand operand) throws DelegateException {
    if (operands.put(name, operand) != null || states.containsKey(name)) {
      throw Failures.damaged("two operations of its model give '" + name + "'");
    }
  }

  private static String result(Operation operation) throws DelegateException {
    if (operation.outputs().size() != 1) {
      throw Failures.damaged(
          operation.label() + " has " + operation.outputs().size() + " results, expected 1");
    }
    return operation.outputs().get(0).name();
  }

  private void lose(Operation operation) {
    operation.outputs().forEach(output -> lost.add(output.name()));
  }

  // State

  private String state(Operation operation, String argument) throws DelegateException {
    List<Binding> bindings = operation.inputs().getOrDefault(argument, List.of());
    if (bindings.size() == 1
        && bindings.get(0) instanceof MilProgram.Name name
        && states.containsKey(name.name())) {
      return name.name();
    }
    throw Failures.damaged(operation.label() + " names no state of its function");
  }

  private TensorType type(String state) throws DelegateException {
    MilType.Tensor type = states.get(state);
    if (type == null || !type.isStatic()) {
      throw Failures.damaged("the state '" + state + "' has no fixed type");
    }
    return new TensorType(dtype(type, state), Literal.shape(type, state), false);
  }

  private void readState(Operation operation) throws DelegateException {
    String name = state(operation, "input");
    define(result(operation), Operand.of(into.state(name, type(name))));
  }

  private void writeState(Operation operation) throws DelegateException {
    String argument = operation.inputs().containsKey("input") ? "input" : "state";
    String name = state(operation, argument);
    List<Binding> bindings = new ArrayList<>();
    bindings.addAll(operation.inputs().getOrDefault("data", List.of()));
    bindings.addAll(operation.inputs().getOrDefault("value", List.of()));
    if (bindings.size() != 1) {
      throw Failures.damaged(operation.label() + " writes nothing");
    }
    Operand operand = operand(operation, "data", bindings.get(0));
    if (operand == null) {
      lose(operation);
      return;
    }
    TensorType type = type(name);
    Value value = converted(operand.value(into, memory), type.dtype());
    into.state(name, type);
    into.updateState(name, value);
    if (!operation.outputs().isEmpty()) {
      define(result(operation), Operand.of(value));
    }
  }

  // Refusals

  private void refuse() throws DelegateException {
    if (unknown.isEmpty() && unsupported.isEmpty()) {
      return;
    }
    List<String> reasons = new ArrayList<>();
    if (!unknown.isEmpty()) {
      reasons.add("it uses operators that Baton does not know: " + named(unknown));
    }
    int named = Math.min(MAX_NAMED, unsupported.size());
    reasons.addAll(unsupported.subList(0, named));
    if (named < unsupported.size()) {
      reasons.add("and " + (unsupported.size() - named) + " more");
    }
    throw Failures.unsupported(
        String.join("; ", reasons),
        "Export these operators outside of the Core ML partition, or run the program with a newer"
            + " Baton, or on a Mac.");
  }

  private static String named(Map<String, Integer> counts) {
    List<String> names = new ArrayList<>();
    counts.forEach((name, count) -> names.add(count == 1 ? name : name + " (" + count + "×)"));
    return String.join(", ", names);
  }
}
