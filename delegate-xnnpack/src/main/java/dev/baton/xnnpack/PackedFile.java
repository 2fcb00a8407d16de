package dev.baton.xnnpack;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.delegate.FileVersion;
import dev.baton.delegate.HostContext;
import dev.baton.xnnpack.ffi.ContentDigest;
import dev.baton.xnnpack.ffi.Threads;
import dev.baton.xnnpack.ffi.XnnPackedWeights;
import dev.baton.xnnpack.ffi.XnnWeightsStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The packed weights of one graph in a file, which later loads map instead of packing.
 *
 * <pre>
 * header   magic 8, id 8, file size 8, entry count 4, checksum of header and entries 4
 * entries  key 4, seed 4, offset 8, bytes 8, checksum 4, padding 4
 * weights  each aligned to 64; 128 bytes of zeros after the last
 * </pre>
 *
 * Whatever is wrong with the file, or with writing it, costs time and nothing else: the weights are
 * packed, the user is told once, and a file that was wrong is replaced.
 */
final class PackedFile {
  /** Weights that are packed faster than a file is opened are not kept. */
  static final long LEAST_BYTES = 1 << 20;

  private static final Duration USE_STEP = Duration.ofHours(1);

  /** Files that this process has found to be sound, as long as nobody changes them. */
  private static final Set<FileVersion> SOUND = ConcurrentHashMap.newKeySet();

  private static final int MOST_SOUND = 1 << 14;

  private static final long MAGIC = 0x31_4b_43_41_50_54_41_42L; // "BATPACK1"
  private static final int HEADER = 32;
  private static final int CHECKSUM_AT = 28;
  private static final int ENTRY = 32;

  private static final ValueLayout.OfInt INT = JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final PackedFolder folder;
  private final Path path;
  private final long id;
  private final XnnPackedWeights weights;

  PackedFile(PackedFolder folder, Path path, long id, XnnPackedWeights weights) {
    this.folder = folder;
    this.path = path;
    this.id = id;
    this.weights = weights;
  }

