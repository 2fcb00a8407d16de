package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntegerGemmTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, false",
    "3, 5, 63, true",
    "2, 513, 4, false",
    "5, 1030, 130, true",
    "4, 7, 64, false",
    "3, 512, 65, true"
  })
  void productsAreExact(int m, int n, int k, boolean byColumns) {
    Random random = new Random(m + n + k);
    byte[] weights = new byte[m * k];
    random.nextBytes(weights);
    int[] zeroPoints = random.ints(m, -128, 128).toArray();
    int[] b = random.ints((long) k * n, -255, 256).toArray();
    int[] expected = new int[m * n];
    for (int i = 0; i < m; i++) {
      for (int p = 0; p < k; p++) {
        int a = weights[byColumns ? p * m + i : i * k + p] - zeroPoints[i];
        for (int j = 0; j < n; j++) {
          expected[i * n + j] += a * b[p * n + j];
        }
      }
    }
    int[] actual = new int[m * n];
    IntegerGemm gemm = new IntegerGemm(bytes -> {}, m, n, k);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stored = arena.allocateFrom(ValueLayout.JAVA_BYTE, weights);
      MemorySegment scratch = arena.allocate(gemm.scratchBytes(), 8);
      scratch.fill((byte) 0x5A);
      for (int run = 0; run < 2; run++) {
        gemm.run(
            new IntegerGemm.Weights(stored, 0, byColumns ? 1 : k, byColumns ? m : 1, zeroPoints),
            (panel, k0, kn, n0, nn) -> {
              for (int i = 0; i < kn; i++) {
                System.arraycopy(b, (k0 + i) * n + n0, panel[i], 0, nn);
              }
            },
            (values, row, n0, nn) -> System.arraycopy(values, 0, actual, row * n + n0, nn),
            scratch);
      }
    }
    assertArrayEquals(expected, actual);
  }
}
