package dev.example.openvino.ir;

import dev.baton.delegate.Decline;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.example.openvino.ffi.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model as OpenVINO's own format, IR version 11, in memory: layers and edges as XML, and where
 * the bytes of its constants lie. Constants stay where they are: OpenVINO is told of one range of
 * memory that begins at the first of them, and reads of it what the layers name.
 */
public final class Ir {
  /** An output of a layer. */
  record Port(int layer, int index) {}

  /** Bytes of a constant, which begin at an address of this process. */
  private record Bytes(MemorySegment data, String layer, String after) {}

  private final Arena arena;
  private final StringBuilder layers = new StringBuilder();
  private final StringBuilder edges = new StringBuilder();
  private final Map<Integer, Bytes> constants = new TreeMap<>();
  private final Map<Constant, Port> known = new HashMap<>();
  private int layerCount;
  private long weightBytes;

  /**
   * @param arena holds what is no constant of the program, as long as the model lives
   */
  public Ir(Arena arena) {
    this.arena = arena;
  }

  /** Something that comes from outside; a size that may vary is 1 to its bound. */
  Port parameter(String name, TensorType type) {
    String shape =
        Arrays.stream(type.shape().sizes())
            .mapToObj(size -> type.dynamic() && size > 1 ? "1.." + size : Integer.toString(size))
            .collect(Collectors.joining(","));
    ElementType element = element(type.dtype());
    layers.append(
        "<layer id=\"%d\" name=\"%s\" type=\"Parameter\" version=\"opset1\"><data shape=\"%s\" element_type=\"%s\"/>"
            .formatted(layerCount, name, shape, element.label()));
    String dims =
        Arrays.stream(type.shape().sizes())
            .mapToObj(size -> "<dim>" + (type.dynamic() && size > 1 ? -1 : size) + "</dim>")
            .collect(Collectors.joining());
    layers.append(
        "<output><port id=\"0\" precision=\"%s\" names=\"%s\">%s</port></output></layer>\n"
            .formatted(precision(element), name, dims));
    return new Port(layerCount++, 0);
  }

  /** A constant of the program, in logical dimensions whatever the order of its bytes. */
  Port constant(Constant constant) {
    Port port = known.get(constant);
    if (port == null) {
      port = newConstant(constant);
      known.put(constant, port);
    }
    return port;
  }

  private Port newConstant(Constant constant) {
    if (constant.packing() != Packing.PLAIN) {
      throw new Declined(Decline.Kind.DTYPE, "a constant is packed in 4 bits");
    }
    ElementType element = element(constant.type().dtype());
    Shape shape = constant.type().shape();
    DimOrder order = order(constant);
    if (order == null) {
      throw new Declined(
          Decline.Kind.NOT_CONSTANT, "a constant has gaps: " + constant);
    }
    MemorySegment data = constant.data().asSlice(0, constant.type().byteSize());
    if (order.isContiguous()) {
      return bytes(data, element, shape.sizes());
    }
    int[] stored = Arrays.stream(order.dims()).map(shape::size).toArray();
    long[] back = new long[stored.length];
    for (int place = 0; place < back.length; place++) {
      back[order.dim(place)] = place;
    }
    return apply("Transpose", 1, "", bytes(data, element, stored), longs(back));
  }

  /** The order of dimensions in memory; null if there are gaps. */
  private static @Nullable DimOrder order(Constant constant) {
    long[] strides = constant.strides();
    int[] dims =
        IntStream.range(0, strides.length)
            .boxed()
            .sorted((a, b) -> Long.compare(strides[b], strides[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    DimOrder order = DimOrder.of(dims);
    return constant.isContiguous()
        ? DimOrder.contiguous(strides.length)
        : constant.hasOrder(order) ? order : null;
  }

  /** Integers as a tensor of one dimension: what OpenVINO takes for axes, shapes and orders. */
  Port longs(long... values) {
    MemorySegment data = arena.allocate(Math.max(8L * values.length, 8), 8);
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_LONG, 0, values.length);
    return bytes(data.asSlice(0, 8L * values.length), ElementType.I64, values.length);
  }

  /** An integer without dimensions. */
  Port index(long value) {
    MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_LONG, value);
    return bytes(data, ElementType.I64);
  }

  /** A number without dimensions. */
  Port number(double value) {
    return bytes(arena.allocateFrom(ValueLayout.JAVA_FLOAT, (float) value), ElementType.F32);
  }

  /** One number as often as a tensor has elements. */
  Port filled(float value, int size) {
    float[] values = new float[size];
    Arrays.fill(values, value);
    return bytes(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), ElementType.F32, size);
  }

