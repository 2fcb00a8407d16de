package dev.baton.isolation.wire;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory that two processes map: a file in a folder of memory where there is one. It exists until
 * both have mapped it, and is deleted by its maker, so that what a killed process held goes with
 * it.
 */
public final class SharedFile implements AutoCloseable {
  /** System property with the folder of the files. */
  public static final String FOLDER_PROPERTY = "baton.isolate.folder";

  private static final long ALIGNMENT = 64;
  private static final int BLOCK = 1 << 20;

  private final Path path;
  private final long size;

  private SharedFile(Path path, long size) {
    this.path = path;
    this.size = size;
  }

  /** Folders for what is shared, the best first. */
  public static List<Path> folders() {
    List<Path> folders = new ArrayList<>();
    String named = System.getProperty(FOLDER_PROPERTY);
    if (named != null) {
      return List.of(Path.of(named));
    }
    Path memory = Path.of("/dev/shm");
    if (Files.isWritable(memory)) {
      folders.add(memory);
    }
    folders.add(Path.of(System.getProperty("java.io.tmpdir")));
    return folders;
  }

  /** A filler of a new file. */
  private interface Filling {
    void fill(FileChannel channel) throws IOException;
  }

  /**
   * A file of zeros. What is written through a mapping cannot fail then: the file has its place.
   *
   * @throws IOException if no folder has the room
   */
  public static SharedFile ofSize(long size) throws IOException {
    return create(
        size,
        channel -> {
          ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(size, BLOCK));
          for (long left = size; left > 0; ) {
            left -= channel.write(zeros.clear().limit((int) Math.min(left, BLOCK)));
          }
        });
  }

  /** Where each of some contents lies in a file of all of them. */
  public static long[] offsets(List<MemorySegment> contents) {
    long[] offsets = new long[contents.size() + 1];
    for (int i = 0; i < contents.size(); i++) {
      offsets[i + 1] = aligned(Math.addExact(offsets[i], contents.get(i).byteSize()));
    }
    return offsets;
  }

  /** The next multiple of what contents are aligned to. */
  public static long aligned(long offset) {
    return Math.addExact(offset, ALIGNMENT - 1) & -ALIGNMENT;
  }

  /**
   * A file of copies, at their {@link #offsets}, with {@link #aligned} bytes behind the last.
   *
   * @throws IOException if no folder has the room
   */
  public static SharedFile of(List<MemorySegment> contents) throws IOException {
    long[] offsets = offsets(contents);
    long size = offsets[contents.size()] + ALIGNMENT;
    return create(
        size,
        channel -> {
          for (int i = 0; i < contents.size(); i++) {
            MemorySegment content = contents.get(i);
            for (long from = 0; from < content.byteSize(); from += BLOCK) {
              ByteBuffer block =
                  content.asSlice(from, Math.min(BLOCK, content.byteSize() - from)).asByteBuffer();
              for (long at = offsets[i] + from; block.hasRemaining(); ) {
                at += channel.write(block, at);
              }
            }
          }
          ByteBuffer end = ByteBuffer.allocate((int) ALIGNMENT);
          while (end.hasRemaining()) {
            channel.write(end, size - end.remaining());
          }
        });
  }

  private static SharedFile create(long size, Filling filling) throws IOException {
    IOException failure = new IOException("there is no folder for shared memory");
    for (Path folder : folders()) {
      try {
        return uninterrupted(() -> createIn(folder, size, filling));
      } catch (IOException e) {
        e.addSuppressed(failure);
        failure = e;
      }
    }
    throw failure;
  }

  private static SharedFile createIn(Path folder, long size, Filling filling) throws IOException {
    Path path = Files.createTempFile(folder, "baton-", ".shared");
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      filling.fill(channel);
      return new SharedFile(path, size);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  /** Work with a file that can be done again. */
  private interface Work<T> {
    T run() throws IOException;
  }

  /** An interrupt closes a file's channel: the work is done again, and the interrupt kept. */
  private static <T> T uninterrupted(Work<T> work) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return work.run();
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  public Path path() {
    return path;
  }

  public long size() {
    return size;
  }

  /** Maps the file as long as the arena lives. */
  public MemorySegment map(Arena arena) throws IOException {
    return map(path, true, arena);
  }

  /** Maps another process' file as long as the arena lives. */
  public static MemorySegment map(Path path, boolean writable, Arena arena) throws IOException {
    return uninterrupted(() -> mapOnce(path, writable, arena));
  }

  private static MemorySegment mapOnce(Path path, boolean writable, Arena arena)
      throws IOException {
    try (FileChannel channel =
        writable
            ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
            : FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(
          writable ? FileChannel.MapMode.READ_WRITE : FileChannel.MapMode.READ_ONLY,
          0,
          channel.size(),
          arena);
    }
  }

  /** Deletes the file; mappings stay. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
  }
}
