package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NaN becomes the zero point, whatever its bits and wherever it is in a row. */
class QuantizeNaNTest {
  @ParameterizedTest
  @ValueSource(ints = {0x7FC00000, 0x7FC00001, 0x7F800001, 0x7FFFFFFF, 0xFFC00000, 0xFFC12345})
  void isZero(int bits) {
    int n = 2 * Lanes.COUNT + 1;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * n + Lanes.BYTES, 64);
      MemorySegment y = arena.allocate(n + Lanes.BYTES, 64);
      for (int i = 0; i < n; i++) {
        x.setAtIndex(ValueLayout.JAVA_INT, i, bits);
      }
      Quantize.run(x.address(), y.address(), n, 10, 3, -128, 127);
      for (int i = 0; i < n; i++) {
        assertEquals(3, y.get(ValueLayout.JAVA_BYTE, i), "element " + i);
      }
    }
  }
}