  private Port bytes(MemorySegment data, ElementType element, int... sizes) {
    MemorySegment there = data.isNative() ? data : copied(data);
    String shape =
        Arrays.stream(sizes).mapToObj(Integer::toString).collect(Collectors.joining(","));
    String dims =
        Arrays.stream(sizes)
            .mapToObj(size -> "<dim>" + size + "</dim>")
            .collect(Collectors.joining());
    constants.put(
        layerCount,
        new Bytes(
            there,
            "<layer id=\"%d\" name=\"c%d\" type=\"Const\" version=\"opset1\"><data element_type=\"%s\" shape=\"%s\""
                .formatted(layerCount, layerCount, element.label(), shape),
            "/><output><port id=\"0\" precision=\"%s\">%s</port></output></layer>\n"
                .formatted(precision(element), dims)));
    weightBytes += there.byteSize();
    return new Port(layerCount++, 0);
  }

  private MemorySegment copied(MemorySegment data) {
    return arena.allocate(data.byteSize(), 64).copyFrom(data);
  }

  /** A layer with one output. */
  Port apply(String type, int opset, String attributes, Port... inputs) {
    return applyMany(type, opset, attributes, 1, inputs)[0];
  }

  /**
   * A layer.
   *
   * @param attributes as {@link #attributes} writes them
   */
  Port[] applyMany(String type, int opset, String attributes, int outputs, Port... inputs) {
    int layer = layerCount++;
    layers.append(
        "<layer id=\"%d\" name=\"n%d\" type=\"%s\" version=\"opset%d\">"
            .formatted(layer, layer, type, opset));
    if (!attributes.isEmpty()) {
      layers.append("<data").append(attributes).append("/>");
    }
    inputs(layer, inputs);
    layers.append("<output>");
    Port[] results = new Port[outputs];
    for (int i = 0; i < outputs; i++) {
      results[i] = new Port(layer, inputs.length + i);
      layers.append("<port id=\"%d\" precision=\"UNSPECIFIED\"/>".formatted(inputs.length + i));
    }
    layers.append("</output></layer>\n");
    return results;
  }

  private void inputs(int layer, Port... inputs) {
    layers.append("<input>");
    for (int i = 0; i < inputs.length; i++) {
      layers.append("<port id=\"%d\"/>".formatted(i));
      edges.append(
          "<edge from-layer=\"%d\" from-port=\"%d\" to-layer=\"%d\" to-port=\"%d\"/>\n"
              .formatted(inputs[i].layer, inputs[i].index, layer, i));
    }
    layers.append("</input>");
  }

  /** Says that a port is the model's next output. */
  void result(Port port) {
    layers.append(
        "<layer id=\"%d\" name=\"r%d\" type=\"Result\" version=\"opset1\">"
            .formatted(layerCount, layerCount));
    inputs(layerCount++, port);
    layers.append("</layer>\n");
  }

  /** Attributes of a layer from names and values, by turns: numbers, texts, truths, sizes. */
  static String attributes(Object... namesAndValues) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      String written =
          value instanceof long[] sizes
              ? Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(","))
              : value.toString();
      text.append(' ').append(namesAndValues[i]).append("=\"").append(written).append('"');
    }
    return text.toString();
  }

  /** Where the first constant lies; address 0 if there are none. */
  public MemorySegment base() {
    return MemorySegment.ofAddress(
        constants.values().stream().mapToLong(c -> c.data.address()).min().orElse(0));
  }

  /** Bytes from {@link #base} to the end of the last constant. */
  public long range() {
    long end =
        constants.values().stream()
            .mapToLong(c -> c.data.address() + c.data.byteSize())
            .max()
            .orElse(0);
    return end - base().address();
  }

  /** Bytes of all constants. */
  public long constantBytes() {
    return weightBytes;
  }

  /** The IR's text; the offsets of constants count from {@link #base}. */
  public String xml(String name) {
    long base = base().address();
    StringBuilder text = new StringBuilder(layers.length() + edges.length() + 256);
    text.append("<?xml version=\"1.0\"?>\n<net name=\"")
        .append(name)
        .append("\" version=\"11\">\n");
    text.append("<layers>\n");
    constants
        .values()
        .forEach(c ->
            text.append(c.layer)
                .append(
                    " offset=\"%d\" size=\"%d\""
                        .formatted(c.data.address() - base, c.data.byteSize()))
                .append(c.after));
    text.append(layers).append("</layers>\n<edges>\n").append(edges).append("</edges>\n</net>\n");
    return text.toString();
  }

  private static ElementType element(DType dtype) {
    ElementType element = ElementType.of(dtype);
    if (element == null) {
      throw new Declined(
          Decline.Kind.DTYPE, "a tensor is " + Declined.name(dtype));
    }
    return element;
  }

  private static String precision(ElementType element) {
    return switch (element) {
      case BOOLEAN -> "BOOL";
      case F32 -> "FP32";
      case I8 -> "I8";
      case I32 -> "I32";
      case I64 -> "I64";
      case U8 -> "U8";
    };
  }
}
