package dev.baton.qnn.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ContextCacheTest {
  private static final byte[] BINARY = {1, 2, 3, 4, 5};

  @TempDir Path folder;

  private static byte[] key(String of) {
    return ContextCache.newDigest(of).digest();
  }

  @Test
  void whatWasWrittenIsRead() throws Exception {
    ContextCache cache = new ContextCache(folder.resolve("a/b"));
    assertEquals(Optional.empty(), cache.read(key("x")));
    cache.write(key("x"), BINARY);
    assertArrayEquals(BINARY, cache.read(key("x")).orElseThrow());
    assertEquals(Optional.empty(), cache.read(key("y")));
    cache.write(key("x"), new byte[] {9});
    assertArrayEquals(new byte[] {9}, cache.read(key("x")).orElseThrow());
    try (Stream<Path> files = Files.list(folder.resolve("a/b"))) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void whatIsDamagedIsNotRead() throws Exception {
    ContextCache cache = new ContextCache(folder);
    cache.write(key("x"), BINARY);
    Path file;
    try (Stream<Path> files = Files.list(folder)) {
      file = files.findFirst().orElseThrow();
    }
    byte[] sound = Files.readAllBytes(file);
    for (int i = 0; i < sound.length; i++) {
      byte[] changed = sound.clone();
      changed[i] ^= 1;
      Files.write(file, changed);
      assertFalse(cache.read(key("x")).isPresent(), "byte " + i);
      Files.write(file, Arrays.copyOf(sound, i));
      assertFalse(cache.read(key("x")).isPresent(), "length " + i);
    }
  }
}
