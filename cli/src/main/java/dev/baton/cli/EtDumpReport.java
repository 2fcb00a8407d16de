package dev.baton.cli;

import dev.baton.devtools.etdump.EtDump;
import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDumpTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** An ETDump for people and as JSON. */
final class EtDumpReport {
  private EtDumpReport() {}

  static List<String> text(String file, EtDump dump) {
    List<String> lines = new ArrayList<>();
    Map<String, Integer> blocks = blocks(dump);
    lines.add(
        file
            + ": ETDump, "
            + String.join(
                ", ",
                blocks.entrySet().stream()
                    .map(b -> Text.count(b.getValue(), "block") + " " + b.getKey())
                    .toList()));
    long debug = count(dump, EtDump.DebugEvent.class);
    long allocations = count(dump, EtDump.AllocationEvent.class);
    if (debug + allocations > 0) {
      lines.add(Text.count(debug, "value") + ", " + Text.count(allocations, "allocation"));
    }
    lines.add("times in us, if the runtime's clock ticks in nanoseconds, as it mostly does");
    String block = "";
    for (EtDumpTable.Row row : EtDumpTable.of(dump)) {
      if (!row.block().equals(block)) {
        block = row.block();
        lines.add("");
        lines.add(
            Text.format(
                "%12s %12s %11s  %s", "p50 us", "p90 us", "instruction", "event of " + block));
      }
      Place place = row.place();
      lines.add(
          Text.format(
              "%12.1f %12.1f %11s  %s",
              row.p50Ticks() / 1e3,
              row.p90Ticks() / 1e3,
              place.chain() < 0 || place.instruction() < 0 ? "" : place.instruction(),
              name(row)
                  + (row.blocks() < Objects.requireNonNullElse(blocks.get(block), 0)
                      ? " (in " + Text.count(row.blocks(), "block") + ")"
                      : "")));
    }
    return lines;
  }

  private static String name(EtDumpTable.Row row) {
    Place place = row.place();
    if (!place.isDelegated()) {
      return row.name();
    }
    String operator = place.delegateName().isEmpty() ? row.name() : place.delegateName();
    return "  " + operator + (place.delegateId() < 0 ? "" : " [" + place.delegateId() + "]");
  }

  private static Map<String, Integer> blocks(EtDump dump) {
    Map<String, Integer> blocks = new LinkedHashMap<>();
    dump.runs().forEach(r -> blocks.merge(r.name(), 1, Integer::sum));
    return blocks;
  }

  private static long count(EtDump dump, Class<? extends EtDump.Event> kind) {
    return dump.runs().stream().flatMap(r -> r.events().stream()).filter(kind::isInstance).count();
  }

  static Map<String, Object> json(EtDump dump) {
    return Json.object(
        "version",
        dump.version(),
        "blocks",
        blocks(dump),
        "values",
        count(dump, EtDump.DebugEvent.class),
        "allocations",
        count(dump, EtDump.AllocationEvent.class),
        "rows",
        EtDumpTable.of(dump).stream()
            .map(r ->
                Json.object(
                    "block",
                    r.block(),
                    "name",
                    r.name(),
                    "instruction",
                    r.place().instruction(),
                    "delegateId",
                    r.place().delegateId(),
                    "delegateName",
                    r.place().delegateName(),
                    "blocks",
                    r.blocks(),
                    "p50Ticks",
                    r.p50Ticks(),
                    "p90Ticks",
                    r.p90Ticks()))
            .toList());
  }
}
