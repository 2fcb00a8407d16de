package dev.baton.kernels.vector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The caches that a core has, which say how large the blocks of products and the parts of steps
 * are. Results do not depend on them.
 *
 * <p>They are the machine's, where it tells (Linux), or what the system property {@code
 * baton.vector.caches} says: two numbers of KiB, such as {@code 32,1024}.
 *
 * @param l1 bytes of the first data cache
 * @param l2 bytes of the second cache
 */
record Caches(long l1, long l2) {
  static final String PROPERTY = "baton.vector.caches";

  private static final Caches USUAL = new Caches(32 << 10, 512 << 10);
  private static final Path LINUX = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /** Those of this process. */
  static final Caches HOST =
      named(System.getProperty(PROPERTY)).orElseGet(() -> read(LINUX).orElse(USUAL));

  /** Elements of a part of an elementwise step: half of the first cache. */
  int part() {
    return Math.clamp(l1 / 8, 1 << 8, 1 << 14);
  }

  /**
   * Depth of a block of a product: four rows of the left side take an eighth of the first cache.
   */
  int depth() {
    return Math.clamp(l1 / 128, 1 << 5, 1 << 9);
  }

  /** Bytes of a block of a product's right side: three eighths of the second cache. */
  long block() {
    return Math.clamp(l2 * 3 / 8, 1 << 12, 1 << 20);
  }

  /** Such as {@code L1 32 KiB, L2 1024 KiB}. */
  String description() {
    return "L1 " + (l1 >> 10) + " KiB, L2 " + (l2 >> 10) + " KiB";
  }

  /** What the system property says wrongly. */
  static Optional<String> problem() {
    String value = System.getProperty(PROPERTY);
    return value == null || named(value).isPresent()
        ? Optional.empty()
        : Optional.of(
            PROPERTY + " is '" + value + "'. Give the sizes of two caches in KiB, such as 32,1024");
  }

  /** Empty if the value is null, or names no two sizes. */
  static Optional<Caches> named(@Nullable String value) {
    if (value == null || !value.matches("[1-9][0-9]{0,6},[1-9][0-9]{0,6}")) {
      return Optional.empty();
    }
    int comma = value.indexOf(',');
    return Optional.of(
        new Caches(
            Long.parseLong(value.substring(0, comma)) << 10,
            Long.parseLong(value.substring(comma + 1)) << 10));
  }

  /** Reads a folder of Linux, with a folder for each cache; empty if it does not tell. */
  static Optional<Caches> read(Path folder) {
    long l1 = 0;
    long l2 = 0;
    try {
      for (int i = 0; Files.isDirectory(folder.resolve("index" + i)); i++) {
        Path cache = folder.resolve("index" + i);
        if (line(cache, "type").equals("Instruction")) {
          continue;
        }
        switch (line(cache, "level")) {
          case "1" -> l1 = bytes(line(cache, "size"));
          case "2" -> l2 = bytes(line(cache, "size"));
          default -> {}
        }
      }
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
    return l1 > 0 && l2 > 0 ? Optional.of(new Caches(l1, l2)) : Optional.empty();
  }

  private static String line(Path cache, String file) throws IOException {
    return Files.readString(cache.resolve(file)).strip();
  }

  /** Of a number with K or M behind it. */
  private static long bytes(String size) {
    long number = Long.parseLong(size.replaceAll("[KM]$", ""));
    return size.endsWith("M") ? number << 20 : size.endsWith("K") ? number << 10 : number;
  }
}
