package dev.baton.devtools.etdump;

import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.ProfileEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.runtime.profile.Quantiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sums up the blocks of an ETDump. */
public final class EtDumpTable {
  private record Key(String block, String name, Place place) {}

  /**
   * An event of the blocks of one name.
   *
   * @param blocks in how many blocks it is
   * @param p50Ticks of its times in a block, the median over the blocks
   * @param p90Ticks nine tenths were as fast
   */
  public record Row(
      String block, String name, Place place, int blocks, long p50Ticks, long p90Ticks) {}

  private EtDumpTable() {}

  /** A row for each event that takes time, in the order in which they are first met. */
  public static List<Row> of(EtDump dump) {
    Map<Key, List<Long>> times = new LinkedHashMap<>();
    for (RunData run : dump.runs()) {
      Map<Key, Long> sums = new LinkedHashMap<>();
      for (EtDump.Event event : run.events()) {
        if (event instanceof ProfileEvent profile) {
          Key key = new Key(run.name(), profile.name(), profile.place());
          sums.merge(key, profile.ticks(), Long::sum);
        }
      }
      sums.forEach((key, ticks) -> times.computeIfAbsent(key, k -> new ArrayList<>()).add(ticks));
    }
    List<Row> rows = new ArrayList<>();
    times.forEach((key, all) -> {
      long[] nanos = all.stream().mapToLong(Long::longValue).toArray();
      rows.add(
          new Row(
              key.block,
              key.name,
              key.place,
              nanos.length,
              Quantiles.of(nanos, 0.5),
              Quantiles.of(nanos, 0.9)));
    });
    return rows;
  }
}
