package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Collects what the library measures of the executions that it is given to. */
public final class QnnProfile implements AutoCloseable {
  private static final int DETAILED = 2;

  /** What a value counts. */
  public enum Unit {
    MICROSECONDS,
    BYTES,
    CYCLES,
    COUNT,
    OTHER
  }

  /**
   * Something measured.
   *
   * @param parts of which it consists, such as nodes
   */
  public record Event(String name, Unit unit, long value, List<Event> parts) {
    public Event {
      parts = List.copyOf(parts);
    }
  }

  private final QnnLibrary library;
  private final long handle;

  /** Made on a backend that the caller keeps. */
  public QnnProfile(QnnBackend backend) throws QnnException {
    library = backend.library();
    handle =
        library.create(
            BackendFunction.PROFILE_CREATE,
            (h, out) -> (long) h.invokeExact(backend.handle(), DETAILED, out));
  }

  long handle() {
    return handle;
  }

  /** The events of the last execution. */
  public List<Event> events() throws QnnException {
    return events(BackendFunction.PROFILE_EVENTS, handle, 0);
  }

  private List<Event> events(BackendFunction function, long of, int depth) throws QnnException {
    List<Event> events = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ids = arena.allocate(JAVA_LONG);
      MemorySegment count = arena.allocate(JAVA_INT);
      library.call(function, h -> (long) h.invokeExact(of, ids.address(), count.address()));
      int n = NativeMemory.count(count, 0);
      if (n == 0) {
        return events;
      }
      MemorySegment all = NativeMemory.at(ids.get(JAVA_LONG, 0), n * JAVA_LONG.byteSize());
      for (int i = 0; i < n; i++) {
        events.add(event(all.getAtIndex(JAVA_LONG, i), depth, arena));
      }
    }
    return events;
  }

  private Event event(long id, int depth, Arena arena) throws QnnException {
    MemorySegment data = arena.allocate(Layouts.EVENT_BYTES, 8);
    library.call(BackendFunction.PROFILE_EVENT_DATA, h -> (long) h.invokeExact(id, data.address()));
    Unit unit =
        switch (data.get(JAVA_INT, Layouts.EVENT_UNIT)) {
          case 1 -> Unit.MICROSECONDS;
          case 2 -> Unit.BYTES;
          case 3 -> Unit.CYCLES;
          case 4 -> Unit.COUNT;
          default -> Unit.OTHER;
        };
    return new Event(
        NativeMemory.text(data, Layouts.EVENT_NAME),
        unit,
        data.get(JAVA_LONG, Layouts.EVENT_VALUE),
        depth > 2 ? List.of() : events(BackendFunction.PROFILE_SUB_EVENTS, id, depth + 1));
  }

  @Override
  public void close() {
    library.free(BackendFunction.PROFILE_FREE, h -> (long) h.invokeExact(handle));
  }
}
