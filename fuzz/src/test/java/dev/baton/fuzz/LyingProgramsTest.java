package dev.baton.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sound FlatBuffers whose numbers lie, a field at a time: one exception that says where, on Java
 * kernels and with every delegate of this machine.
 */
@ExtendWith(NoLeaks.class)
class LyingProgramsTest {
  /**
   * A field of a program, in the order of the file, and what it says instead.
   *
   * @param field of the schema; with {@code #} before it, the length of that vector
   * @param says parts of the message
   */
  private record Lie(String program, String field, int nth, long value, List<String> says) {
    @Override
    public String toString() {
      return program + ": " + field + " " + nth + " is " + value;
    }

    byte[] told() {
      Seed seed = Seed.program(program);
      boolean length = field.startsWith("#");
      Place place =
          seed.places().stream()
              .filter(p -> p.name().equals(length ? field.substring(1) : field))
              .filter(p -> p.kind() == (length ? Place.Kind.LENGTH : Place.Kind.SCALAR))
              .skip(nth)
              .findFirst()
              .orElseThrow(() -> new AssertionError("no such field: " + this));
      ByteBuffer bytes = ByteBuffer.wrap(seed.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      switch (place.width()) {
        case 1 -> bytes.put(place.at(), (byte) value);
        case 4 -> bytes.putInt(place.at(), (int) value);
        default -> bytes.putLong(place.at(), value);
      }
      return seed.bytes();
    }
  }

  private static Lie lie(String program, String field, int nth, long value, String... says) {
    return new Lie(program, field, nth, value, List.of(says));
  }

  static Stream<Lie> lies() {
    return Stream.of(
        // sizes
        lie("add-portable", "Tensor.sizes", 0, -1, "value 0", "size -1 of dimension 0"),
        lie(
            "add-portable",
            "Tensor.sizes",
            0,
            Integer.MAX_VALUE,
            "value 0",
            "of memory id 1, which has 96"),
        lie("add-portable", "Tensor.sizes", 0, 3, "value 0", "36 bytes are planned"),
        lie(
            "add-portable",
            "Tensor.sizes",
            4,
            1,
            "aten::add.Tensor (instruction 0)",
            "float[2, 3]",
            "float[1, 3]"),
        lie(
            "add-portable",
            "#Tensor.sizes",
            0,
            1,
            "value 0",
            "a dim order of 2 entries for 1 dimensions"),
        lie("cond-portable", "Tensor.sizes", 0, 1 << 20, "value 0", "16777216 bytes are planned"),
        // types
        lie("add-portable", "Tensor.scalar_type", 0, 99, "value 0", "scalar type 99 is unknown"),
        lie("add-portable", "Tensor.scalar_type", 0, 4, "value 0", "48 bytes are planned"),
        lie(
            "add-portable",
            "Tensor.scalar_type",
            2,
            3,
            "aten::add.Tensor (instruction 0)",
            "int32[2, 3]"),
        lie("cond-portable", "Tensor.scalar_type", 0, 2, "instruction 0"),
        lie(
            "shifted-portable",
            "Tensor.scalar_type",
            1,
            8,
            "instruction ",
            "no complex tensor is taken"),
        // places in memory
        lie(
            "add-portable",
            "AllocationDetails.memory_offset_low",
            0,
            1 << 30,
            "value 0",
            "planned at offset 1073741824"),
        lie(
            "add-portable",
            "AllocationDetails.memory_id",
            0,
            7,
            "value 0",
            "memory id 7 does not exist"),
        lie(
            "add-portable",
            "ExecutionPlan.non_const_buffer_sizes",
            1,
            1L << 60,
            "planned buffer 1",
            "raise the budget"),
        lie(
            "add-portable",
            "ExecutionPlan.non_const_buffer_sizes",
            1,
            -1,
            "planned buffer 1",
            "-1 bytes"),
        lie(
            "add-portable",
            "ExecutionPlan.non_const_buffer_sizes",
            1,
            32,
            "value 0",
            "which has 32"),
        lie("cond-portable", "Tensor.data_buffer_idx", 0, 77, "value 8", "entry 77 does not exist"),
        lie(
            "cond-portable",
            "SubsegmentOffsets.offsets",
            1,
            1L << 40,
            "value 8",
            "8 bytes at 1099511627776"),
        lie("cond-portable", "SubsegmentOffsets.offsets", 1, 38, "value 8", "8 bytes at 38"),
        lie("cond-portable", "DataSegment.size", 0, 4, "value 8", "which has 4"),
        // arguments
        lie("add-portable", "KernelCall.args", 0, 99, "instruction 0", "value 99 does not exist"),
        lie("add-portable", "KernelCall.args", 0, -1, "instruction 0", "value -1 does not exist"),
        lie(
            "add-portable",
            "KernelCall.args",
            0,
            3,
            "aten::add.Tensor (instruction 0)",
            "'self'",
            "expected a tensor"),
        lie(
            "add-portable",
            "KernelCall.args",
            2,
            0,
            "aten::add.Tensor (instruction 0)",
            "'alpha'",
            "expected a number"),
        lie("add-portable", "KernelCall.args", 3, 3, "instruction 1", "tensor 2 is read before"),
        lie(
            "add-portable",
            "#KernelCall.args",
            0,
            2,
            "instruction 0",
            "aten::add.out has 2 arguments"),
        lie(
            "cond-portable",
            "KernelCall.args",
            1,
            0,
            "aten::sum.dim_IntList (instruction 0)",
            "'dim'"),
        lie(
            "cond-portable",
            "KernelCall.op_index",
            0,
            99,
            "instruction 1",
            "operator 99 does not exist"),
        lie(
            "cond-portable",
            "KernelCall.op_index",
            0,
            4,
            "aten::add.Tensor (instruction 1)",
            "'other'"),
        lie("add-portable", "ExecutionPlan.inputs", 0, 99, "inputs", "value 99 does not exist"),
        lie(
            "add-portable",
            "ExecutionPlan.inputs",
            0,
            3,
            "instruction 0",
            "tensor 0 is read before"),
        lie("add-portable", "ExecutionPlan.outputs", 0, -1, "outputs", "value -1 does not exist"),
        lie(
            "groups-xnn",
            "Int.int_val",
            3,
            -5,
            "aten::native_group_norm (instruction 3)",
            "-5 groups"),
        // jumps
        lie(
            "cond-portable",
            "JumpFalseCall.destination_instruction",
            0,
            99,
            "instruction 2",
            "destination 99 does not exist"),
        lie(
            "cond-portable",
            "JumpFalseCall.destination_instruction",
            0,
            -1,
            "instruction 2",
            "destination -1 does not exist"),
        lie(
            "cond-portable",
            "JumpFalseCall.cond_value_index",
            0,
            2,
            "instruction 2",
            "neither a Bool nor a Bool tensor"),
        lie(
            "cond-portable",
            "JumpFalseCall.cond_value_index",
            0,
            99,
            "instruction 2",
            "value 99 does not exist"),
        lie(
            "cond-portable",
            "MoveCall.move_from",
            0,
            99,
            "instruction 7",
            "value 99 does not exist"),
        lie("cond-portable", "MoveCall.move_from", 0, 2, "value 7 crosses a jump"),
        // delegates
        lie("add-xnn", "DelegateCall.args", 0, 99, "instruction 0", "value 99 does not exist"),
        lie(
            "add-xnn",
            "#DelegateCall.args",
            0,
            2,
            "instruction 0",
            "the XnnpackBackend payload cannot be opened"),
        lie(
            "groups-xnn",
            "DelegateCall.delegate_index",
            0,
            99,
            "instruction 4",
            "delegate 99 does not exist"),
        lie(
            "add-xnn",
            "BackendDelegateDataReference.location",
            0,
            0,
            "delegate 0",
            "inline payload 1 does not exist"),
        lie(
            "kv-cache-xnn",
            "BackendDelegateDataReference.index",
            0,
            99,
            "delegate 0",
            "segment 99 does not exist"));
  }

