package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeLibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A backend library, loaded. One instance for each file, for the life of the process. Safe for use
 * by several threads.
 */
public final class QnnLibrary {
  /** Backend id of libQnnCpu. */
  public static final int CPU = 3;

  /** Backend id of libQnnHtp: the neural processor, or its simulator. */
  public static final int HTP = 6;

  private static final String ENTRY = "QnnInterface_getProviders";
  private static final Map<Path, QnnLibrary> LOADED = new HashMap<>();
  private static final AtomicInteger LIVE = new AtomicInteger();

  private final Path path;
  private final int backendId;
  private final String provider;
  private final ApiVersion core;
  private final ApiVersion backend;
  private final FunctionTable table;
  private final String buildId;
  private final long log;
  private @Nullable QnnBackend live;

  private QnnLibrary(Path path) throws QnnException {
    this.path = path;
    MemorySegment header = Provider.open(path, ENTRY);
    core = Provider.version(header, Layouts.PROVIDER_CORE_VERSION);
    if (!core.isSupported()) {
      boolean old = core.major() <= ApiVersion.MAJOR;
      throw Provider.unfit(
          path,
          "it offers QNN's core interface "
              + core
              + ", and Baton needs "
              + ApiVersion.MAJOR
              + "."
              + ApiVersion.FIRST_MINOR
              + " or later of version "
              + ApiVersion.MAJOR,
          old
              ? "Install QNN 2.30 or later, such as onnxruntime-qnn 2.5.0."
              : "Use an SDK of QNN 2, or a version of Baton that knows this one.");
    }
    backendId = header.get(JAVA_INT, Layouts.PROVIDER_ID);
    provider = NativeMemory.text(header, Layouts.PROVIDER_NAME);
    backend = Provider.version(header, Layouts.PROVIDER_BACKEND_VERSION);
    long bytes = Layouts.PROVIDER_TABLE + core.entries() * JAVA_LONG.byteSize();
    table =
        new FunctionTable(
            NativeMemory.at(header.address(), bytes), Layouts.PROVIDER_TABLE, core.entries());
    buildId = readBuildId();
    log = createLog();
  }

  /**
   * The library of a file, loaded at the first call.
   *
   * @throws NativeLibraryException if the loader refuses the file, or it is of a version that Baton
   *     does not know
   * @throws QnnException if it cannot work here
   */
  public static QnnLibrary load(Path path) throws QnnException {
    Path key = path.toAbsolutePath().normalize();
    synchronized (LOADED) {
      QnnLibrary known = LOADED.get(key);
      if (known == null) {
        known = new QnnLibrary(key);
        LOADED.put(key, known);
      }
      return known;
    }
  }

  /** The library of a file, if it is loaded; else null. */
  public static @Nullable QnnLibrary loaded(Path path) {
    synchronized (LOADED) {
      return LOADED.get(path.toAbsolutePath().normalize());
    }
  }

  public Path path() {
    return path;
  }

  /** {@link #CPU}, {@link #HTP} or another. */
  public int backendId() {
    return backendId;
  }

  /** Version of the SDK that the library is of, such as {@code v2.49.40.…}; may be empty. */
  public String buildId() {
    return buildId;
  }

  /** Version of the core interface. */
  public ApiVersion coreVersion() {
    return core;
  }

  @Override
  public String toString() {
    return "%s %s (core interface %s, backend interface %s)"
        .formatted(provider, buildId, core, backend);
  }

  /** A library may lack functions of its version, and say so by a null pointer. */
  public boolean has(BackendFunction function) {
    return table.has(function);
  }

  /** The structure with the table, for a function that takes it by value. */
  MemorySegment table() {
    return table.provider();
  }

  long log() {
    return log;
  }

  MethodHandle handle(BackendFunction function) throws QnnException {
    return table.handle(function, 0);
  }

  /**
   * Calls a function.
   *
   * @throws QnnException with the library's code and words if it refuses
   */
  void call(BackendFunction function, FunctionTable.Call call) throws QnnException {
    MethodHandle handle = handle(function);
    QnnLog.clear();
    check(function, FunctionTable.code(handle, call));
  }

  void check(TableEntry function, int code) throws QnnException {
    if (code != 0) {
      String logged = QnnLog.errors();
      String text = message(code);
      throw new QnnException(
          function, code, text + (text.isEmpty() || logged.isEmpty() ? "" : ": ") + logged);
    }
  }

  /** What the library calls a code; empty if it has no words for it. */
  private String message(int code) {
    if (!table.has(BackendFunction.ERROR_MESSAGE)) {
      return "";
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(JAVA_LONG);
      int failed =
          FunctionTable.code(
              table.handle(BackendFunction.ERROR_MESSAGE, 0),
              h -> (long) h.invokeExact((long) code, text.address()));
      return failed == 0 ? NativeMemory.text(text, 0).strip() : "";
    } catch (QnnException e) {
      return "";
    }
  }

  private String readBuildId() {
    if (!table.has(BackendFunction.BACKEND_BUILD_ID)) {
      return "";
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(JAVA_LONG);
      call(BackendFunction.BACKEND_BUILD_ID, h -> (long) h.invokeExact(text.address()));
      return NativeMemory.text(text, 0);
    } catch (QnnException e) {
      return "";
    }
  }

  /** Without a logger the library writes its errors to the process' output. */
  private long createLog() throws QnnException {
    if (!table.has(BackendFunction.LOG_CREATE)) {
      return 0;
    }
    return ask(
        BackendFunction.LOG_CREATE,
        (h, out) -> (long) h.invokeExact(QnnLog.CALLBACK.address(), QnnLog.LEVEL, out));
  }

  /** A call that gives a handle or a number by a pointer. */
  interface Creation {
    long by(MethodHandle handle, long out) throws Throwable;
  }

  /**
   * Backends, devices, contexts and profiles of the whole process that were made and are not freed,
   * also those that the library refused to free.
   */
  public static int live() {
    return LIVE.get();
  }

  /** Calls a function that makes something to be freed by {@link #free}. */
  long create(BackendFunction function, Creation creation) throws QnnException {
    long made = ask(function, creation);
    LIVE.incrementAndGet();
    return made;
  }

  /** Calls a function that gives something which is not freed by itself. */
  long ask(BackendFunction function, Creation creation) throws QnnException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      call(function, h -> creation.by(h, out.address()));
      return out.get(JAVA_LONG, 0);
    }
  }

  /** Frees something. What fails here cannot be helped. */
  void free(BackendFunction function, FunctionTable.Call call) {
    try {
      call(function, call);
      LIVE.decrementAndGet();
    } catch (QnnException e) {
      System.getLogger("dev.baton.qnn").log(System.Logger.Level.WARNING, e.getMessage());
    }
  }

  /**
   * The backend, made if nobody has it; the caller closes it.
   *
   * @throws QnnException if the library cannot work here
   */
  public synchronized QnnBackend backend() throws QnnException {
    if (live == null || !live.retain()) {
      live = new QnnBackend(this);
    }
    return live;
  }
}
