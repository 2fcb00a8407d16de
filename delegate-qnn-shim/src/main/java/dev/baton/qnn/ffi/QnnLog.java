package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeAccess;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * What the library logs, as Java's logger {@code dev.baton.qnn} has it. The last errors of a thread
 * are kept for the exception that follows.
 */
final class QnnLog {
  private static final System.Logger LOG = System.getLogger("dev.baton.qnn");
  private static final int MAX_LINE = 2048;
  private static final int MAX_KEPT = 600;
  private static final int ERROR = 1;
  private static final int DEBUG = 5;

  /** Asked of the library: most and least that it may log. */
  static final int LEVEL =
      LOG.isLoggable(Level.TRACE) ? DEBUG : LOG.isLoggable(Level.DEBUG) ? 3 : ERROR;

  private static final ThreadLocal<StringBuilder> ERRORS =
      ThreadLocal.withInitial(StringBuilder::new);

  /** The function pointer that the library calls; lives as long as the process. */
  static final MemorySegment CALLBACK = callback();

  private static final MethodHandle VSNPRINTF =
      NativeAccess.downcall(
          Linker.nativeLinker().defaultLookup().findOrThrow("vsnprintf"),
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));

  private QnnLog() {}

  private static MemorySegment callback() {
    try {
      MethodHandle target =
          MethodHandles.lookup()
              .findStatic(
                  QnnLog.class,
                  "log",
                  MethodType.methodType(
                      void.class, MemorySegment.class, int.class, long.class, MemorySegment.class));
      return NativeAccess.upcall(
          target, FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS), Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  /** Called by the library, on any thread; an exception out of it would end the JVM. */
  @SuppressWarnings({
    "UnusedMethod",
    "UnusedVariable"
  }) // found by its name; the library's signature
  private static void log(MemorySegment format, int level, long time, MemorySegment arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment line = arena.allocate(MAX_LINE);
      int _ = (int) VSNPRINTF.invokeExact(line, (long) MAX_LINE, format, arguments);
      line.set(JAVA_BYTE, MAX_LINE - 1, (byte) 0);
      String text = line.getString(0).strip();
      if (level <= ERROR) {
        StringBuilder kept = ERRORS.get();
        if (kept.length() + text.length() < MAX_KEPT) {
          kept.append(kept.isEmpty() ? "" : "; ").append(text);
        }
      }
      LOG.log(level(level), text);
    } catch (Throwable e) {
      // nothing can be done here
    }
  }

  private static Level level(int level) {
    return switch (level) {
      case 0, ERROR -> Level.DEBUG; // the exception says it too
      case 2, 3 -> Level.DEBUG;
      default -> Level.TRACE;
    };
  }

  /** Forgets what this thread's calls have logged. */
  static void clear() {
    ERRORS.get().setLength(0);
  }

  /** The errors that this thread's calls have logged since. */
  static String errors() {
    return ERRORS.get().toString();
  }
}
