package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.program.Instruction.JumpFalseCall;
import dev.baton.runtime.program.Instruction.KernelCall;
import dev.baton.runtime.program.Instruction.MoveCall;
import dev.baton.runtime.program.TensorSpec.Dynamism;
import dev.baton.runtime.program.TensorSpec.Source;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class SampleProgramsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          add-portable                  | 1072   | 0  | 0      | 0      | 0     | 1  | 0  | 4
          add-without-extended-header   | 728    | 0  | 0      | 0      | 0     | 1  | 0  | 4
          add-xnn                       | 1600   | 32 | 1096   | 1152   | 448   | 2  | 0  | 3
          cond-portable                 | 2856   | 32 | 2784   | 2816   | 40    | 1  | 0  | 27
          digits-coreml                 | 65782  | 32 | 1256   | 1280   | 64502 | 2  | 0  | 3
          digits-openvino               | 54955  | 32 | 1104   | 1152   | 53803 | 2  | 0  | 3
          digits-xnn8                   | 19368  | 32 | 3352   | 3456   | 15912 | 22 | 20 | 2
          kv-cache-portable             | 2720   | 32 | 2384   | 2432   | 288   | 1  | 0  | 23
          kv-cache-xnn                  | 3104   | 32 | 2024   | 2048   | 1056  | 4  | 2  | 13
          linear-external-weights       | 1208   | 0  | 0      | 0      | 0     | 1  | 0  | 10
          linear-with-constant-buffer   | 1040   | 0  | 0      | 0      | 0     | 0  | 0  | 6
          lstm-portable                 | 183188 | 32 | 123016 | 123136 | 60052 | 1  | 0  | 1750
          maxpool2d                     | 1504   | 0  | 0      | 0      | 0     | 1  | 0  | 17
          mlp-dyn-portable              | 42536  | 32 | 3048   | 3072   | 39464 | 1  | 0  | 33
          mlp-dyn-xnn8d                 | 17832  | 32 | 2952   | 3072   | 14760 | 11 | 6  | 14
          qnn-multi-method-alpha        | 86760  | 32 | 2456   | 2560   | 84200 | 2  | 0  | 2
          softmax                       | 976    | 0  | 0      | 0      | 0     | 1  | 0  | 4
          xor-training-external-weights | 13832  | 24 | 13704  | 13824  | 0     | 1  | 0  | 155
          """)
  void partsOfTheFile(
      String name,
      long fileBytes,
      int headerBytes,
      int programBytes,
      long segmentBase,
      long segmentBytes,
      int segments,
      int namedData,
      int valuesOfFirstMethod) {
    try (Program program = Program.of(Samples.program(name))) {
      ProgramLayout expected =
          new ProgramLayout(
              fileBytes,
              headerBytes,
              programBytes == 0 ? (int) fileBytes : programBytes,
              segmentBase,
              segmentBytes);
      assertEquals(expected, program.layout());
      assertEquals(segments, program.segments().size());
      assertEquals(namedData, program.namedData().size());
      assertEquals(0, program.schemaVersion());
      assertEquals(
          valuesOfFirstMethod, program.methods().values().iterator().next().values().size());
    }
  }

  static final List<String> programs = Samples.PROGRAMS;

  @ParameterizedTest
  @FieldSource("programs")
  void allThatAProgramHoldsCanBeReached(String name) {
    try (Program program = Program.of(Samples.program(name))) {
      Samples.walk(program);
    }
  }

  @Test
  void oneKernelCallWithoutExtendedHeader() {
    onlyMethod(
        "add-without-extended-header",
        method -> {
          assertEquals("forward", method.name());
          assertEquals(Ints.of(0, 1), method.inputs());
          assertEquals(Ints.of(2), method.outputs());
          assertEquals(List.of(new OperatorName("aten::add", "out")), method.operators());
          assertEquals(
              List.of(List.of(new KernelCall(0, Ints.of(0, 1, 3, 2, 2)))), method.chains());
          assertEquals(
              List.of(new PlannedBuffer(0, DeviceSpec.CPU), new PlannedBuffer(48, DeviceSpec.CPU)),
              method.plannedBuffers());
          assertEquals("T2#2#0(T2#1#1($,$),D0())", method.inputStructure());
          assertEquals(new ProgramValue.IntValue(1), method.values().get(3));
          TensorSpec input = tensor(method, 0);
          assertEquals(ScalarType.FLOAT, input.scalarType());
          assertEquals(Source.PLANNED, input.source());
          assertNull(input.data());
        });
  }

  @Test
  void constantsInTheTables() {
    onlyMethod(
        "linear-with-constant-buffer",
        method -> {
          List<TensorSpec> constants = constants(method);
          assertEquals(2, constants.size());
          for (TensorSpec constant : constants) {
            assertEquals(Ints.of(2, 2), constant.sizes());
            assertEquals(16, constant.byteSize());
          }
          assertArrayEquals(new float[] {3, 3, 3, 3}, floats(constants.get(0)));
          assertArrayEquals(new float[] {2, 2, 2, 2}, floats(constants.get(1)));
        });
  }

  @Test
  void constantsInASegment() {
    onlyMethod(
        "mlp-dyn-portable",
        method -> {
          assertEquals(
              List.of(
                  Ints.of(128, 64),
                  Ints.of(128),
                  Ints.of(128),
                  Ints.of(128),
                  Ints.of(10, 128),
                  Ints.of(10)),
              constants(method).stream().map(TensorSpec::sizes).toList());
          assertEquals(Dynamism.DYNAMIC_BOUND, tensor(method, 6).dynamism());
          assertEquals(Ints.of(32, 64), tensor(method, 6).sizes());
        });
  }

  @Test
  void controlFlow() {
    onlyMethod(
        "cond-portable",
        method -> {
          List<Instruction> chain = method.chains().getFirst();
          assertEquals(13, chain.size());
          assertEquals(2, chain.stream().filter(i -> i instanceof JumpFalseCall).count());
          assertEquals(2, chain.stream().filter(i -> i instanceof MoveCall).count());
          assertEquals(7, method.operators().size());
        });
  }

  @Test
  void kindsOfValues() {
    onlyMethod(
        "kv-cache-portable",
        method ->
            assertEquals(
                Map.of(
                    "TensorSpec", 11,
                    "IntValue", 5,
                    "IntListValue", 2,
                    "OptionalTensorListValue", 1,
                    "BoolValue", 3,
                    "NullValue", 1),
                kinds(method)));
    onlyMethod(
        "lstm-portable",
        method -> {
          assertEquals(
              Map.of(
                  "TensorSpec", 841, "IntValue", 695, "IntListValue", 132, "TensorListValue", 82),
              kinds(method));
          assertEquals(625, method.chains().getFirst().size());
          assertEquals(10, constants(method).size());
        });
  }

  @Test
  void operatorWithoutOverload() {
    onlyMethod(
        "kv-cache-xnn",
        method -> assertEquals("aten::copy_", method.operators().get(2).fullName()));
  }

  @Test
  void weightsInADataFile() {
    onlyMethod(
        "linear-external-weights",
        method -> {
          List<String> external =
              method.values().stream()
                  .filter(v -> v instanceof TensorSpec t && t.external())
                  .map(v -> ((TensorSpec) v).name())
                  .toList();
          assertEquals(List.of("linear.weight", "linear.bias"), external);
          assertEquals(Source.EXTERNAL, tensor(method, 0).source());
        });
  }

  @Test
  void trainingProgramOfTheOldHeader() {
    try (Program program = Program.of(Samples.program("xor-training-external-weights"))) {
      assertEquals(
          List.of(
              "forward",
              "__et_training_gradients_index_forward",
              "__et_training_fqn_forward",
              "__et_training_parameters_index_forward"),
          List.copyOf(program.methods().keySet()));
      assertEquals(
          new ProgramValue.StringValue("net.linear.weight"),
          program.method("__et_training_fqn_forward").values().getFirst());
      assertEquals(Source.PLANNED_EXTERNAL, tensor(program.method("forward"), 0).source());
      assertTrue(
          program.method("__et_training_gradients_index_forward").chains().getFirst().isEmpty());
    }
  }

  @Test
  void delegatesAndNamedData() {
    try (Program program = Program.of(Samples.program("digits-xnn8"))) {
      DelegateSpec delegate = program.method("forward").delegates().getFirst();
      assertEquals("XnnpackBackend", delegate.id());
      assertEquals(1, delegate.payloadSegment());
      assertEquals(program.segments().get(1), delegate.payload());
      assertTrue(delegate.payload().isReadOnly());
      assertNotNull(
          program
              .namedData()
              .get("5087eb0423b0275971fcf59c5ef86ee39f386a8d1c398deaa4d1dc316fcfa84a"));
    }
    try (Program program = Program.of(Samples.program("digits-coreml"))) {
      assertEquals(
          List.of(
              "compute_units", "min_deployment_target", "model_compute_precision", "model_type"),
          program.method("forward").delegates().getFirst().compileSpecs().stream()
              .map(DelegateSpec.CompileSpec::key)
              .toList());
    }
  }

  @Test
  void methodsThatShareOnePayload() {
    try (Program program = Program.of(Samples.program("qnn-multi-method-alpha"))) {
      assertEquals(
          program.method("alpha").delegates().getFirst().payload(),
          program.method("beta").delegates().getFirst().payload());
    }
  }

  private static void onlyMethod(String name, Consumer<ProgramMethod> check) {
    try (Program program = Program.of(Samples.program(name))) {
      check.accept(program.method("forward"));
    }
  }

  private static TensorSpec tensor(ProgramMethod method, int value) {
    return assertInstanceOf(TensorSpec.class, method.values().get(value));
  }

  private static List<TensorSpec> constants(ProgramMethod method) {
    return method.values().stream()
        .filter(value -> value instanceof TensorSpec tensor && tensor.source() == Source.CONSTANT)
        .map(TensorSpec.class::cast)
        .toList();
  }

  private static Map<String, Integer> kinds(ProgramMethod method) {
    Map<String, Integer> counts = new TreeMap<>();
    method.values().forEach(v -> counts.merge(v.getClass().getSimpleName(), 1, Integer::sum));
    return counts;
  }

  private static float[] floats(TensorSpec tensor) {
    return java.util.Objects.requireNonNull(tensor.data()).toArray(ValueLayout.JAVA_FLOAT);
  }
}
