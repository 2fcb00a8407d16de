package dev.baton.tck.conformance;

import dev.baton.delegate.Decline;
import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a delegate does with each operator in each type, as the kit's cases show. Safe for use by
 * several threads.
 */
final class SupportTable {
  /**
   * Of one operator in one type.
   *
   * @param cases that hold it
   * @param taken of these, those in which the delegate takes it
   * @param wrong of those that were run, those whose answer was wrong or which failed
   * @param maxError largest relative error of those that were run; of a case with several operators
   *     it counts for each
   * @param reasons why it was declined
   */
  record Cell(int cases, int taken, int wrong, double maxError, List<String> reasons) {}

  /** What became of a case. */
  private record Entry(List<WatchedDelegate.Said> said, @Nullable Answer answer) {}

  /**
   * How a case ran.
   *
   * @param relativeError NaN if there was no answer to compare
   */
  record Answer(boolean right, double relativeError) {}

  private record Use(String operator, String type, @Nullable Decline decline) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /** A case was placed; it may be run later. */
  synchronized void placed(String name, List<WatchedDelegate.Said> said) {
    Entry before = entries.get(name);
    entries.put(name, new Entry(said, before == null ? null : before.answer()));
  }

  /** A case was placed and run. */
  synchronized void ran(String name, List<WatchedDelegate.Said> said, Answer answer) {
    entries.put(name, new Entry(said, answer));
  }

  /** By operator, then by type. */
  synchronized Map<String, Map<String, Cell>> cells() {
    Map<String, Map<String, Sum>> sums = new TreeMap<>();
    for (Entry entry : entries.values()) {
      Map<Map.Entry<String, String>, List<Use>> uses = new LinkedHashMap<>();
      for (WatchedDelegate.Said said : entry.said()) {
        Use use = new Use(said.node().name(), type(said.node()), said.decline());
        uses.computeIfAbsent(Map.entry(use.operator(), use.type()), k -> new ArrayList<>())
            .add(use);
      }
      uses.forEach((key, all) ->
          sums.computeIfAbsent(key.getKey(), k -> new TreeMap<>())
              .computeIfAbsent(key.getValue(), k -> new Sum())
              .add(all, entry.answer()));
    }
    Map<String, Map<String, Cell>> cells = new TreeMap<>();
    sums.forEach((operator, byType) -> {
      Map<String, Cell> row = new TreeMap<>();
      byType.forEach((type, sum) -> row.put(type, sum.cell()));
      cells.put(operator, row);
    });
    return cells;
  }

  private static final class Sum {
    private int cases;
    private int taken;
    private int wrong;
    private double maxError;
    private final TreeSet<String> reasons = new TreeSet<>();

    void add(List<Use> uses, @Nullable Answer answer) {
      cases++;
      for (Use use : uses) {
        Decline decline = use.decline();
        if (decline != null) {
          reasons.add(decline.toString());
        }
      }
      if (uses.stream().anyMatch(u -> u.decline() == null)) {
        taken++;
        if (answer != null) {
          wrong += answer.right() ? 0 : 1;
          maxError =
              Math.max(maxError, Double.isNaN(answer.relativeError()) ? 0 : answer.relativeError());
        }
      }
    }

    Cell cell() {
      return new Cell(cases, taken, wrong, maxError, List.copyOf(reasons));
    }
  }

  /**
   * The type that a node is known by: of its first real tensor, else of its first, else of its
   * result; that of the integers behind it, if it is between dequantize and quantize.
   */
  static String type(Node node) {
    Value first = principal(node);
    if (first == null) {
      return "none";
    }
    Node producer = first.isConstant() ? null : first.producer();
    return producer != null && Quantization.isDequantize(producer)
        ? name(producer.inputs().getFirst().dtype()) + " quantized"
        : name(first.dtype());
  }

  private static @Nullable Value principal(Node node) {
    Value first = null;
    for (Value value : node.inputs()) {
      if (value.isTensor() && (value.dtype().isFloatingPoint() || value.dtype().isComplex())) {
        return value;
      }
      first = first == null && value.isTensor() ? value : first;
    }
    for (Value result : node.results()) {
      first = first == null && result.isTensor() ? result : first;
    }
    return first;
  }

  private static String name(DType dtype) {
    return switch (dtype) {
      case HALF -> "float16";
      case FLOAT -> "float32";
      case DOUBLE -> "float64";
      default -> dtype.name().toLowerCase(Locale.ROOT);
    };
  }
}
