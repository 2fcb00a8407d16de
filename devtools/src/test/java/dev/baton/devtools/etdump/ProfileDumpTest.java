package dev.baton.devtools.etdump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.ProfileEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileDumpTest {
  private static final int RUNS = 4;

  @ParameterizedTest
  @CsvSource({
    "digits-portable, false",
    "digits-portable, true",
    "digits-xnn, false",
    "digits-xnn, true",
    "lstm-portable, false",
    "cond-portable, false"
  })
  void everyRunIsThereWithItsTime(String model, boolean javaOnly) throws IOException {
    LoadOptions options = javaOnly ? LoadOptions.javaOnly() : LoadOptions.defaults();
    try (Program program = Program.open(Path.of("../models", model, "model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", options.withProfiling(true));
        Execution execution = method.newExecution()) {
      execution.run();
      execution.startProfile(RUNS);
      for (int run = 0; run < RUNS; run++) {
        execution.run();
      }
      Profile profile = execution.profile();
      ProgramMethod source = program.method("forward");
      EtDump dump = EtDumpFile.read(model, EtDumpFile.write(ProfileDump.of(profile, source)));
      assertEquals(RUNS + 1, dump.runs().size());
      assertEquals(EtDump.LOAD, dump.runs().getFirst().name());
      assertTrue(names(dump.runs().getFirst()).contains("Program::load_method"));
      for (int run = 0; run < RUNS; run++) {
        assertSame(dump.runs().get(run + 1), profile.runs().get(run), source);
      }
    }
  }

  private static List<String> names(RunData run) {
    return run.events().stream().map(e -> ((ProfileEvent) e).name()).toList();
  }

  private static void assertSame(RunData dumped, Profile.Run run, ProgramMethod method) {
    assertEquals(EtDump.RUN, dumped.name());
    Set<Object> known = new HashSet<>();
    long parts = 0;
    for (EtDump.Event any : dumped.events()) {
      ProfileEvent event = (ProfileEvent) any;
      Place place = event.place();
      assertTrue(known.add(List.of(event.name(), place)), () -> "twice: " + event);
      if (event.name().equals("Method::execute")) {
        assertEquals(run.nanos(), event.ticks());
        assertEquals(run.startNanos(), event.start());
      } else if (!place.isDelegated() && !event.name().equals("OPERATOR_CALL")) {
        parts += event.ticks();
      }
      if (event.name().startsWith("native_call_") && place.instruction() >= 0) {
        Instruction.KernelCall call =
            (Instruction.KernelCall) method.chains().getFirst().get(place.instruction());
        String name = method.operators().get(call.operator()).fullName();
        assertEquals("native_call_" + name.substring(name.indexOf("::") + 2), event.name());
      } else if (event.name().equals("DELEGATE_CALL")) {
        Instruction called = method.chains().getFirst().get(place.instruction());
        assertTrue(called instanceof Instruction.DelegateCall, called::toString);
      }
    }
    assertEquals(run.events().stream().mapToLong(Profile.Event::nanos).sum(), parts);
  }

  /** A delegate's own operators are events at the instructions that they work for. */
  @ParameterizedTest
  @CsvSource({"digits-portable", "digits-xnn"})
  void partsOfADelegateAreAtTheirInstructions(String model) throws IOException {
    LoadOptions options = LoadOptions.defaults().withDelegates(List.of("xnnpack"));
    try (Program program = Program.open(Path.of("../models", model, "model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", options.withProfiling(true));
        Execution execution = method.newExecution()) {
      execution.run();
      execution.startProfile(1);
      execution.run();
      Profile profile = execution.profile();
      List<Profile.Part> parts =
          profile.runs().getFirst().events().stream().flatMap(e -> e.parts().stream()).toList();
      assertFalse(parts.isEmpty());
      assertTrue(parts.stream().noneMatch(p -> p.operations().isEmpty()), parts::toString);
      Map<Integer, Long> expected = new TreeMap<>();
      for (Profile.Part part : parts) {
        Profile.Operation leader =
            part.operations().stream()
                .max(Comparator.comparingLong(Profile.Operation::arithmetic))
                .orElseThrow();
        expected.merge(leader.origin().instruction(), part.nanos(), Long::sum);
      }
      Map<Integer, Long> dumped = new TreeMap<>();
      ProfileDump.of(profile, program.method("forward")).runs().getLast().events().stream()
          .map(e -> (ProfileEvent) e)
          .filter(e -> e.place().isDelegated() && e.name().contains("("))
          .forEach(e -> dumped.merge(e.place().instruction(), e.ticks(), Long::sum));
      assertEquals(expected, dumped);
    }
  }

  /**
   * Where several were fused, or a delegate took them, each operator of the file is still there.
   */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void everyInstructionHasAnEvent(boolean javaOnly) throws IOException {
    LoadOptions options = javaOnly ? LoadOptions.javaOnly() : LoadOptions.defaults();
    try (Program program = Program.open(Path.of("../models/digits-portable/model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", options);
        Execution execution = method.newExecution()) {
      execution.startProfile(1);
      execution.run();
      Profile profile = execution.profile();
      assertFalse(
          profile.steps().stream().allMatch(s -> s.operations().size() == 1), "nothing is fused");
      Set<Integer> computed = new HashSet<>();
      profile
          .steps()
          .forEach(s -> s.operations().forEach(o -> computed.add(o.origin().instruction())));
      Set<Integer> named = new HashSet<>();
      ProfileDump.of(profile, program.method("forward")).runs().getLast().events().stream()
          .map(e -> ((ProfileEvent) e).place())
          .filter(p -> p.chain() == 0)
          .forEach(p -> named.add(p.instruction()));
      assertEquals(computed, named);
    }
  }
}
