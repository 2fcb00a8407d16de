package dev.baton.coreml.lift;

import dev.baton.coreml.mil.Failures;
import dev.baton.coreml.mil.MilProgram.NamedType;
import dev.baton.coreml.mil.MilProgram.Operation;
import dev.baton.coreml.mil.MilType;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One operation with its arguments at hand, and the graph that it is written into. Arguments that
 * decide what is written must be known.
 */
final class OperationCall {
  private static final String OPSET = "CoreML";

  private final Operation operation;
  private final String opset;
  private final Map<String, List<Operand>> arguments;
  private final GraphBuilder into;
  private final ConstantMemory memory;
  private int written;
  private final List<Operand> results = new ArrayList<>();

  OperationCall(
      Operation operation,
      String opset,
      Map<String, List<Operand>> arguments,
      GraphBuilder into,
      ConstantMemory memory) {
    this.operation = operation;
    this.opset = opset;
    this.arguments = arguments;
    this.into = into;
    this.memory = memory;
  }

  Operation operation() {
    return operation;
  }

  /** The version of the operators: 5 is iOS 15's, 8 that of iOS 18. */
  int opset() throws UnsupportedOperation {
    try {
      return Integer.parseInt(opset.startsWith(OPSET) ? opset.substring(OPSET.length()) : opset);
    } catch (NumberFormatException e) {
      throw new UnsupportedOperation("is of the operator set '" + opset + "'");
    }
  }

  /** What was given, in the order of the operation's outputs. */
  List<Operand> results() {
    return results;
  }

  ConstantMemory memory() {
    return memory;
  }

  // Tensors

  boolean has(String name) {
    return arguments.containsKey(name);
  }

  private @Nullable Operand operand(String name) {
    List<Operand> all = arguments.get(name);
    return all == null || all.isEmpty() ? null : all.get(0);
  }

  /** An argument that is a tensor. */
  Value tensor(String name) throws DelegateException {
    Operand operand = operand(name);
    if (operand == null) {
      throw Failures.damaged(operation.label() + " has no argument '" + name + "'");
    }
    return operand.value(into, memory);
  }

  /** A tensor, or nothing where it is absent. */
  Argument tensorOrNone(String name) throws DelegateException {
    return has(name) ? tensor(name) : Argument.none();
  }

  /** A list of tensors. */
  List<Value> tensors(String name) throws DelegateException {
    List<Value> values = new ArrayList<>();
    for (Operand operand : arguments.getOrDefault(name, List.of())) {
      values.add(operand.value(into, memory));
    }
    return values;
  }

  /** The elements of an argument; null if it is absent or computed. */
  @Nullable Literal literalOrNull(String name) throws DelegateException {
    Operand operand = operand(name);
    return operand == null ? null : operand.literal();
  }

  /** The elements of an argument. */
  Literal literal(String name) throws DelegateException, UnsupportedOperation {
    Literal literal = literalOrNull(name);
    if (literal == null) {
      if (has(name)) {
        throw new UnsupportedOperation("computes its argument '" + name + "'");
      }
      throw Failures.damaged(operation.label() + " has no argument '" + name + "'");
    }
    return literal;
  }

  // What decides how it is written

  int[] integers(String name) throws DelegateException, UnsupportedOperation {
    return literal(name).integers();
  }

  int[] integers(String name, int... ifAbsent) throws DelegateException, UnsupportedOperation {
    return has(name) ? integers(name) : ifAbsent;
  }

  long integer(String name) throws DelegateException, UnsupportedOperation {
    return one(name).integer(0);
  }

  long integer(String name, long ifAbsent) throws DelegateException, UnsupportedOperation {
    return has(name) ? integer(name) : ifAbsent;
  }

  double number(String name) throws DelegateException, UnsupportedOperation {
    return one(name).number(0);
  }

  double number(String name, double ifAbsent) throws DelegateException, UnsupportedOperation {
    return has(name) ? number(name) : ifAbsent;
  }

  boolean flag(String name, boolean ifAbsent) throws DelegateException, UnsupportedOperation {
    return has(name) ? one(name).integer(0) != 0 : ifAbsent;
  }

  String text(String name, String ifAbsent) throws DelegateException, UnsupportedOperation {
    return has(name) ? literal(name).text() : ifAbsent;
  }

  private Literal one(String name) throws DelegateException, UnsupportedOperation {
    Literal literal = literal(name);
    if (!literal.isScalar()) {
      throw Failures.damaged(
          operation.label() + ": its argument '" + name + "' has " + literal.numel() + " elements");
    }
    return literal;
  }