  static Stream<Arguments> liesToEveryRunner() {
    return lies().flatMap(l -> Stream.of(Arguments.of(l, "java"), Arguments.of(l, "delegates")));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("liesToEveryRunner")
  void oneExceptionThatSaysWhere(Lie lie, String runner) {
    BatonException e = assertThrows(BatonException.class, () -> run(lie.told(), options(runner)));
    assertTrue(e.getMessage().contains("method 'forward'"), e::toString);
    for (String part : lie.says()) {
      assertTrue(e.getMessage().contains(part), () -> "no '" + part + "' in: " + e);
    }
  }

  /** What lies here is an input: embedding reads where it says. */
  @ParameterizedTest
  @ValueSource(strings = {"java", "delegates"})
  void anIndexPastItsTable(String runner) {
    try (Program program = Program.of(Seed.program("rope-portable").bytes());
        ModelMethod method = ModelMethod.load(program, "forward", options(runner));
        Execution execution = method.newExecution()) {
      for (long index : new long[] {50, -51, 1L << 32, Long.MIN_VALUE}) {
        execution.input(0).data().set(ValueLayout.JAVA_LONG, 0, index);
        BatonException e = assertThrows(BatonException.class, execution::run);
        assertTrue(
            e.getMessage()
                .startsWith(
                    "method 'forward', aten::embedding (instruction 0) failed: index " + index),
            e::toString);
      }
    }
  }

  /** Group norm is told what its input says too; vector kernels write where they are told. */
  @ParameterizedTest
  @CsvSource({"1, java", "2, java", "1, delegates", "2, delegates"})
  void extentsOfGroupNormAreThoseOfItsInput(int nth, String runner) {
    byte[] sound = Seed.program("groups-xnn").bytes();
    byte[] told = lie("groups-xnn", "Int.int_val", nth, 1_000).told();
    assertArrayEquals(run(sound, options(runner)), run(told, options(runner)));
  }

  /** What a payload says of an image that only its subgraph would hold. */
  @ParameterizedTest
  @ValueSource(strings = {"java", "delegates"})
  void anImageInsideAPayloadIsBounded(String runner) {
    Seed seed = Seed.payloads("digits-xnn8");
    Place padding =
        seed.places().stream()
            .filter(p -> p.name().equals("_XNNNodeConv.padding_top"))
            .filter(p -> p.kind() == Place.Kind.SCALAR)
            .findFirst()
            .orElseThrow();
    ByteBuffer.wrap(seed.bytes()).order(ByteOrder.LITTLE_ENDIAN).putInt(padding.at(), 16_329_315);
    try (Program program = Program.of(seed.bytes())) {
      BatonException e =
          assertThrows(
              BatonException.class,
              () -> ModelMethod.load(program, "forward", options(runner)).close());
      for (String part :
          List.of("method 'forward', ", "aten::", "instruction 0", "bound of 16777216 bytes")) {
        assertTrue(e.getMessage().contains(part), () -> "no '" + part + "' in: " + e);
      }
    }
  }

  private static LoadOptions options(String runner) {
    return runner.equals("java") ? HostileRun.java() : HostileRun.delegates();
  }

  /** The first output. */
  private static float[] run(byte[] file, LoadOptions options) {
    try (Program program = Program.of(file);
        ModelMethod method = ModelMethod.load(program, "forward", options);
        Execution execution = method.newExecution()) {
      execution.run();
      return execution.output(0).toTensor().getDataAsFloatArray();
    }
  }
}
