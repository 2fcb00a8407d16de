package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Model;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Module;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Methods that were exported with {@code share_mutable_buffers}: one writes rows, one reads them.
 */
@ExtendWith(NoLeaks.class)
class SharedStateTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final Path SHARED = MODELS.resolve("shared-portable/model.pte");
  private static final Tensor X = Tensor.fromBlob(new float[] {1, 2, 3, 4}, 1, 4);

  private static long count(Execution reader) {
    reader.setInput(0, X);
    reader.run();
    return reader.output(1).toTensor().getDataAsLongArray()[0];
  }

  private static void write(Execution writer) {
    writer.setInput(0, X);
    writer.setInput(1, Tensor.fromBlob(new long[] {3}, 1));
    writer.run();
  }

  @Test
  void executionsShareWhatTheyAreToldToShare() throws IOException {
    try (Program program = Program.open(SHARED);
        Model model = Model.of(program, LoadOptions.javaOnly());
        ModelMethod read = model.load("read");
        ModelMethod write = model.load("write")) {
      assertTrue(read.sharesState() && write.sharesState());
      Execution alone = read.newExecution();
      Execution writer = write.newExecution();
      Execution reader = read.newExecution(writer);
      write(writer);
      write(writer);
      assertEquals(2, count(reader));
      assertEquals(0, count(alone));
      try (StateSnapshot two = reader.saveState()) {
        write(writer);
        assertEquals(3, count(reader));
        reader.restoreState(two);
        assertEquals(2, count(reader));
      }
      writer.close(); // the state is the reader's too
      assertEquals(2, count(reader));
      assertThrows(IllegalStateException.class, () -> write(writer));
      reader.reset();
      assertEquals(0, count(reader));
    }
  }

  @Test
  void nothingInCommonIsAnError() throws IOException {
    try (Program program = Program.open(SHARED);
        Model model = Model.of(program, LoadOptions.javaOnly());
        Model another = Model.of(program, LoadOptions.javaOnly());
        ModelMethod read = model.load("read");
        ModelMethod other = another.load("write");
        Execution reader = read.newExecution()) {
      assertThrows(IllegalArgumentException.class, () -> other.newExecution(reader));
    }
    Path plain = MODELS.resolve("kv-cache-portable/model.pte");
    try (Program program = Program.open(plain);
        Model model = Model.of(program, LoadOptions.javaOnly());
        ModelMethod method = model.load("forward");
        Execution first = method.newExecution()) {
      assertFalse(method.sharesState());
      var e = assertThrows(IllegalArgumentException.class, () -> method.newExecution(first));
      assertTrue(e.getMessage().contains("share_mutable_buffers"), e.getMessage());
    }
  }

  /** One thread runs, the other reads outputs all the time: that takes no turn of the state. */
  @Test
  void outputsAreReadWhileAnotherRuns() throws Exception {
    try (Program program = Program.open(SHARED);
        Model model = Model.of(program, LoadOptions.javaOnly());
        ModelMethod read = model.load("read");
        ModelMethod write = model.load("write");
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Execution writer = write.newExecution();
      Execution reader = read.newExecution(writer);
      reader.setInput(0, X);
      reader.run();
      AtomicBoolean done = new AtomicBoolean();
      Future<?> running =
          thread.submit(() -> {
            for (int i = 0; i < 2000; i++) {
              write(writer);
            }
            done.set(true);
          });
      while (!done.get() && !running.isDone()) {
        assertEquals(0, reader.output(1).toTensor().getDataAsLongArray()[0]);
        reader.input(0);
        reader.memoryBytes();
      }
      running.get();
      assertEquals(2000, count(reader));
    }
  }

  @Test
  void aModuleHasOneStateForItsMethods() {
    EValue position = EValue.from(Tensor.fromBlob(new long[] {3}, 1));
    Module closed;
    try (Module module = Module.load(SHARED, LoadOptions.javaOnly())) {
      closed = module;
      module.execute("write", EValue.from(X), position);
      float[] scores = module.execute("read", EValue.from(X))[0].toTensor().getDataAsFloatArray();
      assertTrue(scores[3] != 0);
      module.reset();
      assertArrayEquals(
          new float[8], module.execute("read", EValue.from(X))[0].toTensor().getDataAsFloatArray());
    }
    assertThrows(IllegalStateException.class, closed::reset);
  }
}
