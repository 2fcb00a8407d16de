package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs with a few wrong bytes, all the way: opened, loaded and run, they give an answer or one
 * {@link BatonException}, whoever runs them.
 */
@ExtendWith(NoLeaks.class)
class DamagedModelsTest {
  private static final int FILES = 1_500;
  private static final int MOST_CHANGES = 4;

  /** Tables come first in a file; most changes are there, where they matter. */
  private static final int TABLES = 20_000;

  private static final List<String> MODELS =
      List.of(
          "cond-portable",
          "digits-batch-portable",
          "digits-xnn",
          "kv-cache-xnn",
          "lstm-portable",
          "map-portable",
          "misc-portable",
          "mlp-dyn-xnn",
          "rope-portable",
          "textcnn-portable",
          "unet-xnn");

  @ParameterizedTest
  @ValueSource(strings = {"java", "all delegates"})
  void anAnswerOrOneException(String runner) throws IOException {
    LoadOptions options =
        (runner.equals("java")
                ? LoadOptions.javaOnly()
                : LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK))
            .withThreads(1)
            .withMaxMemoryBytes(1 << 26)
            .withMaxInstructions(20_000);
    List<byte[]> sound = new ArrayList<>();
    for (String model : MODELS) {
      sound.add(
          Files.readAllBytes(Path.of(System.getProperty("baton.models"), model, "model.pte")));
    }
    Random random = new Random(11);
    int answered = 0;
    for (int file = 0; file < FILES; file++) {
      byte[] bytes = sound.get(random.nextInt(sound.size())).clone();
      for (int change = random.nextInt(MOST_CHANGES); change >= 0; change--) {
        int at =
            random.nextInt(random.nextInt(4) == 0 ? bytes.length : Math.min(bytes.length, TABLES));
        bytes[at] =
            (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1 << random.nextInt(8));
      }
      try {
        run(bytes, options);
        answered++;
      } catch (BatonException e) {
        assertTrue(e.getMessage().length() > 20, e::toString);
      } catch (Throwable e) {
        throw new AssertionError("file " + file + " of seed 11", e);
      }
    }
    assertTrue(answered > FILES / 20 && answered < FILES, "answered: " + answered);
  }

  private static void run(byte[] bytes, LoadOptions options) {
    try (Program program = Program.of(bytes);
        ModelMethod method =
            ModelMethod.load(program, program.methods().keySet().iterator().next(), options);
        Execution execution = method.newExecution()) {
      execution.run();
    }
  }
}
