package dev.baton.cases.program;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * Writes the tables of {@code program.fbs} by slot number, and the extended header and segments
 * where there is anything to put there.
 */
final class ProgramWriter {
  private static final String IDENTIFIER = "ET12";
  private static final byte[] HEADER_MAGIC = {'e', 'h', '0', '0'};
  private static final int IDENTIFIED_BYTES = 8;
  private static final int HEADER_BYTES = 32;
  private static final int ALIGNMENT = 16;
  static final int MEMORY_ID = 1;
  static final int SHARED_MEMORY_ID = 2;

  private final FlatBufferBuilder out = new FlatBufferBuilder(4096);
  private final ProgramBuilder program;

  private ProgramWriter(ProgramBuilder program) {
    this.program = program;
  }

  static byte[] write(ProgramBuilder program) {
    return new ProgramWriter(program).write();
  }

  // ---- the file

  private byte[] write() {
    Segment constants = new Segment();
    if (program.constantsInSegment) {
      program.constants.forEach(constants::add);
    }
    Segment mutables = new Segment();
    program.mutables.forEach(mutables::add);
    List<Segment> segments =
        Stream.of(constants, mutables)
            .filter(s -> s.offsets.size() > 1 || (s == constants && program.constantsInSegment))
            .toList();
    out.finish(program(constants, mutables, segments), IDENTIFIER);
    byte[] tables = out.sizedByteArray();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    segments.forEach(s -> bytes.writeBytes(s.bytes.toByteArray()));
    return segments.isEmpty() ? tables : withSegments(tables, bytes.toByteArray());
  }

  /** Contents one after another, and where each begins. */
  private static final class Segment {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final List<Long> offsets = new ArrayList<>(List.of(0L)); // entry 0 stands for "none"

    void add(byte[] content) {
      offsets.add((long) bytes.size());
      bytes.writeBytes(content);
      bytes.writeBytes(new byte[padding(bytes.size())]);
    }
  }

  private static int padding(int bytes) {
    return -bytes & (ALIGNMENT - 1);
  }

