package dev.baton.devtools.etdump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.ModelCase;
import dev.baton.devtools.etdump.EtDump.DebugEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.devtools.etdump.EtDump.TensorValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebugValuesTest {
  @ParameterizedTest
  @ValueSource(strings = {"digits-portable", "digits-xnn"})
  void aRunIsThereWithItsValues(String name) throws IOException {
    Path folder = Path.of("../models", name);
    ModelCase.Call call = ModelCase.read(folder).calls().getFirst();
    ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    LoadOptions options = LoadOptions.javaOnly().withProfiling(true).withSingleSteps(true);
    try (Program program = Program.open(folder.resolve("model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", options);
        Execution execution = method.newExecution()) {
      execution.setInput(0, call.inputs().getFirst().read());
      execution.startProfile(3);
      for (int run = 0; run < 3; run++) {
        execution.run();
      }
      EtDump times = ProfileDump.of(execution.profile(), program.method("forward"));
      EtDump dump =
          EtDumpFile.read(
              name,
              EtDumpFile.write(DebugValues.into(times, DebugValues.record(execution, buffer))));

      assertEquals(
          List.of(EtDump.LOAD, EtDump.RUN), dump.runs().stream().map(RunData::name).toList());
      List<DebugEvent> values =
          dump.runs().getLast().events().stream()
              .filter(DebugEvent.class::isInstance)
              .map(DebugEvent.class::cast)
              .toList();
      Set<Integer> instructions =
          values.stream().map(v -> v.place().instruction()).collect(Collectors.toSet());
      assertTrue(
          instructions.containsAll(
              method.placement().operators().stream().map(o -> o.origin().instruction()).toList()),
          instructions::toString);

      DebugEvent output = values.getLast();
      assertTrue(output.output());
      assertEquals(1, values.stream().filter(DebugEvent::output).count());
      float[] expected = call.expected().getFirst().read().getDataAsFloatArray();
      TensorValue tensor = (TensorValue) output.value();
      assertEquals(List.of(1L, 10L), tensor.sizes());
      assertEquals(List.of(10L, 1L), tensor.strides());
      assertEquals(0, tensor.offset() % 64);
      ByteBuffer elements =
          ByteBuffer.wrap(buffer.toByteArray())
              .order(ByteOrder.LITTLE_ENDIAN)
              .position(Math.toIntExact(tensor.offset()));
      for (float number : expected) {
        assertEquals(number, elements.getFloat(), 1e-4);
      }
      assertEquals(0, elements.remaining());
    }
  }
}
