package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Tensors of more elements than an int counts. */
class LongRunsTest {
  private static final int SIDE = 1 << 16;

  @Test
  void aBroadcastVisitsThemAll() {
    Shape shape = Shape.of(SIDE, SIDE);
    Broadcast walk = new Broadcast(shape, shape, Shape.of(1));
    long seen = 0;
    walk.start();
    do {
      assertEquals(seen, walk.out());
      assertEquals(seen, walk.at(0));
      seen += walk.run();
    } while (walk.next());
    assertEquals(shape.numel(), seen);
  }

  @Test
  void aStridedCopyBegins() {
    MemorySegment few = MemorySegment.ofArray(new byte[16]);
    Layout layout = Layout.of(Shape.of(SIDE, SIDE));
    StridedCopy copy = new StridedCopy(few, layout, few, layout, 1);
    assertThrows(IndexOutOfBoundsException.class, copy::run); // not: there is nothing to copy
  }
}
