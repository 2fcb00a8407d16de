package dev.baton.coreml.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeFunction;
import dev.baton.nativelib.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The shim, loaded. One instance for each file, for the life of the process: a framework that
 * starts threads is not unloaded. Safe for use by several threads.
 */
public final class CoreMlLibrary {
  /** The version of the interface that this binds. */
  private static final int ABI = 1;

  private static final int ERROR_BYTES = 1024;

  private static final Map<Path, CoreMlLibrary> LOADED = new HashMap<>();

  private final NativeFunction abi;
  private final NativeFunction compileStart;
  private final NativeFunction compileWait;
  private final NativeFunction compileFree;
  private final NativeFunction load;
  final NativeFunction free;
  final NativeFunction count;
  final NativeFunction feature;
  final NativeFunction stateNew;
  final NativeFunction stateFree;
  final NativeFunction stateRead;
  final NativeFunction stateWrite;
  final NativeFunction predict;

  private CoreMlLibrary(NativeLibrary library) {
    abi = library.function("bcml_abi", FunctionDescriptor.of(JAVA_INT));
    compileStart =
        status(library, "bcml_compile_start", ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    compileWait =
        status(library, "bcml_compile_wait", ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    compileFree = library.function("bcml_compile_free", FunctionDescriptor.ofVoid(ADDRESS));
    load = status(library, "bcml_load", ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    free = library.function("bcml_free", FunctionDescriptor.ofVoid(ADDRESS));
    count = status(library, "bcml_count", ADDRESS, JAVA_INT);
    feature =
        status(
            library,
            "bcml_feature",
            ADDRESS,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            JAVA_LONG,
            ADDRESS,
            ADDRESS,
            ADDRESS,
            ADDRESS);
    stateNew = status(library, "bcml_state_new", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    stateFree = library.function("bcml_state_free", FunctionDescriptor.ofVoid(ADDRESS));
    stateRead = stateCopy(library, "bcml_state_read");
    stateWrite = stateCopy(library, "bcml_state_write");
    predict =
        status(
            library,
            "bcml_predict",
            ADDRESS,
            ADDRESS,
            ADDRESS,
            JAVA_INT,
            ADDRESS,
            JAVA_INT,
            ADDRESS,
            JAVA_LONG);
  }

  private static NativeFunction status(
      NativeLibrary library, String name, MemoryLayout... parameters) {
    return library.function(name, FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private static NativeFunction stateCopy(NativeLibrary library, String name) {
    return status(library, name, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG);
  }

  /**
   * The shim of a file, loaded at the first call.
   *
   * @throws CoreMlException if it is of another version
   */
  public static CoreMlLibrary load(Path path) throws CoreMlException {
    Path key = path.toAbsolutePath().normalize();
    synchronized (LOADED) {
      CoreMlLibrary known = LOADED.get(key);
      if (known == null) {
        known = new CoreMlLibrary(NativeLibrary.open(key));
        int version = known.version();
        if (version != ABI) {
          throw new CoreMlException(
              "bcml_abi", Status.UNSUPPORTED, "the shim is of version " + version + ", not " + ABI);
        }
        LOADED.put(key, known);
      }
      return known;
    }
  }

  private int version() {
    try {
      return (int) abi.handle().invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A call with room for what went wrong. */
  interface Call {
    int run(MethodHandle handle, MemorySegment error, long capacity) throws Throwable;
  }

  static void check(NativeFunction function, Call call) throws CoreMlException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(ERROR_BYTES);
      Status status = invoke(function, error, call);
      if (status != Status.OK) {
        throw new CoreMlException(function.name(), status, error.getString(0));
      }
    }
  }

  static Status invoke(NativeFunction function, MemorySegment error, Call call) {
    try {
      error.set(JAVA_BYTE, 0, (byte) 0);
      return Status.of(call.run(function.handle(), error, error.byteSize()));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static RuntimeException unexpected(Throwable e) {
    return switch (e) {
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new IllegalStateException("A native function threw a checked exception.", e);
    };
  }

  /** Told now and then while a package is compiled. */
  public interface Progress {
    /**
     * @param fraction 0 to 1, or negative if nobody knows
     * @return false to give up
     */
    boolean goesOn(double fraction);
  }

  /**
   * Compiles a package, which may take minutes.
   *
   * @return false if it was given up
   */
  public boolean compile(Path source, Path compiled, Progress progress) throws CoreMlException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom(source.toString());
      MemorySegment to = arena.allocateFrom(compiled.toString());
      MemorySegment place = arena.allocate(ADDRESS);
      check(compileStart, (h, e, n) -> (int) h.invokeExact(from, to, place, e, n));
      MemorySegment job = place.get(ADDRESS, 0);
      try {
        return await(job, arena, progress);
      } finally {
        release(compileFree, job);
      }
    }
  }

  private boolean await(MemorySegment job, Arena arena, Progress progress) throws CoreMlException {
    MemorySegment fraction = arena.allocate(JAVA_DOUBLE);
    MemorySegment error = arena.allocate(ERROR_BYTES);
    int pause = 50;
    while (true) {
      Status status =
          invoke(compileWait, error, (h, e, n) -> (int) h.invokeExact(job, pause, fraction, e, n));
      if (status == Status.OK) {
        return true;
      }
      if (status != Status.PENDING) {
        throw new CoreMlException(compileWait.name(), status, error.getString(0));
      }
      if (!progress.goesOn(fraction.get(JAVA_DOUBLE, 0))) {
        return false;
      }
    }
  }

  /**
   * Loads a compiled model.
   *
   * @param units in the order of the shim's codes
   * @param function empty for the model's only one
   */
  public CoreMlModel open(Path compiled, ComputeUnits units, String function)
      throws CoreMlException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(compiled.toString());
      MemorySegment name = function.isEmpty() ? MemorySegment.NULL : arena.allocateFrom(function);
      MemorySegment place = arena.allocate(ADDRESS);
      check(load, (h, e, n) -> (int) h.invokeExact(path, units.ordinal(), name, place, e, n));
      return new CoreMlModel(this, place.get(ADDRESS, 0));
    }
  }

  static void release(NativeFunction function, MemorySegment handle) {
    try {
      function.handle().invokeExact(handle);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}
