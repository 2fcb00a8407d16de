package dev.baton.nativelib;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the headers of a shared library say, read without loading it. Immutable.
 *
 * @param format file format, never null
 * @param architectures what it was built for: one, or several for a universal Mach-O file; never
 *     null or empty
 * @param name the name it declares for itself (soname, install name); null when it declares none
 * @param needed libraries that must be there for it to load, as the file names them; never null
 * @param neededVersions symbol versions it needs (ELF), by library: {@code libc.so.6 ->
 *     [GLIBC_2.34]}; weak ones left out; never null
 * @param definedVersions symbol versions it offers (ELF), never null
 * @param runPaths folders it adds to the search for needed libraries, unexpanded; never null
 * @param missingSymbols those of the names asked for that it does not export; never null; empty
 *     where the format's exports are not read (PE)
 * @param size length of the file in bytes
 */
public record NativeImage(
    Format format,
    List<Architecture> architectures,
    @Nullable String name,
    List<String> needed,
    Map<String, List<String>> neededVersions,
    List<String> definedVersions,
    List<String> runPaths,
    Set<String> missingSymbols,
    long size) {

  private static final int ELF_MAGIC = 0x7F454C46;
  private static final int SHORTEST_MAGIC = 4;

  /** Formats of shared libraries. */
  public enum Format {
    ELF,
    MACH_O,
    /** Recognised with its architecture; its imports and exports are not read. */
    PE
  }

  public NativeImage {
    architectures = List.copyOf(architectures);
    needed = List.copyOf(needed);
    neededVersions = Map.copyOf(neededVersions);
    definedVersions = List.copyOf(definedVersions);
    runPaths = List.copyOf(runPaths);
    missingSymbols = Set.copyOf(missingSymbols);
  }

  /**
   * Reads the headers of a library.
   *
   * @param path the file, never null
   * @return what they say, never null
   * @throws NativeImageException if it is no library, truncated or malformed
   * @throws IOException if it cannot be read
   */
  public static NativeImage read(Path path) throws IOException {
    return read(path, List.of());
  }

  /**
   * Reads the headers of a library and looks for symbols among its exports.
   *
   * @param path the file, never null
   * @param symbols names as C has them, never null
   * @return what they say, never null
   * @throws NativeImageException if it is no library, truncated or malformed
   * @throws IOException if it cannot be read
   */
  public static NativeImage read(Path path, Collection<String> symbols) throws IOException {
    if (!Files.isRegularFile(path)) {
      if (Files.exists(path)) {
        throw NativeImageException.notALibrary("no regular file");
      }
      throw new NoSuchFileException(path.toString());
    }
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return read(file, symbols, HostPlatform.architectureOfJvm());
    } catch (InternalError e) { // the file shrank while it was mapped
      throw new IOException("The file " + path + " changed while it was read.", e);
    }
  }

  static NativeImage read(MemorySegment file, Collection<String> symbols, Architecture preferred)
      throws NativeImageException {
    try {
      if (file.byteSize() < SHORTEST_MAGIC) {
        throw NativeImageException.notALibrary("the file has " + file.byteSize() + " bytes");
      }
      if (file.byteSize() > Integer.MAX_VALUE) {
        throw NativeImageException.notALibrary("the file is larger than 2 GiB");
      }
      int magic = new ByteReader(file, ByteOrder.BIG_ENDIAN).i32(0);
      if (magic == ELF_MAGIC) {
        return ElfReader.read(file, symbols);
      }
      if (MachOReader.recognises(file, magic)) {
        return MachOReader.read(file, symbols, preferred);
      }
      if (PeReader.recognises(magic)) {
        return PeReader.read(file);
      }
      throw NativeImageException.notALibrary(
          "it starts with the bytes %08x, neither ELF, Mach-O nor PE".formatted(magic));
    } catch (IndexOutOfBoundsException e) {
      throw NativeImageException.malformed("an offset in its headers lies outside of the file");
    } catch (ArithmeticException e) {
      throw NativeImageException.malformed("a number in its headers is out of range");
    }
  }

  /**
   * The least version of glibc that it loads with, such as {@code 2.34}; empty where it needs none.
   */
  public Optional<String> glibcFloor() {
    return newest("GLIBC_", neededVersions.values().stream().flatMap(List::stream));
  }

  /**
   * The least symbol version of libstdc++ that it loads with, such as {@code 3.4.30}; empty where
   * it needs none.
   */
  public Optional<String> glibcxxFloor() {
    return newest("GLIBCXX_", neededVersions.values().stream().flatMap(List::stream));
  }

  /** The newest symbol version with a prefix that it defines, without the prefix. */
  Optional<String> newestDefined(String prefix) {
    return newest(prefix, definedVersions.stream());
  }

  private static Optional<String> newest(String prefix, Stream<String> versions) {
    return versions
        .filter(version -> version.startsWith(prefix))
        .map(version -> version.substring(prefix.length()))
        .filter(version -> version.matches("\\d{1,6}(\\.\\d{1,6}){0,3}"))
        .max(NativeImage::compareVersions);
  }

  private static int compareVersions(String a, String b) {
    return Comparator.<int[]>comparingInt(v -> v[0])
        .thenComparingInt(v -> v[1])
        .thenComparingInt(v -> v[2])
        .thenComparingInt(v -> v[3])
        .compare(numbers(a), numbers(b));
  }

  private static int[] numbers(String version) {
    int[] numbers = new int[4];
    String[] parts = version.split("\\.", -1);
    for (int i = 0; i < parts.length; i++) {
      numbers[i] = Integer.parseInt(parts[i]);
    }
    return numbers;
  }
}
