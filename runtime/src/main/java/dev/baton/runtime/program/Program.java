package dev.baton.runtime.program;

import dev.baton.delegate.StoredBytes;
import dev.baton.runtime.profile.LoadPhase;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ExecuTorch program, read and checked as a whole: methods, constants, payloads.
 *
 * <p>Immutable; any number of threads may read one program. Constants and payloads stay where they
 * are, in the mapped file or in native memory: the Java heap holds none of them. {@link #close}
 * frees that memory; whoever opened the program closes it, at any time: methods that were made of
 * it hold on to the bytes until the last of them is closed. Data files ({@code .ptd}) that it is
 * opened with are part of it. Of a bundled program ({@code .bpte}) it is the program inside, with
 * its {@linkplain #tests tests}.
 */
public final class Program implements AutoCloseable {
  private static final long NATIVE_ALIGNMENT = 16;

  private final String source;
  private final Arena arena;
  private final ProgramContent content;
  private final MappedFiles files;
  private final LoadPhase reading;
  private int leases;
  private volatile boolean closed;

  /** Keeps the bytes of a program where they are, also after {@link Program#close}. */
  public final class Lease implements AutoCloseable {
    private boolean ended;

    private Lease() {}

    /**
     * Ends the lease; the last one of a closed program frees its bytes. Ending twice does nothing.
     */
    @Override
    public void close() {
      synchronized (Program.this) {
        if (!ended) {
          ended = true;
          leases--;
          free();
        }
      }
    }
  }

  private Program(
      String source, Arena arena, ProgramContent content, MappedFiles files, LoadPhase reading) {
    this.source = source;
    this.arena = arena;
    this.content = content;
    this.files = files;
    this.reading = reading;
  }

  /**
   * Maps a {@code .pte} file, with default options.
   *
   * @throws IOException if the file is missing or cannot be read
   * @throws ProgramFormatException if it is no valid program
   */
  public static Program open(Path file) throws IOException {
    return open(file, ReadOptions.defaults());
  }

  /**
   * Maps or copies a {@code .pte} file and the data files that the options name.
   *
   * @throws IOException if a file is missing or cannot be read
   * @throws ProgramFormatException if it is no valid program, a data file is none, two of them have
   *     one key, or a tensor there is not what the program says
   */
  public static Program open(Path file, ReadOptions options) throws IOException {
    MappedFiles files = new MappedFiles();
    return read(
        file.toString(),
        options.budget(),
        files,
        arena -> load(file, ".pte", options.access(), files, arena),
        arena -> {
          List<DataFile> dataFiles = new ArrayList<>();
          for (Path dataFile : options.dataFiles()) {
            MemorySegment bytes =
                load(dataFile, ".ptd", options.access(), files, arena).asReadOnly();
            dataFiles.add(DataFileReader.read(dataFile.toString(), bytes, options.budget()));
          }
          return dataFiles;
        });
  }

  private static MemorySegment load(
      Path file, String extension, ReadOptions.Access access, MappedFiles files, Arena arena)
      throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(
          file.toString(), null, "is a folder, expected a " + extension + " file");
    }
    try {
      return switch (access) {
        case MAP -> files.map(file, arena);
        case COPY -> copy(file, arena);
      };
    } catch (NoSuchFileException e) {
      NoSuchFileException described =
          new NoSuchFileException(
              file.toString(), null, "no such file; looked for " + file.toAbsolutePath());
      described.initCause(e);
      throw described;
    }
  }

  /** Reads bytes with the default budget; see {@link #of(MemorySegment, ReadBudget)}. */
  public static Program of(MemorySegment bytes) {
    return of(bytes, ReadBudget.defaults());
  }

  /** As {@link #of(MemorySegment, List, ReadBudget)}, without data files. */
  public static Program of(MemorySegment bytes, ReadBudget budget) {
    return of(bytes, List.of(), budget);
  }

  /**
   * Reads a program that is in memory.
   *
   * <p>Native memory that is aligned to 16 bytes and open to all threads is used in place: it must
   * stay alive and unchanged until the program and every method made of it are closed, and closing
   * does not free it. Of a mapped file it must hold what the file holds, since pages that have been
   * read may be dropped: copy a private mapping that you changed. Anything else is copied into
   * native memory, once.
   *
   * @param dataFiles the contents of its {@code .ptd} files
   * @throws ProgramFormatException if it is no valid program, or as {@link #open(Path,
   *     ReadOptions)} says
   */
  public static Program of(MemorySegment bytes, List<MemorySegment> dataFiles, ReadBudget budget) {
    return read(
        "program in memory (" + bytes.byteSize() + " bytes)",
        budget,
        new MappedFiles(),
        arena -> inPlace(bytes, arena),
        arena -> {
          List<DataFile> files = new ArrayList<>();
          for (MemorySegment data : dataFiles) {
            String name =
                "data file %d in memory (%d bytes)".formatted(files.size(), data.byteSize());
            files.add(DataFileReader.read(name, inPlace(data, arena).asReadOnly(), budget));
          }
          return files;
        });
  }

  private static MemorySegment inPlace(MemorySegment bytes, Arena arena) {
    boolean usable =
        bytes.isNative()
            && bytes.address() % NATIVE_ALIGNMENT == 0
            && bytes.isAccessibleBy(Thread.ofPlatform().unstarted(() -> {}));
    return usable ? bytes : arena.allocate(bytes.byteSize(), NATIVE_ALIGNMENT).copyFrom(bytes);
  }

  /** Copies the bytes into native memory and reads them, with the default budget. */
  public static Program of(byte[] bytes) {
    return of(MemorySegment.ofArray(bytes));
  }

  private interface Loaded<T, X extends Exception> {
    T in(Arena arena) throws X;
  }

  /** The program owns the arena, unless reading fails. */
  @SuppressWarnings("MustBeClosedChecker")
  private static <X extends Exception> Program read(
      String source,
      ReadBudget budget,
      MappedFiles files,
      Loaded<MemorySegment, X> bytes,
      Loaded<List<DataFile>, X> dataFiles)
      throws X {
    long start = System.nanoTime();
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      MemorySegment readOnly = bytes.in(arena).asReadOnly();
      List<BundledTest> tests = List.of();
      String program = source;
      if (BundleReader.isBundle(readOnly)) {
        BundleReader.Bundle bundle = BundleReader.read(source, readOnly, budget);
        readOnly = inPlace(bundle.program(), arena).asReadOnly();
        tests = bundle.tests();
        program = "the program in " + source;
      }
      ProgramContent content =
          ProgramDecoder.decode(program, readOnly, dataFiles.in(arena), budget).with(tests);
      LoadPhase reading =
          new LoadPhase(LoadPhase.Kind.READ, source, start, System.nanoTime() - start);
      Program result = new Program(source, arena, content, files, reading);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  private static MemorySegment copy(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      MemorySegment bytes = arena.allocate(size, NATIVE_ALIGNMENT);
      for (long at = 0; at < size; ) {
        long chunk = Math.min(size - at, 1 << 30);
        int read = channel.read(bytes.asSlice(at, chunk).asByteBuffer());
        if (read < 0) {
          throw new FileSystemException(
              file.toString(), null, "shrank to " + at + " bytes while it was read");
        }
        at += read;
      }
      return bytes;
    }
  }

  /**
   * The file's path as it was given, or a description of the memory. Works on a closed program too.
   */
  public String source() {
    return source;
  }

  /** How long mapping and checking took. Works on a closed program too. */
  public LoadPhase reading() {
    return reading;
  }

  public ProgramLayout layout() {
    return open().layout();
  }

  /** The schema version that the file states, 0 in all programs written so far. */
  public long schemaVersion() {
    return open().schemaVersion();
  }

  /** By name, in file order. Unmodifiable. */
  public Map<String, ProgramMethod> methods() {
    return open().methods();
  }

  /**
   * The method of this name.
   *
   * @throws IllegalArgumentException if there is no such method; the message names those that there
   *     are
   */
  public ProgramMethod method(String name) {
    ProgramMethod method = open().methods().get(name);
    if (method == null) {
      throw new IllegalArgumentException(
          "%s has no method '%s'; it has: %s"
              .formatted(source, name, String.join(", ", content.methods().keySet())));
    }
    return method;
  }

  /** The data segments: read-only views, valid until close. Empty in files without segments. */
  public List<MemorySegment> segments() {
    return open().segments();
  }

  /**
   * Blobs by key, the file's in its order, then those of the data files: read-only views, valid
   * until close. Several keys may share one blob. Unmodifiable.
   */
  public Map<String, MemorySegment> namedData() {
    return open().namedData();
  }

  /**
   * The tests of a bundled program, in the file's order; none of a plain one. Their tensors are
   * read-only views, valid until close, and not always aligned. Unmodifiable.
   */
  public List<BundledTest> tests() {
    return open().tests();
  }

  /** The data files that it was opened with, in that order. Unmodifiable. */
  public List<DataFile> dataFiles() {
    return open().dataFiles();
  }

  /**
   * Where bytes of a constant or payload are stored; empty if they are of no mapped file, or the
   * system does not tell its version.
   */
  public Optional<StoredBytes> stored(MemorySegment bytes) {
    return files.stored(bytes);
  }

  public boolean isOpen() {
    return !closed;
  }

  private ProgramContent open() {
    if (!isOpen()) {
      throw new IllegalStateException(source + " is closed");
    }
    return content;
  }

  /**
   * A hold on the bytes for whoever was made of this program.
   *
   * @throws IllegalStateException if the program is closed
   */
  public synchronized Lease lease() {
    open();
    leases++;
    return new Lease();
  }

  private void free() {
    if (closed && leases == 0 && arena.scope().isAlive()) {
      arena.close();
    }
  }

  /**
   * Frees the mapping or the copy, now or when the last {@linkplain #lease lease} ends. Afterwards
   * this object's accessors throw {@link IllegalStateException}; decoded records stay readable.
   * Closing twice does nothing.
   */
  @Override
  public synchronized void close() {
    closed = true;
    free();
  }

  @Override
  public String toString() {
    return "Program[" + source + (isOpen() ? "" : ", closed") + "]";
  }
}
