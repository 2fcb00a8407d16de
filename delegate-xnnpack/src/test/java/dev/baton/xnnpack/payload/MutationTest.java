package dev.baton.xnnpack.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged payloads give a graph or one exception. */
class MutationTest {
  private static final int[] AWKWARD = {
    0, 1, -1, 2, 4, 7, 0x7fffffff, 0x80000000, 0xffff, 0x10000, 0x7ffffffc, -4, 64, 255
  };

  @ParameterizedTest
  @CsvSource({
    "digits-xnn, 4000",
    "digits-xnn8, 4000",
    "mlp-dyn-xnn8d-0, 4000",
    "lstm-xnn-21, 3000",
    "mobilenet_v2-narrow-xnn8, 500"
  })
  void changedBytes(String name, int count) {
    TestPayload sample = TestPayload.sample(name);
    byte[] whole = TestPayload.resource(name);
    int lifted = 0;
    for (int seed = 0; seed < count; seed++) {
      Random random = new Random(seed);
      byte[] content = whole.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        mutate(content, random);
      }
      lifted += lift(sample, content, name + ", seed " + seed) ? 1 : 0;
    }
    assertTrue(lifted > 0, "no mutation was harmless");
    assertTrue(lifted < count, "every mutation was harmless");
  }

  private static void mutate(byte[] content, Random random) {
    int at = random.nextInt(content.length);
    switch (random.nextInt(3)) {
      case 0 -> content[at] = (byte) random.nextInt();
      case 1 -> content[at] ^= (byte) (1 << random.nextInt(8));
      default -> {
        int place = Math.min(at & ~3, content.length - 4);
        ByteBuffer.wrap(content)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(place, AWKWARD[random.nextInt(AWKWARD.length)]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"digits-xnn8", "lstm-xnn-0"})
  void cutShort(String name) {
    TestPayload sample = TestPayload.sample(name);
    byte[] whole = TestPayload.resource(name);
    for (int length = 0; length < whole.length; length++) {
      lift(sample, java.util.Arrays.copyOf(whole, length), name + ", " + length + " bytes");
    }
  }

  /** True if it was lifted. */
  private static boolean lift(TestPayload sample, byte[] content, String what) {
    try {
      TestPayload payload = TestPayload.of(content);
      payload.named().putAll(sample.named());
      payload.lift(sample.builder(false));
      return true;
    } catch (DelegateException e) {
      assertTrue(
          e.kind() == Kind.BAD_PAYLOAD || e.kind() == Kind.UNSUPPORTED, () -> what + ": " + e);
      assertTrue(!e.remedy().isEmpty() && e.getMessage() != null, () -> what + ": " + e);
      return false;
    } catch (RuntimeException | AssertionError | StackOverflowError e) {
      return fail(what, e);
    }
  }

  @Test
  void sharedTablesCostNoMoreThanTheirBytes() {
    int nodes = 400_000;
    ByteBuffer content = ByteBuffer.allocate(64 + 4 * nodes + 64).order(ByteOrder.LITTLE_ENDIAN);
    int root = 40;
    int vector = 48;
    int node = vector + 4 + 4 * nodes;
    content.putInt(0, root).put(4, "XN01".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    content.putShort(12, (short) 8).putShort(14, (short) 8).putShort(18, (short) 4);
    content.putInt(root, root - 12).putInt(root + 4, vector - root - 4).putInt(vector, nodes);
    for (int i = 0; i < nodes; i++) {
      content.putInt(vector + 4 + 4 * i, node - vector - 4 - 4 * i);
    }
    content.putShort(20, (short) 4).putShort(22, (short) 48);
    content.putInt(node, node - 20);
    DelegateException e =
        assertThrows(
            DelegateException.class,
            () ->
                TestPayload.of(content.array())
                    .lift(new RecordingGraphBuilder(0, java.util.Map.of())));
    assertEquals(Kind.BAD_PAYLOAD, e.kind());
    assertTrue(e.getMessage().contains("so often"), e.getMessage());
  }
}
