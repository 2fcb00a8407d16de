package dev.baton.coreml.lift;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.coreml.mil.MilType.Element;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a payload of one function, as exporters would: messages, package, flattened directory.
 * Shares no code with the reader.
 */
final class MilModel {
  /**
   * A tensor: an input of the model, or a constant.
   *
   * @param dims negative where a size varies
   * @param data of an input floats or ints; of a constant what it holds
   */
  record Array(boolean input, Element element, int[] dims, Object data) {}

  /** The name of what an operation before gives. */
  record Result(String name) {}

  private final ByteArrayOutputStream inputs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream operations = new ByteArrayOutputStream();
  private final List<String> inputNames = new ArrayList<>();
  private final String opset;
  private String last = "";

  /**
   * @param opset such as {@code CoreML7} for iOS 17
   */
  MilModel(String opset) {
    this.opset = opset;
  }

  static Array floats(int[] dims, float... data) {
    return new Array(false, Element.FP32, dims, data);
  }

  static Array ints(int... data) {
    return new Array(false, Element.INT32, new int[] {data.length}, data);
  }

  static Array number(int data) {
    return new Array(false, Element.INT32, new int[0], new int[] {data});
  }

  static Array number(float data) {
    return new Array(false, Element.FP32, new int[0], new float[] {data});
  }

  static Array flag(boolean data) {
    return new Array(false, Element.BOOL, new int[0], data);
  }

  static Array flags(boolean... data) {
    return new Array(false, Element.BOOL, new int[] {data.length}, data);
  }

  static Array text(String data) {
    return new Array(false, Element.STRING, new int[0], data);
  }

