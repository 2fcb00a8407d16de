package dev.baton.devtools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.runtime.Placement;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How far operators are from a reference's, as a comparison ({@code DebugReport.json}) tells it.
 *
 * @param reference what was compared with, for people
 * @param nodes each operator by itself; what was only compared as a part of a step has the error of
 *     the step, at its last operator. Of several calls, the largest error
 * @param names of those operators, by position
 */
public record NodeErrors(
    String method, String reference, List<NodeError> nodes, Map<Integer, String> names) {
  public NodeErrors {
    nodes = List.copyOf(nodes);
    names = Map.copyOf(names);
  }

  /**
   * Reads what {@code baton debug --out FOLDER} writes as {@code report.json}.
   *
   * @throws IOException if it is no JSON, or no such report
   */
  public static NodeErrors read(Path file) throws IOException {
    Map<String, Object> report;
    try {
      report = JSON.std.mapFrom(Files.readString(file));
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw new IOException(file + ": no report of 'baton debug': " + e.getMessage(), e);
    }
    if (!(report.get("method") instanceof String method)
        || !(report.get("reference") instanceof String reference)
        || !(report.get("operators") instanceof List<?> operators)
        || !(report.get("steps") instanceof List<?> steps)) {
      throw new IOException(
          file + ": no report of 'baton debug': 'baton debug MODEL --out FOLDER' writes one");
    }
    Map<Integer, String> names = new TreeMap<>();
    Map<Integer, NodeError> alone = new TreeMap<>();
    operators.forEach(step -> add(step, alone, names));
    Map<Integer, NodeError> together = new TreeMap<>();
    steps.forEach(step -> add(step, together, names));
    together.forEach(alone::putIfAbsent);
    return new NodeErrors(method, reference, List.copyOf(alone.values()), names);
  }

  /** True if a placement has these operators where they were compared: of one program, it has. */
  public boolean isOf(Placement placement) {
    return names.entrySet().stream()
        .allMatch(e ->
            e.getKey() < placement.operators().size()
                && placement.operators().get(e.getKey()).name().equals(e.getValue()));
  }

  private static void add(
      @Nullable Object step, Map<Integer, NodeError> errors, Map<Integer, String> names) {
    if (at(step, "operators") instanceof List<?> all
        && !all.isEmpty()
        && at(all.getLast(), "position") instanceof Number position
        && position.intValue() >= 0) {
      names.put(position.intValue(), String.valueOf(at(all.getLast(), "name")));
      Object figures = at(step, "error");
      NodeError error =
          new NodeError(
              position.intValue(),
              at(step, "result") instanceof Number result ? result.intValue() : 0,
              number(figures, "maxAbsolute"),
              number(figures, "meanAbsolute"),
              number(figures, "snrDecibels"),
              number(figures, "cosine"),
              more(figures, "nan", "nanReference"),
              more(figures, "infinite", "infiniteReference"));
      errors.merge(error.node(), error, (a, b) -> isWorse(b, a) ? b : a);
    }
  }

  private static boolean isWorse(NodeError one, NodeError other) {
    return Double.compare(size(one), size(other)) > 0;
  }

  private static double size(NodeError error) {
    Double maximum = error.maximum();
    return error.nans() + error.infinities() > 0 || maximum == null
        ? Double.POSITIVE_INFINITY
        : maximum;
  }

  private static @Nullable Object at(@Nullable Object value, String key) {
    return value instanceof Map<?, ?> map ? map.get(key) : null;
  }

  /** Null for what is no finite number. */
  private static @Nullable Double number(@Nullable Object figures, String key) {
    return at(figures, key) instanceof Number n ? (Double) n.doubleValue() : null;
  }

  private static long more(@Nullable Object figures, String here, String there) {
    return at(figures, here) instanceof Number a && at(figures, there) instanceof Number b
        ? Math.max(0, a.longValue() - b.longValue())
        : 0;
  }
}
