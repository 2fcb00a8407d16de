package dev.baton.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryLayoutTest {
  @Test
  void aChainNeedsTwoBuffers() {
    List<MemoryLayout.Buffer> chain = new ArrayList<>();
    for (int step = 0; step < 10; step++) {
      chain.add(new MemoryLayout.Buffer(1024, 64, step, step + 1));
    }
    assertEquals(2048, MemoryLayout.assign(chain));
  }

  private static MemoryLayout.Buffer buffer(long units, int first, int last) {
    return new MemoryLayout.Buffer(64 * units, 64, first, last);
  }

  /** The largest first leaves a gap here that nothing fits. */
  @Test
  void anotherOrderIsTakenWhereItIsBetter() {
    List<MemoryLayout.Buffer> buffers =
        List.of(
            buffer(4, 0, 0), buffer(2, 0, 1), buffer(3, 1, 2), buffer(3, 2, 3), buffer(2, 3, 3));
    assertEquals(64 * 6, MemoryLayout.assign(buffers));
  }

  @Test
  void smallBuffersLieAsCloseAsTheyMay() {
    List<MemoryLayout.Buffer> buffers =
        List.of(
            new MemoryLayout.Buffer(16, 16, 0, 3),
            new MemoryLayout.Buffer(16, 16, 0, 3),
            new MemoryLayout.Buffer(1024, 64, 1, 2));
    assertEquals(1056, MemoryLayout.assign(buffers));
  }

  @Test
  void whatLivesTogetherDoesNotOverlap() {
    Random random = new Random(3);
    for (int round = 0; round < 100; round++) {
      List<MemoryLayout.Buffer> buffers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        int first = random.nextInt(50);
        buffers.add(
            new MemoryLayout.Buffer(
                16L * (1 + random.nextInt(50)),
                random.nextBoolean() ? 64 : 16,
                first,
                first + random.nextInt(10)));
      }
      long end = MemoryLayout.assign(buffers);
      for (MemoryLayout.Buffer a : buffers) {
        assertEquals(0, a.offset % a.alignment);
        assertTrue(a.offset >= 0 && a.offset + a.bytes <= end);
        for (MemoryLayout.Buffer b : buffers) {
          boolean together = a != b && a.first <= b.last && b.first <= a.last;
          assertTrue(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
        }
      }
    }
  }
}
