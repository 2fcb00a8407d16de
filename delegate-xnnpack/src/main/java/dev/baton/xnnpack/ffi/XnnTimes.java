package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How long each operator of a runtime took in its last run, in whole microseconds. Used by the
 * runtime's thread.
 */
@SuppressWarnings("MustBeClosedChecker") // close() closes the arena
public final class XnnTimes implements AutoCloseable {
  /** {@code XNN_FLAG_BASIC_PROFILING}. */
  static final int BASIC_PROFILING = 8;

  /** {@code enum xnn_profile_info}. */
  static final int COUNT = 0;

  static final int NAMES = 1;
  static final int TIMES = 2;
  private static final int OUT_OF_MEMORY = 6;
  private static final long NANOS_PER_UNIT = 1_000;

  private final MethodHandle info;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment size = arena.allocate(JAVA_LONG);
  private MemorySegment times = MemorySegment.NULL;
  private String[] names = new String[0];
  private boolean asked;

  XnnTimes(XnnLibrary library) {
    this.info = library.handle(XnnFunction.GET_RUNTIME_PROFILING_INFO);
  }

  static boolean isSupported(XnnLibrary library) {
    return library.has(XnnFunction.GET_RUNTIME_PROFILING_INFO);
  }

  /** What XNNPACK calls the operators, in the order in which they run; empty if it does not say. */
  List<String> names(long runtime) {
    prepare(runtime);
    return List.of(names);
  }

  /** Number of operators, in the order in which they run. */
  public int count() {
    return names.length;
  }

  /** What XNNPACK calls the operator; the same object each time. */
  public String name(int operator) {
    return names[operator];
  }

  public long nanos(int operator) {
    return times.getAtIndex(JAVA_LONG, operator) * NANOS_PER_UNIT;
  }

  /** Reads the times of the last run. Allocates nothing but the first time. */
  boolean read(long runtime) {
    prepare(runtime);
    return names.length > 0 && get(runtime, TIMES, times) == 0;
  }

  private void prepare(long runtime) {
    if (asked) {
      return;
    }
    asked = true;
    MemorySegment count = arena.allocate(JAVA_LONG);
    if (get(runtime, COUNT, count) != 0
        || get(runtime, NAMES, MemorySegment.NULL) != OUT_OF_MEMORY
        || get(runtime, TIMES, MemorySegment.NULL) != OUT_OF_MEMORY) {
      return;
    }
    int operators = Math.toIntExact(count.get(JAVA_LONG, 0));
    times = arena.allocate(Math.max(size.get(JAVA_LONG, 0), operators * 8L), 8);
    get(runtime, NAMES, MemorySegment.NULL);
    MemorySegment text = arena.allocate(Math.max(size.get(JAVA_LONG, 0), 1));
    if (get(runtime, NAMES, text) != 0) {
      return;
    }
    String[] found = new String[operators];
    long at = 0;
    for (int o = 0; o < operators; o++) {
      if (at >= text.byteSize()) {
        return; // names are of fewer operators than times
      }
      found[o] = text.getString(at, StandardCharsets.UTF_8);
      at += found[o].getBytes(StandardCharsets.UTF_8).length + 1L;
    }
    names = found;
  }

  /** The status; {@link #size} is the room that is needed, where there is too little. */
  private int get(long runtime, int what, MemorySegment into) {
    try {
      return (int) info.invokeExact(runtime, what, into.byteSize(), into.address(), size.address());
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
