package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ReadBudgetTest {
  private static final ReadBudget DEFAULTS = ReadBudget.defaults();

  @Test
  void eachBudgetIsKeptAndNamesItself() {
    // lstm-portable: 1750 values, 841 tensors, 625 instructions, 31232 bytes planned
    exact(
        DEFAULTS.withValues(1750),
        DEFAULTS.withValues(1749),
        "values allows 1749, the file needs 1750",
        "withValues");
    exact(
        DEFAULTS.withTensors(841),
        DEFAULTS.withTensors(840),
        "tensors allows 840, the file needs 841",
        "withTensors");
    exact(
        DEFAULTS.withInstructions(625),
        DEFAULTS.withInstructions(624),
        "instructions allows 624, the file needs 625",
        "withInstructions");
    exact(
        DEFAULTS.withPlannedBytes(31232),
        DEFAULTS.withPlannedBytes(31231),
        "plannedBytes allows 31231, the file needs 31232",
        "withPlannedBytes");
    exact(
        DEFAULTS.withSharing(1),
        DEFAULTS.withDecodedBytes(1000),
        "decodedBytes allows 1000",
        "withDecodedBytes");
  }

  private static void exact(ReadBudget enough, ReadBudget short1, String problem, String remedy) {
    MemorySegment file = MemorySegment.ofArray(Samples.program("lstm-portable"));
    Program.of(file, enough).close();
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.of(file, short1).close());
    assertTrue(e.problem().contains(problem), e::getMessage);
    assertTrue(String.valueOf(e.remedy()).contains("ReadBudget." + remedy), e::getMessage);
  }

  @Test
  void aSharedTableCannotMultiplyWork() {
    // 200 methods, each of which refers to the same 20,000 times the same list of 20,000 items.
    ProgramWriter w = new ProgramWriter();
    int list = w.doubleList(new double[20_000]);
    int[] values = new int[20_000];
    Arrays.fill(values, list);
    var method = w.method();
    method.values = values;
    int[] methods = new int[200];
    Arrays.fill(methods, method.write("forward"));
    byte[] bytes = w.plain(methods);

    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(e.problem().contains("(sharing)"), e::getMessage);
    assertTrue(allocated < 1 << 20, "allocated " + allocated);
    assertTimeoutPreemptively(
        Duration.ofSeconds(2),
        () -> assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close()));
  }

  @Test
  void theHeapThatDecodingTakesIsAFactorOfTheTables() {
    // The densest honest table: values of a few bytes each.
    ProgramWriter w = new ProgramWriter();
    var method = w.method();
    method.values = new int[50_000];
    for (int i = 0; i < method.values.length; i++) {
      method.values[i] = w.tensor(t -> {});
    }
    byte[] bytes = w.plain(method.write("forward"));
    Program.of(bytes).close();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Program.of(bytes).close();
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 12L * bytes.length, allocated + " for " + bytes.length);
  }

  @Test
  void aLengthCannotAllocateMoreThanTheFileHolds() {
    byte[] bytes = Samples.program("maxpool2d");
    // Every aligned word once as a huge length: whatever is read as a vector must be refused before
    // it is allocated.
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int at = 8; at < bytes.length - 4; at += 4) {
      byte[] huge = bytes.clone();
      huge[at + 3] = 0x0f;
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        Program.of(huge).close();
      } catch (ProgramFormatException e) {
        assertTrue(e.getMessage().length() < 1000);
      }
      assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 1 << 20, "at " + at);
    }
  }

  @Test
  void wrongBudgets() {
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withValues(-1));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withSharing(0));
    assertEquals(64L << 30, DEFAULTS.plannedBytes());
  }
}
