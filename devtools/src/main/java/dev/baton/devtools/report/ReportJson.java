package dev.baton.devtools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A report as JSON, both ways. What is null is left out; the same report gives the same text. */
public final class ReportJson {
  private static final JSON JSON_OF_RECORDS = JSON.std;

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
      throw new IOException("no report of a model: " + e.getMessage(), e);
    }
    if (report == null || report.version() != ModelReport.VERSION) {
      throw new IOException(
          "no report of a model of version "
              + ModelReport.VERSION
              + ": 'baton view --json FILE' writes one");
    }
    return report;
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
