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

  @Test
  void whatLivesTogetherDoesNotOverlap() {
    Random random = new Random(3);
    for (int round = 0; round < 100; round++) {
      List<MemoryLayout.Buffer> buffers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        int first = random.nextInt(50);
        buffers.add(
            new MemoryLayout.Buffer(
                64L * (1 + random.nextInt(50)), first, first + random.nextInt(10)));
      }
      long end = MemoryLayout.assign(buffers, 64);
      for (MemoryLayout.Buffer a : buffers) {
        assertEquals(0, a.offset % 64);
        assertTrue(a.offset >= 0 && a.offset + a.bytes <= end);
        for (MemoryLayout.Buffer b : buffers) {
          boolean together = a != b && a.first <= b.last && b.first <= a.last;
          assertTrue(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
        }
      }
    }
  }
}
