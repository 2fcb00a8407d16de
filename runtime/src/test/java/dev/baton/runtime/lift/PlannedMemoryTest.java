package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class PlannedMemoryTest {
  private final PlannedMemory memory = new PlannedMemory();

  @Test
  void theLastWriterAtAPlaceIsFound() {
    memory.write(1, 0, 64, 7);
    memory.write(1, 0, 32, 9);
    assertEquals(new PlannedMemory.Content(9, 32), memory.at(1, 0));
    assertNull(memory.at(1, 32));
    assertNull(memory.at(2, 0));
  }

  @Test
  void whatIsPartlyOverwrittenIsGone() {
    memory.write(1, 0, 64, 7);
    memory.write(1, 128, 64, 8);
    memory.write(1, 32, 112, 9);
    assertNull(memory.at(1, 0));
    assertNull(memory.at(1, 128));
    assertEquals(9, java.util.Objects.requireNonNull(memory.at(1, 32)).value());
  }

  @Test
  void neighboursStay() {
    memory.write(1, 0, 32, 7);
    memory.write(1, 64, 32, 8);
    memory.write(1, 32, 32, 9);
    assertEquals(7, java.util.Objects.requireNonNull(memory.at(1, 0)).value());
    assertEquals(8, java.util.Objects.requireNonNull(memory.at(1, 64)).value());
  }

  @Test
  void aMergeKeepsWhatBothAgreeOn() {
    memory.write(1, 0, 32, 7);
    memory.write(1, 64, 32, 8);
    PlannedMemory other = memory.copy();
    other.write(1, 64, 32, 9);
    memory.merge(other);
    assertEquals(7, java.util.Objects.requireNonNull(memory.at(1, 0)).value());
    assertNull(memory.at(1, 64));
  }
}
