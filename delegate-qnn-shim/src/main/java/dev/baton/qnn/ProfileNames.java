package dev.baton.qnn;

import dev.baton.delegate.RunContext;
import dev.baton.qnn.ffi.QnnProfile.Event;
import dev.baton.qnn.ffi.QnnProfile.Unit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes what the library measured into the host's profile. Only how long things took is told, not
 * when: parts are laid out one behind the other from the start of the run. What is counted in
 * cycles gets its share of the longest part that is told in time.
 */
final class ProfileNames {
  /** What the library counts in, which is not what the profile has. */
  private static final String CYCLES = " (cycles)";

  private final Map<String, String> names = new HashMap<>();

  void record(List<Event> events, long start, long nanos, RunContext into) {
    // Parts do not hold each other: totals are told where nodes are not.
    boolean nodes = events.stream().anyMatch(e -> !e.parts().isEmpty());
    for (Event event : events) {
      if (!nodes && event.unit() == Unit.MICROSECONDS && event.value() * 1000 <= nanos) {
        into.record(-1, name(event), start, event.value() * 1000);
      }
    }
    for (Event event : events) {
      long cycles =
          event.parts().stream().filter(p -> p.unit() == Unit.CYCLES).mapToLong(Event::value).sum();
      long whole = event.unit() == Unit.MICROSECONDS ? event.value() * 1000 : nanos;
      long at = start;
      for (int i = 0; i < event.parts().size(); i++) {
        Event part = event.parts().get(i);
        long time =
            switch (part.unit()) {
              case MICROSECONDS -> part.value() * 1000;
              case CYCLES -> cycles == 0 ? 0 : (long) ((double) whole * part.value() / cycles);
              default -> 0;
            };
        if (time > 0 && at + time <= start + nanos) {
          into.record(i, name(part), at, time);
          at += time;
        }
      }
    }
  }

  private String name(Event event) {
    return names.computeIfAbsent(
        event.name(), n -> n.endsWith(CYCLES) ? n.substring(0, n.length() - CYCLES.length()) : n);
  }
}
