package dev.baton.qnn.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.delegate.DelegateException;
import dev.baton.qnn.Cases;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CompileSpecTest {
  private static byte[] exported() {
    return Cases.payload("smallcnn").specs().get(CompileSpec.KEY);
  }

  @Test
  void whatTheExporterWrote() throws DelegateException {
    CompileSpec spec = CompileSpec.of(exported());
    assertEquals(CompileSpec.Backend.HTP, spec.backend());
    assertEquals(57, spec.socModel()); // SM8650
  }

  @Test
  void none() throws DelegateException {
    assertEquals(new CompileSpec(0, CompileSpec.Backend.UNDEFINED), CompileSpec.of(null));
    assertEquals(new CompileSpec(0, CompileSpec.Backend.UNDEFINED), CompileSpec.of(new byte[0]));
  }

  @Test
  void damagedSpecsAreRefusedOrRead() {
    byte[] sound = exported();
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes =
          Arrays.copyOf(sound, i % 2 == 0 ? sound.length : random.nextInt(sound.length) + 1);
      bytes[random.nextInt(Math.min(64, bytes.length))] ^= (byte) (1 << random.nextInt(8));
      try {
        CompileSpec.of(bytes);
      } catch (DelegateException e) {
        assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind());
      }
    }
    DelegateException cut =
        assertThrows(DelegateException.class, () -> CompileSpec.of(Arrays.copyOf(sound, 5)));
    assertEquals(DelegateException.Kind.BAD_PAYLOAD, cut.kind());
  }
}
