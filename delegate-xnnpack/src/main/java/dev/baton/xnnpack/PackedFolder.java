package dev.baton.xnnpack;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.HostContext;
import dev.baton.delegate.OpenContext;
import dev.baton.xnnpack.ffi.ContentDigest;
import dev.baton.xnnpack.ffi.XnnLibrary;
import dev.baton.xnnpack.ffi.XnnPackedWeights;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The folder of packed weights, {@code CACHE/xnnpack/packed}: a {@link PackedFile} for each graph,
 * named by what it holds. Files appear by renaming and are never changed afterwards; they are
 * mapped and trusted, so the folder must be the user's alone. Processes may share it.
 */
final class PackedFolder {
  private static final long DEFAULT_LIMIT = 4L << 30;
  private static final Duration LEFTOVER_AGE = Duration.ofHours(1);
  private static final String SUFFIX = ".weights";

  private final Path path;
  private final long limit;
  private final long host;
  private final AtomicBoolean told = new AtomicBoolean();

  private PackedFolder(Path path, long limit, long host) {
    this.path = path;
    this.limit = limit;
    this.host = host;
  }

  /** The folder that the caller gives; null if there is none, or the CPU cannot be told. */
  static @Nullable PackedFolder of(OpenContext context) {
    Path cache = context.cacheDirectory().orElse(null);
    if (cache == null || "off".equals(context.options().get(XnnpackDelegate.PACKED_CACHE_OPTION))) {
      return null;
    }
    Long cpu = Cpu.DIGEST;
    if (cpu == null) {
      return null;
    }
    String option = context.options().get(XnnpackDelegate.PACKED_CACHE_BYTES_OPTION);
    long limit = option == null ? DEFAULT_LIMIT : Long.parseLong(option); // the host has checked it
    return new PackedFolder(cache.resolve("packed"), limit, cpu);
  }

  /** The file of a graph's weights; null if there are none, or the library cannot be read. */
  @Nullable PackedFile file(XnnLibrary library, XnnPackedWeights weights, CompileContext context) {
    if (weights.unpackedBytes() < PackedFile.LEAST_BYTES) {
      return null;
    }
    ContentDigest digest = new ContentDigest();
    Long bytes = library.digest();
    if (bytes == null) {
      return null;
    }
    digest.update(bytes + " " + host);
    weights.digest(digest, context.threads(), data -> KnownDigests.of(data, context));
    long id = digest.value();
    return new PackedFile(this, path.resolve(HexFormat.of().toHexDigits(id) + SUFFIX), id, weights);
  }

  /** Tells the user once what is wrong. */
  void tell(HostContext context, String problem) {
    if (told.compareAndSet(false, true)) {
      context.warn(problem);
    }
  }

  /**
   * @throws IOException if others could put files there
   */
  void requirePrivate() throws IOException {
    if (!Files.getFileStore(path).supportsFileAttributeView("posix")) {
      return;
    }
    Set<PosixFilePermission> permissions =
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)
        || !Files.getOwner(path, LinkOption.NOFOLLOW_LINKS)
            .equals(Files.getOwner(Path.of("/proc/self")))) {
      throw new IOException("other users may write to the folder or own it");
    }
  }

  /** A new file for {@link PackedFile} to write and rename. */
  Path newPart() throws IOException {
    if (!Files.isDirectory(path)) {
      boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
      if (posix) {
        Files.createDirectories(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectories(path);
      }
    }
    requirePrivate();
    return Files.createTempFile(path, "pack", ".part");
  }

  /** Removes what is beyond the limit, oldest first, and what killed processes left. */
  void prune(Path keep) {
    record Kept(Path path, long bytes, FileTime used) {}
    List<Kept> files = new ArrayList<>();
    Instant leftover = Instant.now().minus(LEFTOVER_AGE);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(path)) {
      for (Path file : all) {
        FileTime used = Files.getLastModifiedTime(file);
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(SUFFIX)) {
          files.add(new Kept(file, Files.size(file), used));
        } else if (name.endsWith(".part") && used.toInstant().isBefore(leftover)) {
          Files.deleteIfExists(file);
        }
      }
      long total = files.stream().mapToLong(Kept::bytes).sum();
      files.sort(Comparator.comparing(Kept::used));
      for (Kept file : files) {
        if (total > limit && !file.path.equals(keep)) {
          Files.deleteIfExists(file.path);
          total -= file.bytes;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // another process is at it
    }
  }

  /** The CPU as Linux describes it. XNNPACK packs for what the CPU can do. */
  private static final class Cpu {
    private static final Set<String> FACTS =
        Set.of(
            "vendor_id",
            "cpu family",
            "model",
            "model name",
            "stepping",
            "flags",
            "Features",
            "CPU implementer",
            "CPU variant",
            "CPU part",
            "CPU revision",
            "isa",
            "uarch");

    /** Null where it is not known. */
    static final @Nullable Long DIGEST = digest();

    private static @Nullable Long digest() {
      ContentDigest digest = new ContentDigest();
      digest.update(System.getProperty("os.name") + " " + System.getProperty("os.arch"));
      try {
        List<String> facts =
            Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> FACTS.contains(line.split(":", 2)[0].strip()))
                .distinct()
                .sorted()
                .toList();
        facts.forEach(digest::update);
        return facts.isEmpty() ? null : digest.value();
      } catch (NoSuchFileException e) {
        return null;
      } catch (IOException e) {
        return null;
      }
    }
  }
}
