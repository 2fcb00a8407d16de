package dev.baton.benchmarks.beside;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.management.ThreadMXBean;
import dev.baton.cli.PeakMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The other end of a {@link BenchProcess}, in Java. */
final class TurnServer {
  private static final int MAX_RUNS = 2_000_000;

  /** One run of the case. */
  interface Run<E extends Exception> {
    void run() throws E;
  }

  private TurnServer() {}

  /**
   * Says how the case began, and gives turns until stdin ends.
   *
   * @param start with the names of {@code baton bench --json}
   */
  static <E extends Exception> void serve(Map<String, Object> start, Run<E> run)
      throws E, IOException {
    long[] nanos = new long[MAX_RUNS];
    System.out.println(JSON.std.asString(start));
    BufferedReader turns =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = turns.readLine(); line != null; line = turns.readLine()) {
      System.out.println(JSON.std.asString(turn(nanos, Double.parseDouble(line), run)));
    }
  }

  private static <E extends Exception> Map<String, Object> turn(
      long[] nanos, double seconds, Run<E> run) throws E, IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    threads.getTotalThreadAllocatedBytes(); // once for nothing: it allocates itself at first
    long allocated = threads.getTotalThreadAllocatedBytes();
    long before = System.nanoTime();
    long until = before + (long) (seconds * 1e9);
    int runs = 0;
    while (runs < nanos.length && (before < until || runs == 0)) {
      run.run();
      long after = System.nanoTime();
      nanos[runs++] = after - before;
      before = after;
    }
    allocated = threads.getTotalThreadAllocatedBytes() - allocated;
    long[] sorted = Arrays.copyOf(nanos, runs);
    Arrays.sort(sorted);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("medianMicros", sorted[runs / 2] / 1e3);
    json.put("runs", runs);
    json.put("heapBytesPerRun", (double) allocated / runs);
    PeakMemory.residentBytes().ifPresent(bytes -> json.put("peakResidentBytes", bytes));
    return json;
  }
}
