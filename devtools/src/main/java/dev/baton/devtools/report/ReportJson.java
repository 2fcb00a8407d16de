package dev.baton.devtools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A report as JSON, both ways. What is null is left out; the same report gives the same text. */
public final class ReportJson {
  private static final JSON JSON_OF_RECORDS = JSON.std;

  /** Components of a report's records that may be null. */
  private static final Set<String> NULLABLE =
      Set.of("errors", "source", "maximum", "mean", "snr", "cosine");

  private ReportJson() {}

  /** One line of JSON. */
  public static String write(ModelReport report) throws IOException {
    return JSON_OF_RECORDS.asString(report);
  }

  /** One line of JSON. */
  public static String write(ReportDifference difference) throws IOException {
    return JSON_OF_RECORDS.asString(difference);
  }

  /**
   * The inverse of {@link #write(ModelReport)}. Fields that this version does not know are skipped.
   *
   * @throws IOException if it is no JSON, or no report of this version
   */
  public static ModelReport read(String json) throws IOException {
    ModelReport report;
    try {
      report = JSON_OF_RECORDS.beanFrom(ModelReport.class, json);
    } catch (JsonProcessingException e) {
      throw new IOException("no report of a model: 'baton view --json FILE' writes one", e);
    }
    if (report == null || report.version() != ModelReport.VERSION) {
      throw new IOException(
          "no report of a model of version "
              + ModelReport.VERSION
              + ": 'baton view --json FILE' writes one");
    }
    try {
      requireWhole(report, "report");
      requireReferences(report);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new IOException("a damaged report of a model: " + e.getMessage(), e);
    }
    return report;
  }

  /** Refuses null where a record does not allow it. */
  private static void requireWhole(Object value, String place) {
    switch (value) {
      case List<?> items -> {
        for (int i = 0; i < items.size(); i++) {
          requireWhole(items.get(i), place + "[" + i + "]");
        }
      }
      case Record object -> {
        for (RecordComponent component : object.getClass().getRecordComponents()) {
          String name = place + "." + component.getName();
          Object part = part(object, component);
          if (part != null) {
            requireWhole(part, name);
          } else if (!NULLABLE.contains(component.getName())) {
            throw new IllegalArgumentException(name + " is missing");
          }
        }
      }
      default -> {}
    }
  }

  private static @Nullable Object part(Record object, RecordComponent component) {
    try {
      return component.getAccessor().invoke(object);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Refuses positions that nothing stands at. */
  private static void requireReferences(ModelReport report) {
    int blocks = report.blocks().size();
    int values = report.values().size();
    int nodes = report.nodes().size();
    for (ModelReport.Block block : report.blocks()) {
      block.reads().forEach(a -> Objects.checkIndex(a.value(), values));
      block.writes().forEach(a -> Objects.checkIndex(a.value(), values));
    }
    for (ModelReport.Value value : report.values()) {
      Objects.checkIndex(value.block(), blocks);
      Objects.checkIndex(value.producer() + 1, nodes + 1);
    }
    for (ModelReport.Node node : report.nodes()) {
      Objects.checkIndex(node.block(), blocks);
      node.results().forEach(v -> Objects.checkIndex(v, values));
      node.arguments().forEach(a -> a.values().forEach(v -> Objects.checkIndex(v, values)));
    }
    for (ModelReport.Step step : report.steps()) {
      step.nodes().forEach(n -> Objects.checkIndex(n, nodes));
    }
    report.runs().timeline().forEach(e -> Objects.checkIndex(e.step(), report.steps().size()));
    if (report.errors() != null) {
      report.errors().nodes().forEach(e -> Objects.checkIndex(e.node(), nodes));
    }
  }

  /** Reads a file that holds what {@link #write(ModelReport)} gives. */
  public static ModelReport read(Path file) throws IOException {
    try {
      return read(Files.readString(file));
    } catch (java.nio.charset.CharacterCodingException e) {
      throw new IOException(file + ": no report of a model: it is no text", e);
    } catch (java.nio.file.FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
