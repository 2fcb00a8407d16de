package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CachesTest {
  @Test
  void linuxTellsThemInFolders(@TempDir Path folder) throws IOException {
    cache(folder, 0, "Data", 1, "48K");
    cache(folder, 1, "Instruction", 1, "32K");
    cache(folder, 2, "Unified", 2, "2M");
    cache(folder, 3, "Unified", 3, "33792K");
    assertEquals(Optional.of(new Caches(48 << 10, 2 << 20)), Caches.read(folder));
  }

  @Test
  void aMachineThatDoesNotTellHasTheUsualOnes(@TempDir Path folder) throws IOException {
    assertEquals(Optional.empty(), Caches.read(folder));
    cache(folder, 0, "Data", 1, "");
    assertEquals(Optional.empty(), Caches.read(folder));
    Files.delete(folder.resolve("index0/size"));
    assertEquals(Optional.empty(), Caches.read(folder));
  }

  private static void cache(Path folder, int index, String type, int level, String size)
      throws IOException {
    Path cache = Files.createDirectory(folder.resolve("index" + index));
    Files.writeString(cache.resolve("type"), type + "\n");
    Files.writeString(cache.resolve("level"), level + "\n");
    Files.writeString(cache.resolve("size"), size + "\n");
  }

  @Test
  void aPropertyNamesThem() {
    assertEquals(Optional.of(new Caches(16 << 10, 128 << 10)), Caches.named("16,128"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "32", "32,", "0,512", "32K,1M", "32,512,8192", "-1,2"})
  void aPropertyThatNamesNoneIsAProblem(String value) {
    assertEquals(Optional.empty(), Caches.named(value));
    String before = System.getProperty(Caches.PROPERTY);
    System.setProperty(Caches.PROPERTY, value);
    try {
      assertTrue(new VectorKernels().unavailable().orElseThrow().contains("such as 32,1024"));
    } finally {
      if (before == null) {
        System.clearProperty(Caches.PROPERTY);
      } else {
        System.setProperty(Caches.PROPERTY, before);
      }
    }
  }

  /** Sizes of blocks stay sensible whatever a machine says. */
  @ParameterizedTest
  @ValueSource(strings = {"1,1", "32,256", "48,2048", "192,16384", "9999999,9999999"})
  void blocksFollowThem(String value) {
    Caches caches = Caches.named(value).orElseThrow();
    assertTrue(caches.part() >= 256 && caches.part() <= 16_384);
    assertTrue(caches.depth() >= 32 && caches.depth() <= 512);
    assertTrue(caches.block() >= 4096 && caches.block() <= 1 << 20);
  }
}
