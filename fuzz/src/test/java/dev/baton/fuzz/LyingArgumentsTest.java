package dev.baton.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Calls of each operator whose arguments lie, the same each time. */
class LyingArgumentsTest {
  private static final int SEED = 1;
  private static final int CALLS_OF_AN_OPERATOR = 40;
  private static final int MOST_BYTES = 5 + 3 * 8;

  @Test
  void areRefusedOrAnswered() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int operator = 0; operator < HostileCall.operators(); operator++) {
      for (int call = 0; call < CALLS_OF_AN_OPERATOR; call++) {
        byte[] recipe = new byte[MOST_BYTES - 8 * random.nextInt(3)];
        random.nextBytes(recipe);
        ByteBuffer.wrap(recipe).order(ByteOrder.LITTLE_ENDIAN).putShort((short) operator);
        HostileCall.attempt(recipe);
      }
    }
  }
}
