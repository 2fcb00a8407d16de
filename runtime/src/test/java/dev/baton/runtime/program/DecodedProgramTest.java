package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.program.TensorSpec.Allocation;
import dev.baton.runtime.program.TensorSpec.Source;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Programs that no sample is: every kind of value and instruction, and every fact that can be
 * wrong.
 */
class DecodedProgramTest {

  @Test
  void everyKindOfValue() {
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    method.values =
        new int[] {
          w.nullValue(),
          w.intValue(-7),
          w.boolValue(true),
          w.doubleValue(0.5),
          w.stringValue("größe 𝛼"),
          w.intList(1, 1),
          w.doubleList(1.5, -2),
          w.boolList(true, false),
          w.tensor(t -> {}),
          w.tensorList(8, 8),
          w.optionalTensorList(8, -1, 0)
        };
    try (Program program = Program.of(w.plain(method.write("forward")))) {
      assertEquals(
          List.of(
              new ProgramValue.NullValue(),
              new ProgramValue.IntValue(-7),
              new ProgramValue.BoolValue(true),
              new ProgramValue.DoubleValue(0.5),
              new ProgramValue.StringValue("größe 𝛼"),
              new ProgramValue.IntListValue(Ints.of(1, 1)),
              new ProgramValue.DoubleListValue(List.of(1.5, -2.0)),
              new ProgramValue.BoolListValue(List.of(true, false)),
              new TensorSpec(
                  ScalarType.FLOAT,
                  Ints.of(2, 3),
                  Ints.of(0, 1),
                  TensorSpec.Dynamism.STATIC,
                  0,
                  new Allocation(1, 0),
                  false,
                  null,
                  DeviceSpec.CPU,
                  null),
              new ProgramValue.TensorListValue(Ints.of(8, 8)),
              new ProgramValue.OptionalTensorListValue(Ints.of(8, -1, 0))),
          program.method("forward").values());
      Samples.walk(program);
    }
  }

