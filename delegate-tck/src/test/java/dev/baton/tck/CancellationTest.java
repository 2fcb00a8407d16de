package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.program.Program;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class CancellationTest {
  private static void load(LoadOptions options) {
    Delegates delegates = Delegates.of(List.of(new PureJavaDelegate()), List.of());
    try (Program program = Program.of(Sample.twoParts().pte());
        ModelMethod method = ModelMethod.load(program, "forward", options, delegates)) {
      assertEquals("forward", method.name());
    }
  }

  @Test
  void aCancelledLoadEndsWithNothingHeld() {
    var e =
        assertThrows(
            BatonException.class, () -> load(LoadOptions.defaults().withCancellation(() -> true)));
    assertTrue(e.getMessage().contains("cancelled"), e.getMessage());
    assertEquals(0, NativeMemory.liveBytes());
  }

  @Test
  void aLoadPastItsDeadlineEnds() {
    var e =
        assertThrows(
            BatonException.class,
            () -> load(LoadOptions.defaults().withDeadline(Duration.ofNanos(1))));
    assertTrue(e.getMessage().contains("deadline"), e.getMessage());
  }

  @Test
  void aLoadInTimeIsNotDisturbed() {
    load(LoadOptions.defaults().withDeadline(Duration.ofMinutes(10)).withCancellation(() -> false));
  }
}
