package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An operator applied to tensors, as the vendor's list of operators has it.
 *
 * @param name unique in its graph
 * @param type of the operator, such as {@code Conv2d}
 */
public record QnnNode(
    String name,
    String type,
    List<Parameter> parameters,
    List<QnnTensor> inputs,
    List<QnnTensor> outputs) {
  /** A setting of an operator. */
  public sealed interface Parameter {
    String name();

    /** An unsigned integer or an enum. */
    record U32(String name, int value) implements Parameter {}

    record F32(String name, float value) implements Parameter {}

    record Bool(String name, boolean value) implements Parameter {}

    /**
     * A constant tensor of integers of 32 bits, of which the operator says whether they are signed.
     */
    record Integers(String name, boolean signed, int[] sizes, int... values) implements Parameter {}
  }

  public QnnNode {
    parameters = List.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Constant tensors among the parameters, which a graph must be told of before the node. */
  List<QnnTensor> parameterTensors() {
    List<QnnTensor> tensors = new ArrayList<>();
    for (Parameter parameter : parameters) {
      if (parameter instanceof Parameter.Integers(String p, boolean signed, int[] sizes, _)) {
        tensors.add(
            new QnnTensor(
                0,
                name + "." + p,
                QnnTensor.Kind.CONSTANT,
                0,
                signed ? DataType.INT_32 : DataType.UINT_32,
                QnnTensor.Encoding.NONE,
                sizes));
      }
    }
    return tensors;
  }

  /**
   * Writes the description.
   *
   * @param parameterTensors as {@link #parameterTensors()}, with their ids
   * @param arena of it and of what it points to
   */
  MemorySegment write(List<QnnTensor> parameterTensors, Arena arena) {
    MemorySegment node = arena.allocate(Layouts.NODE_BYTES, 8);
    node.set(JAVA_INT, 0, 1);
    node.set(ADDRESS, Layouts.NODE_NAME, arena.allocateFrom(name));
    node.set(ADDRESS, Layouts.NODE_PACKAGE, arena.allocateFrom(Layouts.OP_PACKAGE));
    node.set(ADDRESS, Layouts.NODE_TYPE, arena.allocateFrom(type));
    MemorySegment array = arena.allocate(Layouts.PARAMETER_BYTES * parameters.size(), 8);
    int tensor = 0;
    for (int i = 0; i < parameters.size(); i++) {
      MemorySegment at = array.asSlice(i * Layouts.PARAMETER_BYTES, Layouts.PARAMETER_BYTES);
      Parameter parameter = parameters.get(i);
      at.set(ADDRESS, Layouts.PARAMETER_NAME, arena.allocateFrom(parameter.name()));
      MemorySegment value = at.asSlice(Layouts.PARAMETER_VALUE);
      if (parameter instanceof Parameter.Integers integers) {
        at.set(JAVA_INT, 0, Layouts.PARAMETER_TENSOR);
        parameterTensors
            .get(tensor++)
            .write(value, arena.allocateFrom(JAVA_INT, integers.values()), arena);
      } else {
        at.set(JAVA_INT, 0, Layouts.PARAMETER_SCALAR);
        writeScalar(parameter, value);
      }
    }
    node.set(JAVA_INT, Layouts.NODE_PARAMETER_COUNT, parameters.size());
    node.set(ADDRESS, Layouts.NODE_PARAMETERS, array);
    node.set(JAVA_INT, Layouts.NODE_INPUT_COUNT, inputs.size());
    node.set(ADDRESS, Layouts.NODE_INPUTS, QnnTensor.writeAll(inputs, arena));
    node.set(JAVA_INT, Layouts.NODE_OUTPUT_COUNT, outputs.size());
    node.set(ADDRESS, Layouts.NODE_OUTPUTS, QnnTensor.writeAll(outputs, arena));
    return node;
  }

  private static void writeScalar(Parameter parameter, MemorySegment scalar) {
    switch (parameter) {
      case Parameter.U32(_, int value) -> {
        scalar.set(JAVA_INT, 0, DataType.UINT_32.code());
        scalar.set(JAVA_INT, Layouts.SCALAR_VALUE, value);
      }
      case Parameter.F32(_, float value) -> {
        scalar.set(JAVA_INT, 0, DataType.FLOAT_32.code());
        scalar.set(JAVA_FLOAT, Layouts.SCALAR_VALUE, value);
      }
      case Parameter.Bool(_, boolean value) -> {
        scalar.set(JAVA_INT, 0, DataType.BOOL_8.code());
        scalar.set(JAVA_BYTE, Layouts.SCALAR_VALUE, (byte) (value ? 1 : 0));
      }
      case Parameter.Integers _ -> throw new IllegalArgumentException("no scalar: " + parameter);
    }
  }
}
