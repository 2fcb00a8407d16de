package dev.baton.runtime.program;

import dev.baton.runtime.program.schema.bundled.Bool;
import dev.baton.runtime.program.schema.bundled.BundledMethodTestCase;
import dev.baton.runtime.program.schema.bundled.BundledMethodTestSuite;
import dev.baton.runtime.program.schema.bundled.BundledProgram;
import dev.baton.runtime.program.schema.bundled.DoubleValue;
import dev.baton.runtime.program.schema.bundled.Int;
import dev.baton.runtime.program.schema.bundled.Tensor;
import dev.baton.runtime.program.schema.bundled.Value;
import dev.baton.runtime.program.schema.bundled.ValueUnion;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Reads bundled programs: tables that hold a whole program file, and tests of its methods. */
final class BundleReader {
  private static final int IDENTIFIER_AT = 4;
  private static final byte[] IDENTIFIER = "BP08".getBytes(StandardCharsets.US_ASCII);

  /**
   * @param program the bytes of a {@code .pte}
   */
  record Bundle(MemorySegment program, List<BundledTest> tests) {}

  private final MemorySegment file;
  private final DecodeCursor cursor;

  private BundleReader(MemorySegment file, DecodeCursor cursor) {
    this.file = file;
    this.cursor = cursor;
  }

  static boolean isBundle(MemorySegment file) {
    return file.byteSize() >= IDENTIFIER_AT + IDENTIFIER.length
        && file.asSlice(IDENTIFIER_AT, IDENTIFIER.length)
                .mismatch(MemorySegment.ofArray(IDENTIFIER))
            < 0;
  }

  /**
   * @param file read-only and native, a {@linkplain #isBundle bundle}
   * @throws ProgramFormatException if it is no valid one; the program in it is not looked at
   */
  static Bundle read(String source, MemorySegment file, ReadBudget budget) {
    if (file.byteSize() > Integer.MAX_VALUE) {
      throw ProgramFormatException.ofFile(
          source,
          "The bundled program has %d bytes, FlatBuffers end at 2 GiB".formatted(file.byteSize()),
          "Open the plain .pte.");
    }
    ByteBuffer tables = file.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    DecodeCursor cursor = new DecodeCursor(source);
    BudgetMeter meter = new BudgetMeter(cursor, budget, tables.capacity());
    TableStructure.verify(source, tables, BundleSchema.BUNDLED_PROGRAM, meter);
    return new BundleReader(file, cursor).bundle(BundledProgram.getRootAsBundledProgram(tables));
  }

  private Bundle bundle(BundledProgram root) {
    cursor.at("bundled program");
    MemorySegment program = slice(cursor.required(root.programAsByteBuffer(), "the program"));
    List<BundledTest> tests = new ArrayList<>();
    for (int s = 0; s < root.methodTestSuitesLength(); s++) {
      cursor.at("test suite", s);
      BundledMethodTestSuite suite = root.methodTestSuites(s);
      String method = cursor.required(suite.methodName(), "its method");
      cursor.method(method);
      for (int t = 0; t < suite.testCasesLength(); t++) {
        BundledMethodTestCase test = suite.testCases(t);
        tests.add(
            new BundledTest(
                method,
                values("input of test " + t + ",", test.inputsLength(), test::inputs),
                values(
                    "output of test " + t + ",",
                    test.expectedOutputsLength(),
                    test::expectedOutputs)));
      }
      cursor.method(null);
    }
    return new Bundle(program, List.copyOf(tests));
  }

  /** The bytes that a buffer of the generated accessors shows. */
  private MemorySegment slice(ByteBuffer bytes) {
    return file.asSlice(bytes.position(), bytes.remaining());
  }

  private List<ProgramValue> values(String kind, int count, IntFunction<Value> value) {
    return cursor.list(kind, count, i -> value(value.apply(i)));
  }

  private ProgramValue value(Value value) {
    return switch (value.valType()) {
      case ValueUnion.Tensor -> tensor(present(value, new Tensor()));
      case ValueUnion.Int -> new ProgramValue.IntValue(present(value, new Int()).intVal());
      case ValueUnion.Bool -> new ProgramValue.BoolValue(present(value, new Bool()).boolVal());
      case ValueUnion.DoubleValue ->
          new ProgramValue.DoubleValue(present(value, new DoubleValue()).doubleVal());
      default -> throw cursor.fail("it has no value");
    };
  }

  private <T extends com.google.flatbuffers.Table> T present(Value value, T into) {
    @Nullable Object known = value.val(into);
    cursor.required(known, "its value");
    return into;
  }

  private ProgramValue tensor(Tensor tensor) {
    ScalarType type = ScalarType.ofCode(tensor.scalarType());
    if (type == null) {
      throw cursor.unknown("scalar type", tensor.scalarType());
    }
    int rank = tensor.sizesLength();
    if (rank > TensorSpec.MAX_RANK) {
      throw cursor.fail("%d dimensions, expected %d or fewer".formatted(rank, TensorSpec.MAX_RANK));
    }
    Ints sizes = ints(rank, tensor::sizes);
    Ints order = ints(Math.min(tensor.dimOrderLength(), TensorSpec.MAX_RANK), tensor::dimOrder);
    if (order.size() != rank
        || order.stream().sorted().distinct().filter(d -> d < rank).count() != rank) {
      throw cursor.fail("the dim order %s is none of %d dimensions".formatted(order, rank));
    }
    long bytes = type.bytes();
    for (int i = 0; i < rank; i++) {
      long size = sizes.get(i);
      if (size < 0 || Math.multiplyHigh(bytes, size) != 0 || bytes * size < 0) {
        throw cursor.fail("sizes %s are no sizes of a tensor".formatted(sizes));
      }
      bytes *= size;
    }
    ByteBuffer data = tensor.dataAsByteBuffer();
    long given = data == null ? 0 : data.remaining();
    if (given != bytes) {
      throw cursor.fail(
          "%s%s has %d bytes of data, expected %d".formatted(type, sizes, given, bytes));
    }
    return new TensorSpec(
        type,
        sizes,
        order,
        TensorSpec.Dynamism.STATIC,
        0,
        null,
        false,
        null,
        DeviceSpec.CPU,
        data == null ? MemorySegment.NULL.asReadOnly() : slice(data));
  }

  private static Ints ints(int count, IntUnaryOperator item) {
    int[] items = new int[count];
    for (int i = 0; i < count; i++) {
      items[i] = item.applyAsInt(i);
    }
    return Ints.of(items);
  }
}
