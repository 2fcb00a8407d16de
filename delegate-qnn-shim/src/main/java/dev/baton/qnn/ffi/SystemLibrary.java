package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The library that reads context binaries and portable graphs. One instance for each file, for the
 * life of the process. Safe for use by several threads.
 */
public final class SystemLibrary {
  private static final String ENTRY = "QnnSystemInterface_getProviders";
  private static final Map<Path, SystemLibrary> LOADED = new HashMap<>();

  private final Path path;
  private final FunctionTable table;

  private SystemLibrary(Path path) {
    this.path = path;
    MemorySegment header = Provider.open(path, ENTRY);
    ApiVersion version = Provider.version(header, Layouts.PROVIDER_CORE_VERSION);
    if (version.major() != 1) {
      throw Provider.unfit(
          path,
          "it offers QNN's system interface " + version + ", and Baton knows version 1",
          "Use the system library of the same SDK as the backend's.");
    }
    int entries =
        version.minor() >= Layouts.SYSTEM_MINOR_OF_PORTABLE
            ? Layouts.SYSTEM_ENTRIES
            : Layouts.SYSTEM_ENTRIES_BEFORE;
    long bytes = Layouts.SYSTEM_PROVIDER_TABLE + entries * JAVA_LONG.byteSize();
    table =
        new FunctionTable(
            NativeMemory.at(header.address(), bytes), Layouts.SYSTEM_PROVIDER_TABLE, entries);
  }

  /**
   * The library of a file, loaded at the first call.
   *
   * @throws dev.baton.nativelib.NativeLibraryException if the loader refuses it, or it is of
   *     another version
   */
  public static SystemLibrary load(Path path) {
    synchronized (LOADED) {
      return LOADED.computeIfAbsent(path.toAbsolutePath().normalize(), SystemLibrary::new);
    }
  }

  public Path path() {
    return path;
  }

  private void call(SystemFunction function, long tableBytes, FunctionTable.Call call)
      throws QnnException {
    MethodHandle handle = table.handle(function, tableBytes);
    QnnLog.clear();
    int code = FunctionTable.code(handle, call);
    if (code != 0) {
      throw new QnnException(function, code, QnnLog.errors());
    }
  }

  /**
   * What a context binary says of itself.
   *
   * @param binary native memory; not written
   * @throws QnnException if the library cannot read it
   * @throws QnnFormatException if what it read makes no sense
   */
  public BinaryDescription describe(MemorySegment binary) throws QnnException, QnnFormatException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      call(SystemFunction.CREATE, 0, h -> (long) h.invokeExact(out.address()));
      long reader = out.get(JAVA_LONG, 0);
      try {
        if (table.has(SystemFunction.META_DATA)) {
          call(
              SystemFunction.META_DATA,
              0,
              h ->
                  (long) h.invokeExact(reader, binary.address(), binary.byteSize(), out.address()));
        } else {
          MemorySegment size = arena.allocate(JAVA_LONG);
          call(
              SystemFunction.BINARY_INFO,
              0,
              h ->
                  (long)
                      h.invokeExact(
                          reader,
                          binary.address(),
                          binary.byteSize(),
                          out.address(),
                          size.address()));
        }
        return BinaryDescription.read(NativeMemory.at(out.get(JAVA_LONG, 0), Layouts.INFO_BYTES));
      } catch (IllegalStateException | IndexOutOfBoundsException | ArithmeticException e) {
        throw new QnnFormatException("the description cannot be read: " + e.getMessage());
      } finally {
        FunctionTable.code(table.handle(SystemFunction.FREE, 0), h -> (long) h.invokeExact(reader));
      }
    }
  }

  /**
   * Writes the graphs of a portable file into a context; they are still to be compiled.
   *
   * @param file native memory; not needed afterwards
   * @return the graphs' descriptions
   */
  public List<GraphDescription> compose(QnnContext context, MemorySegment file)
      throws QnnException, QnnFormatException {
    QnnLibrary library = context.library();
    context.lock().lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      MemorySegment count = arena.allocate(JAVA_INT);
      call(
          SystemFunction.DLC_FROM_BINARY,
          0,
          h -> (long) h.invokeExact(0L, file.address(), file.byteSize(), out.address()));
      long reader = out.get(JAVA_LONG, 0);
      try {
        out.set(JAVA_LONG, 0, 0);
        MemorySegment interfaceTable = library.table();
        call(
            SystemFunction.DLC_COMPOSE,
            interfaceTable.byteSize(),
            h ->
                (long)
                    h.invokeExact(
                        reader,
                        0L,
                        0,
                        context.device().backend().handle(),
                        context.handle(),
                        interfaceTable,
                        1,
                        out.address(),
                        count.address()));
        return GraphDescription.readAll(out.get(JAVA_LONG, 0), NativeMemory.count(count, 0));
      } catch (IllegalStateException | IndexOutOfBoundsException | ArithmeticException e) {
        throw new QnnFormatException("the graphs cannot be read: " + e.getMessage());
      } finally {
        FunctionTable.code(
            table.handle(SystemFunction.DLC_FREE, 0), h -> (long) h.invokeExact(reader));
      }
    } finally {
      context.lock().unlock();
    }
  }
}
