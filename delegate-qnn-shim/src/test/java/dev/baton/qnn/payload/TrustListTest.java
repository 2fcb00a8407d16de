package dev.baton.qnn.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrustListTest {
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void theDigestIsSha256() {
    MemorySegment abc = MemorySegment.ofArray("abc".getBytes(StandardCharsets.US_ASCII));
    assertEquals(ABC, TrustList.digest(abc));
  }

  @Test
  void whatIsListedPasses(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("trusted"), "# ours\n\n" + ABC.toUpperCase() + "  model.pte\n");
    TrustList list = TrustList.read(file.toString());
    list.require(ABC);
    DelegateException e =
        assertThrows(DelegateException.class, () -> list.require(ABC.replace('b', 'c')));
    assertEquals(DelegateException.Kind.UNSUPPORTED, e.kind());
    assertTrue(e.getMessage().contains(ABC.replace('b', 'c')));
    assertTrue(e.remedy().contains(file.toString()));
    TrustList.everything().require("anything");
  }

  @Test
  void aFileThatIsNoList(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("trusted"), "model.pte\n");
    for (String name : new String[] {file.toString(), folder + "/absent", "a\0b"}) {
      DelegateException e = assertThrows(DelegateException.class, () -> TrustList.read(name));
      assertEquals(DelegateException.Kind.UNAVAILABLE, e.kind());
    }
  }
}