  /** The header goes behind the identifier: all that the root offset points to moves along. */
  private static byte[] withSegments(byte[] tables, byte[] segment) {
    int programBytes = tables.length + HEADER_BYTES;
    int base = programBytes + padding(programBytes);
    ByteBuffer file = ByteBuffer.allocate(base + segment.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put(tables, 0, IDENTIFIED_BYTES)
        .put(HEADER_MAGIC)
        .putInt(HEADER_BYTES)
        .putLong(programBytes)
        .putLong(base)
        .putLong(segment.length)
        .put(tables, IDENTIFIED_BYTES, tables.length - IDENTIFIED_BYTES)
        .put(base, segment);
    file.putInt(0, file.getInt(0) + HEADER_BYTES);
    return file.array();
  }

  private int program(Segment constants, Segment mutables, List<Segment> segments) {
    int plans = tables(program.methods, this::plan);
    List<byte[]> inline = new ArrayList<>();
    if (!program.constantsInSegment) {
      inline.add(new byte[0]); // entry 0 stands for "none"
      inline.addAll(program.constants);
    }
    int buffers = tables(inline, data -> holder(blob(data)));
    int payloads = tables(program.payloads, data -> holder(blob(data)));
    int places = segments.isEmpty() ? 0 : places(segments);
    int constantOffsets = segments.contains(constants) ? offsets(constants, segments) : 0;
    int mutableOffsets =
        segments.contains(mutables) ? vector(new int[] {offsets(mutables, segments)}) : 0;
    out.startTable(8);
    out.addInt(0, 0, -1);
    out.addOffset(1, plans, 0);
    out.addOffset(2, buffers, 0);
    out.addOffset(3, payloads, 0);
    out.addOffset(4, places, 0);
    out.addOffset(5, constantOffsets, 0);
    out.addOffset(6, mutableOffsets, 0);
    return out.endTable();
  }

  /** Where each segment lies behind the tables. */
  private int places(List<Segment> segments) {
    int[] tables = new int[segments.size()];
    long offset = 0;
    for (int s = 0; s < tables.length; s++) {
      long bytes = segments.get(s).bytes.size();
      out.startTable(2);
      out.addLong(0, offset, 0);
      out.addLong(1, bytes, 0);
      tables[s] = out.endTable();
      offset += bytes;
    }
    return vector(tables);
  }

  private int offsets(Segment segment, List<Segment> segments) {
    int all = longs(segment.offsets.stream().mapToLong(Long::longValue).toArray());
    out.startTable(2);
    out.addInt(0, segments.indexOf(segment), -1);
    out.addOffset(1, all, 0);
    return out.endTable();
  }

  private int plan(ProgramBuilder.Method method) {
    int name = out.createString(method.name);
    int values = tables(method.values, this::value);
    int inputs = ints(method.inputs);
    int outputs = ints(method.outputs);
    int instructions = tables(method.steps, this::instruction);
    out.startTable(4);
    out.addOffset(2, instructions, 0);
    int chains = vector(new int[] {out.endTable()});
    int operators = tables(method.operators, this::operator);
    int delegates = tables(method.delegates, this::delegate);
    int sizes =
        method.sharedBytes == 0
            ? longs(0, method.plannedBytes)
            : longs(0, method.plannedBytes, method.sharedBytes);
    out.startTable(10);
    out.addOffset(0, name, 0);
    out.addOffset(2, values, 0);
    out.addOffset(3, inputs, 0);
    out.addOffset(4, outputs, 0);
    out.addOffset(5, chains, 0);
    out.addOffset(6, operators, 0);
    out.addOffset(7, delegates, 0);
    out.addOffset(8, sizes, 0);
    return out.endTable();
  }

  // ---- values

  private int value(ProgramBuilder.Item item) {
    return switch (item) {
      case ProgramBuilder.Item.None n -> union(1, empty());
      case ProgramBuilder.Item.Int i -> {
        out.startTable(1);
        out.addLong(0, i.value(), 0);
        yield union(2, out.endTable());
      }
      case ProgramBuilder.Item.Bool b -> {
        out.startTable(1);
        out.addBoolean(0, b.value(), false);
        yield union(3, out.endTable());
      }
      case ProgramBuilder.Item.Real r -> {
        out.startTable(1);
        out.addDouble(0, r.value(), 0);
        yield union(4, out.endTable());
      }
      case ProgramBuilder.Item.Tensor t -> union(5, tensor(t));
      case ProgramBuilder.Item.Text t -> union(6, holder(out.createString(t.value())));
      case ProgramBuilder.Item.IntList l ->
          union(7, holder(longs(java.util.Arrays.stream(l.items()).asLongStream().toArray())));
      case ProgramBuilder.Item.RealList l -> {
        out.startVector(Double.BYTES, l.items().length, Double.BYTES);
        for (int i = l.items().length - 1; i >= 0; i--) {
          out.addDouble(l.items()[i]);
        }
        yield union(8, holder(out.endVector()));
      }
      case ProgramBuilder.Item.BoolList l -> {
        out.startVector(1, l.items().length, 1);
        for (int i = l.items().length - 1; i >= 0; i--) {
          out.addBoolean(l.items()[i]);
        }
        yield union(9, holder(out.endVector()));
      }
      case ProgramBuilder.Item.TensorList l -> union(10, holder(ints(l.items())));
      case ProgramBuilder.Item.OptionalTensorList l -> union(11, holder(ints(l.items())));
    };
  }

  private int tensor(ProgramBuilder.Item.Tensor tensor) {
    int sizes = ints(tensor.sizes());
    out.startVector(1, tensor.sizes().length, 1);
    for (int d = tensor.sizes().length - 1; d >= 0; d--) {
      out.addByte((byte) d);
    }
    int dimOrder = out.endVector();
    int allocation = 0;
    if (tensor.place() >= 0) {
      out.startTable(3);
      out.addInt(0, tensor.memory(), 0);
      out.addInt(1, Math.toIntExact(tensor.place()), 0);
      allocation = out.endTable();
    }
    out.startTable(10);
    out.addByte(0, (byte) tensor.dtype().code(), 0);
    out.addOffset(2, sizes, 0);
    out.addOffset(3, dimOrder, 0);
    out.addInt(5, tensor.data(), 0);
    if (allocation != 0) {
      out.addOffset(6, allocation, 0);
    }
    out.addByte(8, (byte) (tensor.dynamic() ? 1 : 0), 0);
    return out.endTable();
  }

  // ---- instructions

  private int instruction(ProgramBuilder.Step step) {
    return switch (step) {
      case ProgramBuilder.Step.Kernel k -> union(1, call(k.operator(), k.args()));
      case ProgramBuilder.Step.Delegate d -> union(2, call(d.delegate(), d.args()));
      case ProgramBuilder.Step.Move m -> union(3, pair(m.from(), m.to()));
      case ProgramBuilder.Step.JumpFalse j -> {
        if (j.to().instruction < 0) {
          throw new IllegalStateException("a label that was never placed");
        }
        yield union(4, pair(j.condition(), j.to().instruction));
      }
      case ProgramBuilder.Step.Free f -> {
        out.startTable(1);
        out.addInt(0, f.value(), 0);
        yield union(5, out.endTable());
      }
    };
  }

  private int call(int callee, int[] args) {
    int all = ints(args);
    out.startTable(2);
    out.addInt(0, callee, 0);
    out.addOffset(1, all, 0);
    return out.endTable();
  }

  private int pair(int first, int second) {
    out.startTable(2);
    out.addInt(0, first, 0);
    out.addInt(1, second, 0);
    return out.endTable();
  }

  private int operator(String fullName) {
    int dot = fullName.indexOf('.');
    int name = out.createString(dot < 0 ? fullName : fullName.substring(0, dot));
    int overload = out.createString(dot < 0 ? "" : fullName.substring(dot + 1));
    out.startTable(2);
    out.addOffset(0, name, 0);
    out.addOffset(1, overload, 0);
    return out.endTable();
  }

  private int delegate(ProgramBuilder.Backend backend) {
    int id = out.createString(backend.id());
    out.startTable(2);
    out.addByte(0, (byte) 0, 0);
    out.addInt(1, backend.payload(), 0);
    int reference = out.endTable();
    List<Map.Entry<String, byte[]>> entries = List.copyOf(backend.specs().entrySet());
    int specs = tables(entries, this::compileSpec);
    out.startTable(3);
    out.addOffset(0, id, 0);
    out.addOffset(1, reference, 0);
    out.addOffset(2, specs, 0);
    return out.endTable();
  }

  private int compileSpec(Map.Entry<String, byte[]> spec) {
    int key = out.createString(spec.getKey());
    int value = blob(spec.getValue());
    out.startTable(2);
    out.addOffset(0, key, 0);
    out.addOffset(1, value, 0);
    return out.endTable();
  }

  // ---- pieces of tables

  private int empty() {
    out.startTable(0);
    return out.endTable();
  }

  /** A table with one field that is an offset. */
  private int holder(int offset) {
    out.startTable(1);
    out.addOffset(0, offset, 0);
    return out.endTable();
  }

  /** A table with one union: its type, its value. */
  private int union(int type, int value) {
    out.startTable(2);
    out.addByte(0, (byte) type, 0);
    out.addOffset(1, value, 0);
    return out.endTable();
  }

  private int blob(byte[] data) {
    out.startVector(1, data.length, ALIGNMENT);
    for (int i = data.length - 1; i >= 0; i--) {
      out.addByte(data[i]);
    }
    return out.endVector();
  }

  private interface Writer<T> {
    int write(T item);
  }

  private <T> int tables(List<T> items, Writer<T> writer) {
    int[] offsets = new int[items.size()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = writer.write(items.get(i));
    }
    return vector(offsets);
  }

  private int vector(int[] offsets) {
    out.startVector(Integer.BYTES, offsets.length, Integer.BYTES);
    for (int i = offsets.length - 1; i >= 0; i--) {
      out.addOffset(offsets[i]);
    }
    return out.endVector();
  }

  private int ints(List<Integer> items) {
    return ints(items.stream().mapToInt(Integer::intValue).toArray());
  }

  private int ints(int[] items) {
    return ints(items.length, i -> items[i]);
  }

  private int ints(int count, IntUnaryOperator item) {
    out.startVector(Integer.BYTES, count, Integer.BYTES);
    for (int i = count - 1; i >= 0; i--) {
      out.addInt(item.applyAsInt(i));
    }
    return out.endVector();
  }

  private int longs(long... items) {
    out.startVector(Long.BYTES, items.length, Long.BYTES);
    for (int i = items.length - 1; i >= 0; i--) {
      out.addLong(items[i]);
    }
    return out.endVector();
  }
}