  /** Dimensions, counted from the first. */
  int[] dims(String name, int rank) throws DelegateException, UnsupportedOperation {
    int[] dims = integers(name);
    for (int i = 0; i < dims.length; i++) {
      dims[i] = dim(dims[i], rank);
    }
    return dims;
  }

  int dim(long dim, int rank) throws DelegateException {
    if (dim < -rank || dim >= rank) {
      throw Failures.damaged(operation.label() + " names dimension " + dim + " of " + rank);
    }
    return (int) (dim < 0 ? dim + rank : dim);
  }

  /** The sizes of a tensor that does not vary. */
  Shape fixed(Value value) throws UnsupportedOperation {
    if (value.tensorType().dynamic()) {
      throw new UnsupportedOperation("needs sizes that do not vary");
    }
    return value.shape();
  }

  // Writing

  Value apply(String operator, Argument... given) {
    return call(operator, given).get(0);
  }

  List<Value> call(String operator, Argument... given) {
    List<Value> values = into.call(operator, given);
    written += values.size();
    return values;
  }

  /** How many values of the graph this has written. */
  int written() {
    return written;
  }

  Value constant(Constant constant) {
    return into.constant(constant);
  }

  /** A row of places: int64 [n]. */
  Value constant(int[] places) throws DelegateException {
    TensorType type = TensorType.of(DType.INT64, places.length);
    MemorySegment data = memory.allocate(type.byteSize(), operation.label());
    for (int i = 0; i < places.length; i++) {
      data.setAtIndex(ValueLayout.JAVA_LONG, i, places[i]);
    }
    return constant(Constant.of(data.asReadOnly(), type));
  }

  /** A tensor of one number, of no dimensions. */
  Value scalar(double number, DType dtype) {
    return apply(
        "aten::full",
        Argument.ints(),
        dtype.isFloatingPoint() ? Argument.of(number) : Argument.of((long) number),
        Argument.of(dtype));
  }

  Value view(Value value, int... sizes) {
    return Arrays.equals(value.shape().sizes(), sizes) && !value.tensorType().dynamic()
        ? value
        : apply("aten::view_copy", value, Argument.ints(sizes));
  }

  /** A tensor without some of its dimensions, which are of size 1. */
  Value squeezed(Value value, int... dims) {
    return apply("aten::squeeze_copy.dims", value, Argument.ints(dims));
  }

  Value permute(Value value, int... order) {
    return apply("aten::permute_copy", value, Argument.ints(order));
  }

  /** The same elements as another dtype. */
  Value to(Value value, DType dtype) {
    return value.dtype() == dtype ? value : apply("aten::_to_copy", value, Argument.of(dtype));
  }

  /**
   * Gives the next result, in the dtype and the sizes that the program declares. Dimensions of 1
   * may come and go where no size varies; what has other sizes is refused.
   */
  void give(Value value) throws DelegateException {
    results.add(Operand.of(fitted(value)));
  }

  /** Gives the next result, which the graph computes, and whose elements are known too. */
  void give(Value value, Operand.Elements elements) throws DelegateException {
    results.add(Operand.of(fitted(value), elements));
  }

  private Value fitted(Value value) throws DelegateException {
    MilType declared = declared(results.size()).type();
    if (!(declared instanceof MilType.Tensor type) || type.element().computed() == null) {
      throw Failures.damaged(operation.label() + " gives a tensor, and declares none");
    }
    Value result = to(value, type.element().computed());
    TensorType given = result.tensorType();
    if (type.isStatic() && !given.dynamic()) {
      Shape shape = Literal.shape(type, operation.label());
      if (!Arrays.equals(withoutOnes(shape), withoutOnes(given.shape()))) {
        throw misdeclared(type, given);
      }
      result = view(result, shape.sizes());
    } else if (type.sizes().size() != given.shape().rank()) {
      throw misdeclared(type, given);
    }
    return result;
  }

  private static int[] withoutOnes(Shape shape) {
    return Arrays.stream(shape.sizes()).filter(size -> size != 1).toArray();
  }

  private DelegateException misdeclared(MilType.Tensor declared, TensorType given) {
    return Failures.damaged(
        operation.label() + " declares " + declared + ", its arguments give " + given.shape());
  }

  /** Gives the next result, whose elements are known. */
  void give(Literal literal) {
    results.add(Operand.of(literal));
  }

  NamedType declared(int result) throws DelegateException {
    if (result >= operation.outputs().size()) {
      throw Failures.damaged(
          operation.label() + " has " + operation.outputs().size() + " outputs, expected more");
    }
    return operation.outputs().get(result);
  }
}