  /** Elements of few bits, packed. */
  static Array bytes(Element element, int[] dims, int... data) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return new Array(false, element, dims, bytes);
  }

  MilModel input(String name, Element element, int... dims) {
    inputNames.add(name);
    message(inputs, 1, namedType(name, element, dims));
    return this;
  }

  /** An operation; what it gives first is the model's output if none comes after it. */
  MilModel operation(
      String type, String result, Element element, int[] dims, Map<String, ?> arguments) {
    ByteArrayOutputStream operation = new ByteArrayOutputStream();
    text(operation, 1, type);
    new TreeMap<>(arguments)
        .forEach((name, value) -> {
          ByteArrayOutputStream argument = new ByteArrayOutputStream();
          List<?> all = value instanceof List<?> list ? list : List.of(value);
          for (Object one : all) {
            ByteArrayOutputStream binding = new ByteArrayOutputStream();
            if (one instanceof Result given) {
              text(binding, 1, given.name());
            } else if (one instanceof Array array && array.input()) {
              text(binding, 1, name);
            } else {
              message(binding, 2, value((Array) one));
            }
            message(argument, 1, binding);
          }
          message(operation, 2, entry(name, argument));
        });
    message(operation, 3, namedType(result, element, dims));
    message(operations, 3, operation);
    last = result;
    return this;
  }

  // Messages

  private static void varint(ByteArrayOutputStream out, long value) {
    long left = value;
    for (; (left & ~0x7fL) != 0; left >>>= 7) {
      out.write((int) (left & 0x7f | 0x80));
    }
    out.write((int) left);
  }

  private static void integer(ByteArrayOutputStream out, int field, long value) {
    varint(out, (long) field << 3);
    varint(out, value);
  }

  private static void bytes(ByteArrayOutputStream out, int field, byte[] data) {
    varint(out, (long) field << 3 | 2);
    varint(out, data.length);
    out.writeBytes(data);
  }

  private static void text(ByteArrayOutputStream out, int field, String text) {
    bytes(out, field, text.getBytes(UTF_8));
  }

  private static void message(ByteArrayOutputStream out, int field, ByteArrayOutputStream inside) {
    bytes(out, field, inside.toByteArray());
  }

  private static ByteArrayOutputStream entry(String key, ByteArrayOutputStream value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    text(out, 1, key);
    message(out, 2, value);
    return out;
  }

  private static ByteArrayOutputStream type(Element element, int... dims) {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    integer(tensor, 1, code(element));
    integer(tensor, 2, dims.length);
    for (int dim : dims) {
      ByteArrayOutputStream size = new ByteArrayOutputStream();
      ByteArrayOutputStream known = new ByteArrayOutputStream();
      integer(known, 1, dim < 0 ? 0 : dim);
      message(size, dim < 0 ? 2 : 1, known);
      message(tensor, 3, size);
    }
    ByteArrayOutputStream type = new ByteArrayOutputStream();
    message(type, 1, tensor);
    return type;
  }

  private static int code(Element element) {
    return switch (element) {
      case BOOL -> 1;
      case STRING -> 2;
      case FP16 -> 10;
      case FP32 -> 11;
      case INT8 -> 21;
      case INT32 -> 23;
      case INT4 -> 25;
      case UINT8 -> 31;
      case UINT32 -> 33;
      case UINT4 -> 35;
      case UINT2 -> 36;
      case UINT1 -> 37;
      default -> throw new IllegalArgumentException(element.toString());
    };
  }

  private static ByteArrayOutputStream namedType(String name, Element element, int... dims) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    text(out, 1, name);
    message(out, 2, type(element, dims));
    return out;
  }

  private static ByteArrayOutputStream value(Array array) {
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    int kind;
    switch (array.data()) {
      case float[] floats -> {
        ByteBuffer packed =
            ByteBuffer.allocate(Float.BYTES * floats.length).order(ByteOrder.LITTLE_ENDIAN);
        packed.asFloatBuffer().put(floats);
        bytes(values, 1, packed.array());
        kind = 1;
      }
      case int[] ints -> {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (int i : ints) {
          varint(packed, i);
        }
        message(values, 1, packed);
        kind = 2;
      }
      case Boolean flag -> {
        integer(values, 1, flag ? 1 : 0);
        kind = 3;
      }
      case boolean[] flags -> {
        for (boolean flag : flags) {
          integer(values, 1, flag ? 1 : 0);
        }
        kind = 3;
      }
      case String text -> {
        text(values, 1, text);
        kind = 4;
      }
      case byte[] data -> {
        bytes(values, 1, data);
        kind = 7;
      }
      default -> throw new IllegalArgumentException(array.toString());
    }
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    message(tensor, kind, values);
    ByteArrayOutputStream immediate = new ByteArrayOutputStream();
    message(immediate, 1, tensor);
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    message(value, 2, type(array.element(), array.dims()));
    message(value, 3, immediate);
    return value;
  }

  private byte[] message() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    text(block, 2, last);
    block.writeBytes(operations.toByteArray());
    ByteArrayOutputStream function = new ByteArrayOutputStream();
    function.writeBytes(inputs.toByteArray());
    text(function, 2, opset);
    message(function, 3, entry(opset, block));
    ByteArrayOutputStream program = new ByteArrayOutputStream();
    integer(program, 1, 1);
    message(program, 2, entry("main", function));
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    integer(model, 1, 8);
    message(model, 502, program);
    return model.toByteArray();
  }

  // The package

  static final String MANIFEST =
      """
      {"fileFormatVersion":"1.0.0","itemInfoEntries":{"m":{"path":"model"}},\
      "rootModelIdentifier":"m"}\
      """;

  String metadata() {
    return "{\"identifier\":\"test\",\"inputNames\":[%s],\"outputNames\":[\"%s\"]}"
        .formatted(
            String.join(",", inputNames.stream().map(name -> '"' + name + '"').toList()), last);
  }

  byte[] payload() {
    return payload(metadata(), MANIFEST);
  }

  byte[] payload(String metadata, String manifest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StringBuilder index = new StringBuilder("{\"nodes\":[");
    file(out, index, metadata.getBytes(UTF_8));
    file(out, index, manifest.getBytes(UTF_8));
    file(out, index, message());
    index.append("{\"name\":\"Data\",\"kind\":1,\"children\":{\"model\":2}},");
    index.append("{\"name\":\"p\",\"kind\":1,\"children\":{\"Manifest.json\":1,\"Data\":3}},");
    index.append("{\"name\":\"\",\"kind\":1,");
    index.append("\"children\":{\"metadata.json\":0,\"model.mlpackage\":4}}]}");
    out.writeBytes(index.reverse().toString().getBytes(UTF_8));
    return out.toByteArray();
  }

  private static void file(ByteArrayOutputStream out, StringBuilder index, byte[] data) {
    index.append(
        "{\"name\":\"f\",\"kind\":0,\"dataRegion\":{\"offset\":%d,\"size\":%d},\"children\":{}},"
            .formatted(out.size(), data.length));
    out.writeBytes(data);
  }
}
