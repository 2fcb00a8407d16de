package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Results of a model that are dequantized once in each run, long before that is compiled. */
class FewResultsTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int RUNS = 100;
  private static final int CLASSES = 1000;

  @Test
  void areNoVectorsOnTheHeap() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(CLASSES);
      MemorySegment to = arena.allocate(CLASSES * 4L, 64);
      Quantize.back(from.address(), to.address(), CLASSES, 0.1f, 3);
      THREADS.getCurrentThreadAllocatedBytes();
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < RUNS; i++) {
        Quantize.back(from.address(), to.address(), CLASSES, 0.1f, 3);
      }
      long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
      // A vector is some hundred bytes, and a run has dozens.
      assertTrue(bytes < 1000 * RUNS, bytes + " bytes in " + RUNS + " runs");
    }
  }
}
