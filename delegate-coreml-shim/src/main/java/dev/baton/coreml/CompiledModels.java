package dev.baton.coreml;

import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlLibrary;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiled models in files. With a cache directory they stay there, each under the checksum of its
 * package, and later loads find them; without, they go when the session closes.
 */
final class CompiledModels implements AutoCloseable {
  private static final String SUFFIX = ".mlmodelc";
  private static final String FOLDER = "compiled";
  private static final String NEW = "new";
  private static final String OLD = "old";
  private static final int MOST_DELETED_AGAIN = 3;

  /** No compilation takes as long. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final CoreMlLibrary library;
  private final @Nullable Path cache;
  private final List<Path> temporary = new ArrayList<>();

  /**
   * @param cache null if nothing is kept
   */
  CompiledModels(CoreMlLibrary library, @Nullable Path cache) {
    this.library = library;
    this.cache = cache;
    if (cache != null) {
      sweep(cache.resolve(FOLDER));
    }
  }

  /** Deletes what processes left in the cache that ended in the middle. */
  private static void sweep(Path folder) {
    FileTime before = FileTime.from(Instant.now().minus(ABANDONED));
    try (Stream<Path> all = Files.list(folder)) {
      for (Path path : all.toList()) {
        String name = path.getFileName().toString();
        if ((name.startsWith(NEW) || name.startsWith(OLD))
            && !name.endsWith(SUFFIX)
            && Files.getLastModifiedTime(path).compareTo(before) < 0) {
          delete(path);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // There is no such folder yet, or another process sweeps it.
    }
  }

  /** The folder of a package's model in the cache; null if it is not there. */
  @Nullable Path known(MlPackage model) {
    if (cache == null) {
      return null;
    }
    Path known = place(cache, model);
    return Files.isDirectory(known) ? known : null;
  }

  private static Path place(Path cache, MlPackage model) {
    return cache.resolve(FOLDER).resolve(model.digest() + SUFFIX);
  }

  /** Takes a model out of the cache, for all at once. */
  void forget(Path known) {
    try {
      Path folder = Files.createTempDirectory(known.getParent(), OLD);
      try {
        Files.move(known, folder.resolve("model" + SUFFIX), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      delete(known); // or another process was faster
    }
  }

  /** The folder of the compiled model of a package. */
  Path compiled(MlPackage model, CompileContext context) throws DelegateException {
    try {
      if (cache == null) {
        Path folder = Files.createTempDirectory("baton-coreml");
        temporary.add(folder);
        Path compiled = folder.resolve("model" + SUFFIX);
        compile(model, folder, compiled, context);
        return compiled;
      }
      Path known = place(cache, model);
      if (!Files.isDirectory(known)) {
        Files.createDirectories(known.getParent());
        Path folder = Files.createTempDirectory(known.getParent(), NEW);
        try {
          Path compiled = folder.resolve("model" + SUFFIX);
          compile(model, folder, compiled, context);
          keep(compiled, known);
        } finally {
          delete(folder);
        }
      }
      return known;
    } catch (IOException | UncheckedIOException e) {
      throw new DelegateException(
          Kind.RESOURCES,
          "the model cannot be written to a file: " + e,
          "Free space, or name another cache directory.",
          e);
    }
  }

  /** Another process may have been faster: its model is as good. */
  private static void keep(Path compiled, Path known) throws IOException {
    try {
      Files.move(compiled, known, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException e) {
      return;
    } catch (IOException e) {
      if (!Files.isDirectory(known)) {
        throw e;
      }
    }
  }

  private void compile(MlPackage model, Path folder, Path compiled, CompileContext context)
      throws DelegateException, IOException {
    Path unpacked = model.isCompiled() ? compiled : folder.resolve("model.mlpackage");
    for (Map.Entry<String, MemorySegment> file : model.modelFiles().entrySet()) {
      Path target = unpacked.resolve(file.getKey());
      Files.createDirectories(target.getParent());
      try (FileChannel channel =
          FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        long size = file.getValue().byteSize();
        for (long at = 0; at < size; ) {
          long part = Math.min(size - at, 1 << 30);
          at += channel.write(file.getValue().asSlice(at, part).asByteBuffer());
        }
      }
    }
    if (model.isCompiled()) {
      return;
    }
    try {
      Waiting waiting = new Waiting(context);
      boolean done = library.compile(unpacked, compiled, waiting);
      if (!done) {
        throw new DelegateException(Kind.CANCELLED, "the compilation for Core ML was given up");
      }
    } catch (CoreMlException e) {
      throw CoreMlSession.failed(e);
    }
    delete(unpacked);
  }

  /** Tells how far a compilation has come; once a second how long it takes, where nobody knows. */
  private static final class Waiting implements CoreMlLibrary.Progress {
    private static final String WHAT = "compiling for Core ML";

    private final CompileContext context;
    private final long start = System.nanoTime();
    private long told = -1;

    Waiting(CompileContext context) {
      this.context = context;
    }

    @Override
    public boolean goesOn(double fraction) {
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      if (fraction >= 0) {
        context.progress(WHAT, Math.min(1, fraction));
      } else if (seconds > told) {
        told = seconds;
        context.progress(WHAT + ", " + seconds + " s", 0);
      }
      return !context.isCancelled();
    }
  }

  /** A compilation that nobody waits for may still write: what it left is looked for again. */
  private static void delete(Path folder) {
    for (int i = 0; i < MOST_DELETED_AGAIN && Files.exists(folder); i++) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (IOException | UncheckedIOException e) {
        // Of a cache it is swept later, of the system's temporary folder by the system.
      }
    }
  }

  @Override
  public void close() {
    temporary.forEach(CompiledModels::delete);
    temporary.clear();
  }
}
