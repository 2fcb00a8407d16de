package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class ExternalWeightsTest {
  /** Weights that are trained lie in planned memory: without their file they are not zeros. */
  @Test
  void weightsThatAreElsewhereAreAnError() throws IOException {
    try (InputStream in =
            getClass().getResourceAsStream("/external/xor-training-external-weights.pte");
        Program program = Program.of(Objects.requireNonNull(in).readAllBytes())) {
      var e =
          assertThrows(
              BatonException.class,
              () -> ModelMethod.load(program, "forward", LoadOptions.javaOnly()));
      assertTrue(e.getMessage().contains(".ptd"), e.getMessage());
    }
  }
}