  /** Gives the weights in the file to the graph; false if there is no sound file. */
  boolean read(HostContext context) {
    try {
      touch();
      map(context.threads());
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      folder.tell(
          context,
          "Packed weights cannot be taken from "
              + path
              + ", they are packed anew: "
              + e.getMessage()
              + ".");
      return false;
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the mapping closes the arena
  private void map(int threads) throws IOException {
    FileVersion version = FileVersion.of(path).orElse(null);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      folder.requirePrivate();
      Arena arena = Arena.ofShared();
      XnnWeightsStore.Mapping mapping = new XnnWeightsStore.Mapping(arena);
      try {
        MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        List<Entry> entries = entries(file);
        if (version == null || !SOUND.contains(version)) {
          check(entries, file, threads);
          remember(version);
        }
        for (Entry entry : entries) {
          weights.offer(entry.key, entry.seed, file.asSlice(entry.offset, entry.bytes), mapping);
        }
      } finally {
        mapping.release();
      }
    }
  }

  private record Entry(int key, int seed, long offset, long bytes, int checksum) {}

  /** Remembers that a file is sound, unless it is not the one any more that was opened. */
  private void remember(@Nullable FileVersion version) {
    if (version != null && version.equals(FileVersion.of(path).orElse(null))) {
      if (SOUND.size() >= MOST_SOUND) {
        SOUND.clear();
      }
      SOUND.add(version);
    }
  }

  private List<Entry> entries(MemorySegment file) throws IOException {
    require(file.byteSize() >= HEADER && file.get(LONG, 0) == MAGIC, "it is no file of ours");
    require(file.get(LONG, 8) == id, "it is of other weights");
    require(file.get(LONG, 16) == file.byteSize(), "its size is not what it was");
    int count = file.get(INT, 24);
    long table = HEADER + (long) count * ENTRY;
    require(count >= 0 && table <= file.byteSize(), "it is damaged");
    require(checksum(file, table) == file.get(INT, CHECKSUM_AT), "it is damaged");
    List<Entry> entries = new ArrayList<>();
    for (long at = HEADER; at < table; at += ENTRY) {
      Entry entry =
          new Entry(
              file.get(INT, at),
              file.get(INT, at + 4),
              file.get(LONG, at + 8),
              file.get(LONG, at + 16),
              file.get(INT, at + 24));
      require(
          entry.key >= 0
              && entry.key < weights.keyCount()
              && entry.offset >= table
              && entry.offset % Weights.ALIGNMENT == 0
              && entry.bytes > 0
              && entry.bytes <= file.byteSize() - Weights.SLACK - entry.offset,
          "it is damaged");
      entries.add(entry);
    }
    return entries;
  }

  private static void check(List<Entry> entries, MemorySegment file, int threads)
      throws IOException {
    AtomicBoolean sound = new AtomicBoolean(true);
    Threads.forEach(
        entries,
        threads,
        entry -> {
          MemorySegment bytes = file.asSlice(entry.offset, entry.bytes);
          if (ContentDigest.checksum(bytes) != entry.checksum) {
            sound.set(false);
          }
        });
    require(sound.get(), "it is damaged");
  }

  private static int checksum(MemorySegment file, long table) {
    return ContentDigest.checksum(file.asSlice(0, CHECKSUM_AT))
        ^ ContentDigest.checksum(file.asSlice(HEADER, table - HEADER));
  }

  private static void require(boolean condition, String otherwise) throws IOException {
    if (!condition) {
      throw new IOException(otherwise);
    }
  }

  /** The time of last use, by which files are kept, to the hour. */
  private void touch() {
    try {
      Instant now = Instant.now();
      if (Files.getLastModifiedTime(path).toInstant().isBefore(now.minus(USE_STEP))) {
        Files.setLastModifiedTime(path, FileTime.from(now));
      }
    } catch (IOException e) {
      // a folder that cannot be written to is not pruned either
    }
  }

  /** Writes what the graph has packed, if it is worth it. */
  void write(HostContext context) {
    List<XnnPackedWeights.Stored> stored = weights.stored();
    if (stored.isEmpty()) {
      return;
    }
    try {
      Path part = folder.newPart();
      try {
        write(stored, part);
        Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
      folder.prune(path);
    } catch (IOException e) {
      folder.tell(
          context,
          "Packed weights cannot be kept in " + path + ", later loads pack again: " + e + ".");
    }
  }

  private void write(List<XnnPackedWeights.Stored> stored, Path part) throws IOException {
    long table = HEADER + (long) stored.size() * ENTRY;
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      MemorySegment head = arena.allocate(table);
      long offset = aligned(table);
      long at = HEADER;
      for (XnnPackedWeights.Stored entry : stored) {
        MemorySegment bytes = entry.bytes();
        head.set(INT, at, entry.key());
        head.set(INT, at + 4, entry.seed());
        head.set(LONG, at + 8, offset);
        head.set(LONG, at + 16, bytes.byteSize());
        head.set(INT, at + 24, ContentDigest.checksum(bytes));
        write(channel, bytes, offset);
        at += ENTRY;
        offset = aligned(offset + bytes.byteSize());
      }
      write(channel, arena.allocate(Weights.SLACK), offset);
      head.set(LONG, 0, MAGIC);
      head.set(LONG, 8, id);
      head.set(LONG, 16, offset + Weights.SLACK);
      head.set(INT, 24, stored.size());
      head.set(INT, CHECKSUM_AT, checksum(head, table));
      write(channel, head, 0);
    }
  }

  private static long aligned(long offset) {
    return Math.ceilDiv(offset, Weights.ALIGNMENT) * Weights.ALIGNMENT;
  }

  private static void write(FileChannel channel, MemorySegment bytes, long offset)
      throws IOException {
    for (long done = 0; done < bytes.byteSize(); ) {
      long most = Math.min(bytes.byteSize() - done, 1 << 26);
      ByteBuffer part = bytes.asSlice(done, most).asByteBuffer();
      done += channel.write(part, offset + done);
    }
  }
}