  @Test
  void everyKindOfInstructionInTwoChains() {
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    method.values =
        new int[] {w.tensor(t -> {}), w.boolValue(false), w.tensor(t -> t.scalarType = 11)};
    method.operators = new int[] {w.operator("aten::sym_numel", "")};
    method.delegates = new int[] {w.delegate("Some", true, 0, "key")};
    w.inlinePayloads = new int[] {w.inlinePayload((byte) 5, (byte) 6)};
    method.chains =
        new int[] {
          w.chain(
              w.kernelCall(0, 0, 1),
              w.delegateCall(0, 2, 0),
              w.moveCall(0, 2),
              w.jumpFalse(1, 0),
              w.jumpFalse(2, 6),
              w.freeCall(0)),
          w.chain()
        };
    try (Program program = Program.of(w.plain(method.write("forward")))) {
      ProgramMethod read = program.method("forward");
      assertEquals(
          List.of(
              List.of(
                  new Instruction.KernelCall(0, Ints.of(0, 1)),
                  new Instruction.DelegateCall(0, Ints.of(2, 0)),
                  new Instruction.MoveCall(0, 2),
                  new Instruction.JumpFalseCall(1, 0),
                  new Instruction.JumpFalseCall(2, 6),
                  new Instruction.FreeCall(0)),
              List.of()),
          read.chains());
      assertEquals("aten::sym_numel", read.operators().getFirst().fullName());
      DelegateSpec delegate = read.delegates().getFirst();
      assertEquals(-1, delegate.payloadSegment());
      assertArrayEquals(new byte[] {5, 6}, delegate.payload().toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(
          new byte[] {'k', 'e', 'y'},
          delegate.compileSpecs().getFirst().value().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void initialContentComesFromTheMutableSegmentThatTheTensorNames() {
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    Consumer<ProgramWriter.TensorFields> withData =
        t -> {
          t.sizes = new int[] {4};
          t.dimOrder = new byte[] {0};
          t.dataIndex = 1;
        };
    method.values =
        new int[] {
          w.tensor(
              withData.andThen(t -> {
                t.planned = false;
              })),
          w.tensor(withData),
          w.tensor(withData.andThen(t -> t.extra = w.extra(1, "cache", 0, 0, 0)))
        };
    w.segments = new int[] {w.segment(0, 16), w.segment(16, 16), w.segment(32, 32)};
    w.constantSegment = w.subsegments(0, 0, 0);
    w.mutableSegments = new int[] {w.subsegments(1, 0, 0), w.subsegments(2, 0, 16)};
    byte[] data = new byte[64];
    IntStream.range(0, 64).forEach(i -> data[i] = (byte) (i / 16));
    try (Program program = Program.of(w.withSegmentData(data, method.write("forward")))) {
      List<ProgramValue> values = program.method("forward").values();
      assertEquals(
          List.of(Source.CONSTANT, Source.PLANNED_WITH_DATA, Source.PLANNED_WITH_DATA),
          values.stream().map(v -> ((TensorSpec) v).source()).toList());
      assertEquals(
          List.of(0, 1, 3),
          values.stream()
              .map(v ->
                  (int)
                      Objects.requireNonNull(((TensorSpec) v).data())
                          .get(ValueLayout.JAVA_BYTE, 15))
              .toList());
      assertEquals("cache", ((TensorSpec) values.get(2)).name());
    }
  }

  @Test
  void offsetsBeyond32BitsAndOtherDevices() {
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    method.buffers = new long[] {99, 6L << 30};
    method.bufferDevices = new int[] {w.bufferDevice(1, 1, 2)};
    method.values =
        new int[] {
          w.tensor(t -> {
            t.offset = 5L << 30;
            t.extra = w.extra(0, null, 0, 1, 2);
          })
        };
    try (Program program = Program.of(w.plain(method.write("forward")))) {
      ProgramMethod read = program.method("forward");
      DeviceSpec cuda2 = new DeviceSpec(DeviceSpec.Kind.CUDA, 2);
      assertEquals(
          List.of(new PlannedBuffer(0, DeviceSpec.CPU), new PlannedBuffer(6L << 30, cuda2)),
          read.plannedBuffers());
      TensorSpec tensor = (TensorSpec) read.values().getFirst();
      assertEquals(new Allocation(1, 5L << 30), tensor.allocation());
      assertEquals(cuda2, tensor.device());
    }
  }

  @Test
  void tensorsThatAreWrong() {
    wrongTensor(t -> t.scalarType = 18, "scalar type 18 is unknown");
    wrongTensor(t -> t.storageOffset = 4, "storage offset 4 and layout 0");
    wrongTensor(t -> t.layout = 1, "storage offset 0 and layout 1");
    wrongTensor(t -> t.sizes = new int[] {2, -1}, "size -1 of dimension 1, expected 0 or more");
    wrongTensor(t -> t.sizes = new int[17], "17 dimensions, expected 16 at most");
    int huge = Integer.MAX_VALUE;
    wrongTensor(t -> t.sizes = new int[] {huge, huge, huge}, "overflow 64 bits");
    wrongTensor(t -> t.sizes = new int[] {huge, huge}, "overflow 64 bits");
    wrongTensor(t -> t.dimOrder = new byte[] {0, 0}, "dim order [0, 0] is no permutation");
    wrongTensor(t -> t.dimOrder = new byte[] {0, 2}, "dim order [0, 2] is no permutation");
    wrongTensor(t -> t.dimOrder = new byte[] {0}, "a dim order of 1 entries for 2 dimensions");
    wrongTensor(
        t -> t.dimOrder = new byte[] {0, 1, 1}, "a dim order of 3 entries for 2 dimensions");
    wrongTensor(t -> t.dynamism = 3, "shape dynamism 3 is unknown");
    wrongTensor(t -> t.memoryId = 0, "at offset 0 of memory id 0");
    wrongTensor(t -> t.memoryId = 2, "memory id 2 does not exist, there are 2");
    wrongTensor(
        t -> t.offset = 1001, "24 bytes are planned at offset 1001 of memory id 1, which has 1024");
    wrongTensor(t -> t.offset = -8, "at offset 18446744073709551608 of memory id 1");
    wrongTensor(t -> t.dataIndex = 1, "mutable data segment 0 does not exist, there are 0");
    wrongTensor(
        t -> {
          t.planned = false;
          t.dataIndex = 1;
        },
        "inline constant 1 does not exist, there are 0");
    wrongTensor(t -> t.dataIndex = 0xffffffffL, "data buffer index 4294967295");
  }

  private static void wrongTensor(Consumer<ProgramWriter.TensorFields> edit, String problem) {
    refused(
        "value 0",
        problem,
        w -> {
          var method = w.method();
          method.values = new int[] {w.tensor(edit)};
          return w.plain(method.write("forward"));
        });
  }

  @Test
  void externalTensorsThatAreWrong() {
    refused("value 0", "the name of its data in a data file is missing", w -> external(w, "", 1));
    refused("value 0", "data location 2 is unknown", w -> external(w, "name", 2));
  }

  private static byte[] external(ProgramWriter w, String name, int location) {
    var method = w.method();
    int extra = w.extra(0, name, location, 0, 0);
    method.values = new int[] {w.tensor(t -> t.extra = extra)};
    return w.plain(method.write("forward"));
  }

  @Test
  void constantsThatAreWrong() {
    refused(
        "value 0",
        "the tensor needs 24 bytes, inline constant 1 has 23",
        w -> inlineConstant(w, 23));
    refused(
        "value 0",
        "the constant segment's entry 2 does not exist, there are 2",
        w -> {
          w.segments = new int[] {w.segment(0, 32)};
          w.constantSegment = w.subsegments(0, 0, 0);
          return w.withSegmentData(new byte[64], constant(w, 2));
        });
    refused(
        "value 0",
        "inline constant 1 does not exist",
        w -> {
          w.segments = new int[] {w.segment(0, 32)};
          w.constantSegment = w.subsegments(0, 0);
          return w.withSegmentData(new byte[64], constant(w, 1));
        });
    refused(
        "value 0",
        "needs 24 bytes at 16 of the constant segment, which has 32",
        w -> segmentConstant(w, 32, 0, 16));
    refused(
        "value 0", "needs 24 bytes at 18446744073709551600", w -> segmentConstant(w, 32, 0, -16));
    refused("value 0", "not aligned to the 4 bytes of a FLOAT", w -> segmentConstant(w, 32, 0, 2));
    refused(
        "segment 0",
        "65 bytes at 0 do not fit into the 64 bytes",
        w -> segmentConstant(w, 65, 0, 0));
    refused("segment 0", "18446744073709551615 bytes at 0", w -> segmentConstant(w, -1, 0, 0));
    refused(
        "constant segment",
        "2 constants in a segment and 1 inline",
        w -> {
          w.constantBuffers = new int[] {w.constantBuffer((byte) 1)};
          return segmentConstant(w, 32, 0, 0);
        });
  }

  private static byte[] inlineConstant(ProgramWriter w, int bytes) {
    w.constantBuffers = new int[] {w.constantBuffer(), w.constantBuffer(new byte[bytes])};
    return w.plain(constant(w, 1));
  }

  private static byte[] segmentConstant(ProgramWriter w, long size, long... offsets) {
    w.segments = new int[] {w.segment(0, size)};
    w.constantSegment = w.subsegments(0, offsets);
    return w.withSegmentData(new byte[64], constant(w, 1));
  }

  private static int constant(ProgramWriter w, int index) {
    var method = w.method();
    method.values =
        new int[] {
          w.tensor(t -> {
            t.planned = false;
            t.dataIndex = index;
          })
        };
    return method.write("forward");
  }

  @Test
  void listsThatAreWrong() {
    wrongValues("value 0", "value 1 does not exist, there are 1", w -> new int[] {w.intList(1)});
    wrongValues("value 0", "value -1 does not exist", w -> new int[] {w.intList(-1)});
    wrongValues("value 0", "value 4294967296 does not exist", w -> new int[] {w.intList(1L << 32)});
    wrongValues(
        "value 0",
        "item 0 is value 1, which is not an Int",
        w -> new int[] {w.intList(1), w.nullValue()});
    wrongValues("value 0", "value -1 does not exist", w -> new int[] {w.tensorList(-1)});
    wrongValues(
        "value 1",
        "item 0 is value 0, which is not a Tensor",
        w -> new int[] {w.nullValue(), w.tensorList(0)});
    wrongValues("value 0", "value -2 does not exist", w -> new int[] {w.optionalTensorList(-2)});
    wrongValues(
        "value 1",
        "which is not a Tensor or Null",
        w -> new int[] {w.intValue(1), w.optionalTensorList(0)});
    wrongValues(
        "execution_plan[0].values[0].val",
        "kind 12 is unknown, the highest known is 11",
        w -> new int[] {w.value((byte) 12, 0)});
    wrongValues("value 0", "its Int is missing", w -> new int[] {w.value((byte) 2, 0)});
    wrongValues("value 0", "value kind 0 is unknown", w -> new int[] {w.value((byte) 0, 0)});
  }

  private static void wrongValues(
      String element, String problem, Function<ProgramWriter, int[]> values) {
    refused(
        element,
        problem,
        w -> {
          var method = w.method();
          method.values = values.apply(w);
          return w.plain(method.write("forward"));
        });
  }

  @Test
  void instructionsThatAreWrong() {
    wrongInstruction(w -> w.kernelCall(1, 0), "operator 1 does not exist, there are 1");
    wrongInstruction(w -> w.kernelCall(-1, 0), "operator -1 does not exist");
    wrongInstruction(w -> w.kernelCall(0, 2), "value 2 does not exist, there are 2");
    wrongInstruction(w -> w.delegateCall(0, 0), "delegate 0 does not exist, there are 0");
    wrongInstruction(w -> w.moveCall(0, -1), "value -1 does not exist");
    wrongInstruction(
        w -> w.jumpFalse(0, 0), "its condition, value 0, is neither a Bool nor a Bool tensor");
    wrongInstruction(w -> w.jumpFalse(1, 3), "destination 3 does not exist, there are 3");
    wrongInstruction(w -> w.jumpFalse(1, -1), "destination -1 does not exist");
    wrongInstruction(w -> w.freeCall(1), "it frees value 1, which is no Tensor");
    wrongInstruction(w -> w.instruction((byte) 1, 0), "its KernelCall is missing");
    wrongInstruction(w -> w.instruction((byte) 0, 0), "instruction kind 0 is unknown");
  }

  private static void wrongInstruction(Function<ProgramWriter, Integer> wrong, String problem) {
    refused(
        "chain 0, instruction 1",
        problem,
        w -> {
          var method = w.method();
          method.values = new int[] {w.tensor(t -> {}), w.boolValue(true)};
          method.operators = new int[] {w.operator("aten::add", "out")};
          method.chains = new int[] {w.chain(w.moveCall(0, 0), wrong.apply(w))};
          return w.plain(method.write("forward"));
        });
  }

  @Test
  void methodsThatAreWrong() {
    refused("methods", "there are none, expected one", w -> w.plain());
    refused("method 0", "its name is missing or empty", w -> w.plain(w.method().write("")));
    refused(
        "method 1",
        "an earlier method is also named 'same'",
        w -> w.plain(w.method().write("same"), w.method().write("same")));
    wrongMethod("chains", "there are none, expected one", (w, m) -> m.chains = new int[0]);
    wrongMethod(
        "inputs", "value 0 does not exist, there are 0", (w, m) -> m.inputs = new int[] {0});
    wrongMethod("outputs", "value -1 does not exist", (w, m) -> m.outputs = new int[] {-1});
    wrongMethod("planned buffer 1", "a size of -1 bytes", (w, m) -> m.buffers = new long[] {0, -1});
    wrongMethod(
        "planned buffer 2",
        "a size of 9223372036854775807 bytes",
        (w, m) -> m.buffers = new long[] {0, 1, Long.MAX_VALUE});
    wrongMethod(
        "planned buffer device 0",
        "planned buffer 2 does not exist, there are 2",
        (w, m) -> m.bufferDevices = new int[] {w.bufferDevice(2, 0, 0)});
    wrongMethod(
        "planned buffer device 0",
        "device type 2 is unknown",
        (w, m) -> m.bufferDevices = new int[] {w.bufferDevice(1, 2, 0)});
    wrongMethod(
        "operator 0",
        "its name is missing or empty",
        (w, m) -> m.operators = new int[] {w.operator("", "out")});
    wrongMethod(
        "delegate 0",
        "its id is missing or empty",
        (w, m) -> m.delegates = new int[] {w.delegate("", true, 0)});
    wrongMethod(
        "delegate 0",
        "inline payload 0 does not exist",
        (w, m) -> m.delegates = new int[] {w.delegate("A", true, 0)});
    wrongMethod(
        "delegate 0",
        "segment 0 does not exist",
        (w, m) -> m.delegates = new int[] {w.delegate("A", false, 0)});
  }

  private interface MethodEdit {
    void edit(ProgramWriter w, ProgramWriter.MethodFields method);
  }

  private static void wrongMethod(String element, String problem, MethodEdit edit) {
    refused(
        element,
        problem,
        w -> {
          var method = w.method();
          edit.edit(w, method);
          return w.plain(method.write("forward"));
        });
  }

  @Test
  void namesFromTheFileCannotGarbleAMessage() {
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    method.inputs = new int[] {0};
    byte[] bytes = w.plain(method.write("\n" + "m".repeat(10_000)));
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
    assertTrue(e.getMessage().contains("method '\\x0am"), e::getMessage);
    assertTrue(e.getMessage().length() < 400);
    assertEquals(10_001, Objects.requireNonNull(e.method()).length());
  }

  @Test
  void namedDataThatAreWrong() {
    refused("named data 0", "segment 0 does not exist", w -> named(w, w.named("a", 0)));
    refused("named data 0", "its key is missing or empty", w -> namedInSegment(w, ""));
    refused(
        "named data 1", "an earlier entry also has the key 'a'", w -> namedInSegment(w, "a", "a"));
  }

  private static byte[] namedInSegment(ProgramWriter w, String... keys) {
    w.segments = new int[] {w.segment(0, 0)};
    int[] entries = new int[keys.length];
    for (int i = 0; i < keys.length; i++) {
      entries[i] = w.named(keys[i], 0);
    }
    return named(w, entries);
  }

  private static byte[] named(ProgramWriter w, int... entries) {
    w.namedData = entries;
    return w.plain(w.method().write("forward"));
  }

  private static void refused(
      String element, String problem, Function<ProgramWriter, byte[]> write) {
    byte[] bytes = write.apply(new ProgramWriter());
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
    assertEquals(element, e.element(), e::getMessage);
    assertTrue(e.problem().contains(problem), e::getMessage);
    assertNotNull(e.remedy());
    assertTrue(
        e.getMessage().contains(element + (e.byteOffset().isPresent() ? ", at" : ": ")),
        e::getMessage);
  }
}
