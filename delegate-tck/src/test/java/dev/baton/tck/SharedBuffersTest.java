package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Model;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.program.Program;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which buffers methods of a program share, and what is in them at first. */
@ExtendWith(NoLeaks.class)
final class SharedBuffersTest {
  private static final int MEMORY = 4096;

  /** A buffer as a method sees it. */
  private record View(long place, float @Nullable [] first, int... sizes) {}

  /** {@code buffer = buffer + x}. */
  private static void adds(ProgramBuilder.Method m, View view, long memory) {
    m.sharedMemory(memory);
    Slot x = m.input(DType.FLOAT, view.sizes());
    Slot buffer = m.sharedState(view.place(), view.first(), view.sizes());
    Slot next = m.tensor(DType.FLOAT, view.sizes());
    m.kernel("aten::add.out", buffer, x, m.integer(1), next);
    m.kernelGiving("aten::copy_", buffer, buffer, next, m.bool(false));
    m.output(next);
  }

  /** {@code out = buffer · 1}. */
  private static void reads(ProgramBuilder.Method m, View view, long memory) {
    m.sharedMemory(memory);
    Slot buffer = m.sharedState(view.place(), view.first(), view.sizes());
    Slot out = m.tensor(DType.FLOAT, view.sizes());
    m.kernel("aten::mul.Scalar_out", buffer, m.real(1), out);
    m.output(out);
  }

  private record Opened(Program program, Model model) implements AutoCloseable {
    static Opened of(byte[] file, LoadOptions options) {
      Program program = Program.of(file);
      return new Opened(program, Model.of(program, options, Delegates.of(List.of(), List.of())));
    }

    ModelMethod load(String method) {
      return model.load(method);
    }

    @Override
    public void close() {
      model.close();
      program.close();
    }
  }

  private static Opened model(View adds, View reads, long readsMemory) {
    byte[] file =
        new ProgramBuilder()
            .method("add", m -> adds(m, adds, MEMORY))
            .method("read", m -> reads(m, reads, readsMemory))
            .toBytes();
    return Opened.of(file, LoadOptions.javaOnly());
  }

  private static Opened model(View adds, View reads) {
    return model(adds, reads, MEMORY);
  }

  private static float[] read(Execution reader) {
    reader.run();
    return Loading.output(reader);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFirstContentIsThatOfTheMethodThatHasIt(boolean readerFirst) {
    View with = new View(64, new float[] {1, 2, 3, 4}, 4);
    View without = new View(64, null, 4);
    for (View reads : List.of(with, without)) {
      try (Opened model = model(reads == with ? without : with, reads);
          ModelMethod add = model.load("add");
          ModelMethod read = model.load("read")) {
        Execution first = readerFirst ? read.newExecution() : add.newExecution();
        Execution second = readerFirst ? add.newExecution(first) : read.newExecution(first);
        Execution reader = readerFirst ? first : second;
        assertArrayEquals(new float[] {1, 2, 3, 4}, read(reader));
        assertArrayEquals(
            new float[] {2, 3, 4, 5}, Loading.run(readerFirst ? second : first, 1, 1, 1, 1));
        assertArrayEquals(new float[] {2, 3, 4, 5}, read(reader));
        first.reset();
        assertArrayEquals(new float[] {1, 2, 3, 4}, read(reader));
        second.reset();
        assertArrayEquals(new float[] {1, 2, 3, 4}, read(reader));
      }
    }
  }

  @Test
  void aViewOfABufferIsTheBuffer() {
    try (Opened model = model(new View(0, null, 4), new View(0, null, 2, 2));
        ModelMethod add = model.load("add");
        ModelMethod read = model.load("read")) {
      Execution adder = add.newExecution();
      Execution reader = read.newExecution(List.of(adder));
      Loading.run(adder, 1, 2, 3, 4);
      assertArrayEquals(new float[] {1, 2, 3, 4}, read(reader));
    }
  }

  private static void assertNothingIsShared(Opened model) {
    try (ModelMethod add = model.load("add")) {
      assertFalse(add.sharesState());
      float[] first = Loading.run(add.newExecution(), 0, 0);
      assertEquals(first[0] + 2, Loading.run(add.newExecution(), 2, 2)[0]);
    }
  }

  @Test
  void memoryOfAnotherKindIsNotShared() {
    View two = new View(0, null, 2);
    List<Opened> models =
        List.of(
            model(two, new View(0, null, 4)),
            model(two, new View(4, null, 2)),
            model(new View(0, new float[] {1, 2}, 2), new View(0, new float[] {1, 3}, 2)),
            model(two, two, 2 * MEMORY));
    for (Opened model : models) {
      try (model) {
        assertNothingIsShared(model);
      }
    }
  }

  @Test
  void methodsWithBuffersOfTheirOwnHaveNothingInCommon() {
    try (Opened model = model(new View(0, null, 4), new View(64, null, 4));
        ModelMethod add = model.load("add");
        ModelMethod read = model.load("read")) {
      Execution adder = add.newExecution();
      assertThrows(IllegalArgumentException.class, () -> read.newExecution(adder));
      assertArrayEquals(new float[4], read(read.newExecution(List.of(adder))));
    }
  }

  @Test
  void sharedStateCountsAgainstTheBound() {
    View large = new View(0, null, 1 << 18); // a mebibyte
    LoadOptions options = LoadOptions.javaOnly().withMaxMemoryBytes(3 << 20);
    View part = new View(1 << 20, null, 1 << 18);
    byte[] file =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  m.sharedMemory(4 << 20);
                  for (int i = 0; i < 4; i++) {
                    Slot buffer = m.sharedState((long) i << 20, null, large.sizes());
                    Slot next = m.tensor(DType.FLOAT, large.sizes());
                    m.kernel("aten::mul.Scalar_out", buffer, m.real(2), next);
                    m.kernelGiving("aten::copy_", buffer, buffer, next, m.bool(false));
                  }
                })
            .method("read", m -> reads(m, part, 4 << 20))
            .toBytes();
    try (Opened model = Opened.of(file, options);
        ModelMethod read = model.load("read");
        ModelMethod forward = model.load("forward")) {
      Execution reader = read.newExecution();
      long alone = reader.memoryBytes();
      assertTrue(alone >= 2 << 20, "output and state: " + alone);
      BatonException e = assertThrows(BatonException.class, forward::newExecution);
      assertTrue(e.getMessage().contains("withMaxMemoryBytes"), e.getMessage());
      assertThrows(BatonException.class, () -> forward.newExecution(reader));
      assertArrayEquals(new float[1 << 18], read(reader));
    }
  }

  @Test
  void aSharedSnapshotChangesTheStateOfAll() {
    View view = new View(0, null, 2);
    try (Opened model = model(view, view);
        ModelMethod add = model.load("add");
        ModelMethod read = model.load("read")) {
      Execution adder = add.newExecution();
      Execution reader = read.newExecution(adder);
      try (StateSnapshot before = adder.saveState()) {
        Loading.run(adder, 1, 2);
        adder.restoreState(before);
        assertArrayEquals(new float[2], read(reader));
      }
    }
  }

  @Test
  void aClosedExecutionSharesNothing() {
    View view = new View(0, null, 2);
    try (Opened model = model(view, view);
        ModelMethod add = model.load("add");
        ModelMethod read = model.load("read")) {
      Execution adder = add.newExecution();
      Execution reader = read.newExecution(adder);
      adder.close();
      assertThrows(IllegalStateException.class, () -> read.newExecution(adder));
      assertArrayEquals(new float[2], read(reader));
    }
  }
}
