package dev.baton.xnnpack.payload;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.baton.xnnpack.payload.PayloadValue.Type;
import dev.baton.xnnpack.payload.schema.ConstantDataOffset;
import dev.baton.xnnpack.payload.schema.OutputMinMax;
import dev.baton.xnnpack.payload.schema.PerChannelGroupQuant;
import dev.baton.xnnpack.payload.schema.PerChannelQuant;
import dev.baton.xnnpack.payload.schema.PerTensorQuant;
import dev.baton.xnnpack.payload.schema.PerTokenDynamicQuant;
import dev.baton.xnnpack.payload.schema.XNNGraph;
import dev.baton.xnnpack.payload.schema.XNNQuantParams;
import dev.baton.xnnpack.payload.schema.XNNQuantizedTensorValue;
import dev.baton.xnnpack.payload.schema.XNNTensorValue;
import dev.baton.xnnpack.payload.schema.XNode;
import dev.baton.xnnpack.payload.schema.XValue;
import dev.baton.xnnpack.payload.schema.XValueUnion;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** Writes payloads by hand. Fields of a node are given in the order of its table. */
final class PayloadBuilder {
  private static final int NONE = -1;
  private static final int INPUT = 1;
  private static final int OUTPUT = 2;

  private final FlatBufferBuilder tables = new FlatBufferBuilder();
  private final List<Integer> values = new ArrayList<>();
  private final List<Integer> nodes = new ArrayList<>();
  private final List<long[]> entries = new ArrayList<>(List.of(new long[] {0, 0}));
  private final ByteArrayOutputStream constants = new ByteArrayOutputStream();
  private int externals;

  /** Quantization parameters: their kind in the union, and their table. */
  record Quantization(byte kind, ToIntFunction<FlatBufferBuilder> table) {}

  static Quantization perTensor(float scale, int zeroPoint) {
    return new Quantization(
        XNNQuantParams.PerTensorQuant,
        b -> PerTensorQuant.createPerTensorQuant(b, scale, zeroPoint));
  }

  static Quantization perToken(int nonBatchDims) {
    return new Quantization(
        XNNQuantParams.PerTokenDynamicQuant,
        b -> PerTokenDynamicQuant.createPerTokenDynamicQuant(b, nonBatchDims));
  }

  /** With scales in the tables. */
  static Quantization perChannel(int dim, float... scales) {
    return new Quantization(
        XNNQuantParams.PerChannelQuant,
        b ->
            PerChannelQuant.createPerChannelQuant(
                b, PerChannelQuant.createScaleVector(b, scales), dim, 0, scales.length));
  }

