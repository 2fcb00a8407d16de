package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Model;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Methods that share the delegates of their model, closed in any order. */
@ExtendWith(NoLeaks.class)
final class ModelTest {
  private static final LoadOptions OPTIONS =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);

  private final Sample sample = Sample.twoParts();
  private final FaultInjectingDelegate delegate =
      FaultInjectingDelegate.of(Faults.none().named("d").claiming(Sample.ends()));
  private final Delegates delegates = Delegates.of(List.of(delegate), List.of());

  private void assertRuns(ModelMethod method) {
    try (Execution execution = method.newExecution()) {
      float[] x = Sample.input(3);
      assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
    }
  }

  @Test
  void twoMethodsShareOneSessionThatTheLastOneCloses() {
    Program program = Program.of(sample.pte());
    Model model = Model.of(program, OPTIONS, delegates);
    assertEquals(0, delegate.journal().count(Moment.OPEN));
    ModelMethod first = model.load("forward");
    ModelMethod second = model.load("forward");
    assertEquals(1, delegate.journal().count(Moment.OPEN));
    program.close();
    model.close();
    model.close();
    assertRuns(first);
    first.close();
    first.close();
    assertRuns(second);
    second.close();
    delegate.journal().assertAllClosed();
    assertThrows(IllegalStateException.class, () -> model.load("forward"));
  }

  @Test
  void aModelOutlivesItsMethods() {
    try (Program program = Program.of(sample.pte());
        Model model = Model.of(program, OPTIONS, delegates)) {
      for (int i = 0; i < 3; i++) {
        try (ModelMethod method = model.load("forward")) {
          assertRuns(method);
        }
      }
      assertThrows(IllegalArgumentException.class, () -> model.load("absent"));
      assertEquals(1, delegate.journal().count(Moment.OPEN));
    }
    delegate.journal().assertAllClosed();
  }
}
