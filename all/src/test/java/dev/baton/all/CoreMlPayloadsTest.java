package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadBudget;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Core ML payloads that are damaged, or hold what nobody but Apple's library opens. */
@ExtendWith(NoLeaks.class)
class CoreMlPayloadsTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));

  /** The bytes of a program, as text of one character a byte. */
  private static String program(String name) throws IOException {
    Path file = MODELS.resolve(name).resolve("model.pte");
    return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
  }

  /** Another text of the same length, wherever the first stands. */
  private static String replaced(String program, String text, String by) {
    assertEquals(text.length(), by.length(), by);
    assertTrue(program.contains(text), text);
    return program.replace(text, by);
  }

  /** The index at the end of a payload is written backwards. */
  private static String inIndex(String program, String text, String by) {
    return replaced(
        program,
        new StringBuilder(text).reverse().toString(),
        new StringBuilder(by).reverse().toString());
  }

  private static String refusal(String program) {
    byte[] bytes = program.getBytes(StandardCharsets.ISO_8859_1);
    try (Program open = Program.of(MemorySegment.ofArray(bytes), ReadBudget.defaults())) {
      BatonException e =
          assertThrows(
              BatonException.class,
              () -> ModelMethod.load(open, "forward", LoadOptions.javaOnly()).close());
      return String.valueOf(e.getMessage());
    }
  }

  private static void refuses(String program, String... parts) {
    String message = refusal(program);
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void unknownOperatorsAreNamedAllAtOnce() throws IOException {
    String program = replaced(program("small-coreml16"), "\u0004silu", "\u0004sulu");
    program = replaced(program, "\u0004gelu", "\u0004gulu");
    refuses(program, "operators that Baton does not know: gulu, sulu", "Core ML partition");
  }

  @Test
  void usesOfOperatorsThatCannotBeWrittenAreNamed() throws IOException {
    refuses(replaced(program("images-coreml16"), "replicate", "replikate"), "mode 'replikate'");
  }

  @Test
  void aCompiledModelNeedsAnotherFile() throws IOException {
    String program = program("small-coreml8");
    refuses(
        inIndex(program, "\"model.mlpackage\":", "\"model.mlmodelc\" :"),
        "compiled_model",
        "model type 'model'",
        "lowered for XNNPACK. ",
        "what Baton cannot open needs a Mac. Or export");
  }

  @Test
  void whatStaysClosedIsToldWithoutALoad() throws IOException {
    String sound = program("small-coreml8");
    assertEquals(List.of(), unopened(sound));
    String compiled = inIndex(sound, "\"model.mlpackage\":", "\"model.mlmodelc\" :");
    String why = unopened(compiled).getFirst();
    assertTrue(why.startsWith("CoreMLBackend: Core ML payload: its model is compiled"), why);
    String damaged = inIndex(sound, "\"kind\":1", "\"kind\":7");
    assertTrue(unopened(damaged).getFirst().contains("kind 7"), () -> "" + unopened(damaged));
    String foreign = replaced(sound, "CoreMLBackend", "CoreMXBackend");
    assertEquals(List.of("CoreMXBackend: only its own library opens it."), unopened(foreign));
  }

  private static List<String> unopened(String program) {
    byte[] bytes = program.getBytes(StandardCharsets.ISO_8859_1);
    try (Program open = Program.of(MemorySegment.ofArray(bytes), ReadBudget.defaults())) {
      return ModelMethod.unopenedPayloads(
          open, "forward", LoadOptions.defaults(), Delegates.load());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "coreml, compute-units, gpu, 'cpu_only, cpu_and_gpu, all, cpu_and_ne'",
    "coreml, compute-unit, all, 'library, compute-units'",
    "xnnpack, packed-cach, off, 'library, packed-cache, packed-cache-bytes'",
    "xnnpack, packed-cache, no, 'on, off'",
    "xnnpack, packed-cache-bytes, -1, number of bytes"
  })
  void anOptionThatIsAMistakeIsNoRefusalOfThePayload(
      String delegate, String key, String value, String known) throws IOException {
    byte[] bytes = program("small-coreml8").getBytes(StandardCharsets.ISO_8859_1);
    LoadOptions options = LoadOptions.defaults().withDelegateOption(delegate, key, value);
    try (Program open = Program.of(MemorySegment.ofArray(bytes), ReadBudget.defaults())) {
      BatonException e =
          assertThrows(
              BatonException.class, () -> ModelMethod.load(open, "forward", options).close());
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("'" + key + "'") && message.endsWith(known), message);
      assertFalse(message.contains("xport"), message);
    }
  }

  @Test
  void missingWeightsAreSaid() throws IOException {
    String program = program("small-coreml8");
    refuses(inIndex(program, "{\"weight.bin\":", "{\"weight.bix\":"), "weights/weight.bin");
  }

  @Test
  void anIndexThatLiesIsRefused() throws IOException {
    String program = program("small-coreml8");
    refuses(inIndex(program, "\"offset\":0,\"size\":", "\"offset\":9,\"sise\":"), "'size'");
    refuses(inIndex(program, "\"kind\":1", "\"kind\":7"), "kind 7");
    refuses(inIndex(program, "{\"nodes\":[", "{\"nodes\":{"), "JSON");
    refuses(inIndex(program, "\"metadata.json\":", "\"../adata.json\":"), "../adata.json");
  }

  @Test
  void aPayloadThatEndsTooEarlyIsRefused() throws IOException {
    String program = program("small-coreml8");
    refuses(inIndex(program, "{\"nodes\"", " \"nodes\""), "index");
  }

  @Test
  void aRecordOfAnotherTypeIsRefused() throws IOException {
    String program = program("unet-coreml");
    String record = "\u00ef\u00be\u00ad\u00de\u0002\0\0\0";
    refuses(replaced(program, record, "\u00ef\u00be\u00ad\u00de\u0001\0\0\0"), "expected 2 (fp32)");
  }

  @Test
  void aReferenceWithoutItsModelIsRefused() throws IOException {
    String program = program("shared-coreml");
    String key = program.substring(program.indexOf("coreml_executorch_")).substring(0, 30);
    refuses(
        replaced(program, "\"key\": \"" + key, "\"key\": \"X" + key.substring(1)),
        "is not in the program",
        ".ptd");
  }
}