  /** With scales in the constant data. */
  Quantization perGroup(int groupSize, short... scales) {
    ByteBuffer data = ByteBuffer.allocate(scales.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    data.asShortBuffer().put(scales);
    int index = data(data.array());
    return new Quantization(
        XNNQuantParams.PerChannelGroupQuant,
        b ->
            PerChannelGroupQuant.createPerChannelGroupQuant(
                b, 0, 0, groupSize, index, scales.length));
  }

  int input(int... dims) {
    return input(Type.FP32, dims);
  }

  int input(Type type, int... dims) {
    return value(type, dims, 0, externals++, INPUT, null);
  }

  int output(int... dims) {
    return output(Type.FP32, dims);
  }

  int output(Type type, int... dims) {
    return value(type, dims, 0, externals++, OUTPUT, null);
  }

  int output(Quantization quantization, Type type, int... dims) {
    return value(type, dims, 0, externals++, OUTPUT, quantization);
  }

  int inside(int... dims) {
    return value(Type.FP32, dims, 0, NONE, 0, null);
  }

  int inside(Quantization quantization, Type type, int... dims) {
    return value(type, dims, 0, NONE, 0, quantization);
  }

  /** A float constant whose elements count up from 0. */
  int constant(int... dims) {
    int count = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    IntStream.range(0, count).forEach(i -> bytes.putFloat(i));
    return value(Type.FP32, dims, data(bytes.array()), NONE, 0, null);
  }

  int constant(Quantization quantization, Type type, int byteCount, int... dims) {
    return value(type, dims, data(new byte[byteCount]), NONE, 0, quantization);
  }

  private int data(byte[] bytes) {
    while (constants.size() % 16 != 0) {
      constants.write(0);
    }
    entries.add(new long[] {constants.size(), bytes.length});
    constants.writeBytes(bytes);
    return entries.size() - 1;
  }

  int value(
      Type type,
      int[] dims,
      int constantIndex,
      int externalId,
      int flags,
      @org.jspecify.annotations.Nullable Quantization quantization) {
    int id = values.size();
    long[] longs = Arrays.stream(dims).asLongStream().toArray();
    int vector = XNNTensorValue.createDimsVector(tables, longs);
    int tensor =
        XNNTensorValue.createXNNTensorValue(
            tables,
            (short) type.ordinal(),
            dims.length,
            vector,
            constantIndex,
            Integer.toUnsignedLong(externalId),
            flags,
            id,
            (short) 0);
    if (quantization == null) {
      values.add(XValue.createXValue(tables, XValueUnion.XNNTensorValue, tensor));
    } else {
      int parameters = quantization.table().applyAsInt(tables);
      int quantized =
          XNNQuantizedTensorValue.createXNNQuantizedTensorValue(
              tables, tensor, quantization.kind(), parameters);
      values.add(XValue.createXValue(tables, XValueUnion.XNNQuantizedTensorValue, quantized));
    }
    return id;
  }

  /** A node; a field is an Integer, a Float, or an int[]. */
  PayloadBuilder node(NodeKind kind, Object... fields) {
    return node(kind.unionType(), 0, fields);
  }

  PayloadBuilder clamped(NodeKind kind, float min, float max, Object... fields) {
    return node(kind.unionType(), OutputMinMax.createOutputMinMax(tables, min, max), fields);
  }

  PayloadBuilder node(int unionType, int minMax, Object... fields) {
    int[] vectors = new int[fields.length];
    for (int i = 0; i < fields.length; i++) {
      if (fields[i] instanceof int[] items) {
        tables.startVector(4, items.length, 4);
        for (int k = items.length - 1; k >= 0; k--) {
          tables.addInt(items[k]);
        }
        vectors[i] = tables.endVector();
      }
    }
    tables.startTable(fields.length);
    for (int i = 0; i < fields.length; i++) {
      switch (fields[i]) {
        case Integer number -> tables.addInt(i, number, 0);
        case Float number -> tables.addFloat(i, number, 0);
        default -> tables.addOffset(i, vectors[i], 0);
      }
    }
    int table = tables.endTable();
    nodes.add(XNode.createXNode(tables, (byte) unionType, table, 65535, minMax));
    return this;
  }

  TestPayload build() {
    int[] data = new int[entries.size()];
    for (int i = 0; i < data.length; i++) {
      data[i] =
          ConstantDataOffset.createConstantDataOffset(
              tables, entries.get(i)[0], entries.get(i)[1], 0);
    }
    int version = tables.createString("0");
    int dataVector = XNNGraph.createConstantDataVector(tables, data);
    int nodeVector = XNNGraph.createXnodesVector(tables, nodes.stream().mapToInt(n -> n).toArray());
    int valueVector =
        XNNGraph.createXvaluesVector(tables, values.stream().mapToInt(n -> n).toArray());
    int graph =
        XNNGraph.createXNNGraph(
            tables, version, nodeVector, valueVector, externals, 0, 0, 0, 0, dataVector);
    tables.finish(graph, "XN01");
    byte[] content = tables.sizedByteArray();
    int start = 32;
    int constantsAt = (start + content.length + 15) / 16 * 16;
    ByteBuffer all =
        ByteBuffer.allocate(constantsAt + constants.size()).order(ByteOrder.LITTLE_ENDIAN);
    all.position(4);
    all.put(new byte[] {'X', 'H', '0', '0'}).putShort((short) 30);
    all.putInt(start).putInt(content.length).putInt(constantsAt).putLong(constants.size());
    all.position(start).put(content).position(constantsAt).put(constants.toByteArray());
    return TestPayload.of(all.array());
  }
}
