package dev.example.openvino.ffi;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A version of OpenVINO: {@code 2026.4}.
 *
 * @param year 2000 and later
 * @param release the number in the year
 */
public record OpenvinoVersion(int year, int release) implements Comparable<OpenvinoVersion> {
  /** The oldest that this binding calls: before it, element types had other numbers. */
  public static final OpenvinoVersion OLDEST = new OpenvinoVersion(2025, 0);

  /** The newest that this was tested with. */
  public static final OpenvinoVersion TESTED = new OpenvinoVersion(2026, 4);

  private static final Pattern BUILD = Pattern.compile("(20\\d\\d)\\.(\\d+)\\..*", Pattern.DOTALL);

  /** The end of {@code libopenvino_c.so.2641}. */
  private static final Pattern FILE = Pattern.compile(".*\\.(\\d\\d)(\\d)\\d(\\.dylib)?");

  /** Reads {@code 2026.4.1-21940-abc}; null if it is something else. */
  static @Nullable OpenvinoVersion ofBuild(String build) {
    Matcher parts = BUILD.matcher(build);
    return parts.matches()
        ? new OpenvinoVersion(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)))
        : null;
  }

  /** The version that a library's file name tells; null if it tells none. */
  public static @Nullable OpenvinoVersion ofFile(Path library) {
    Matcher parts = FILE.matcher(String.valueOf(library.getFileName()));
    return parts.matches()
        ? new OpenvinoVersion(
            2000 + Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)))
        : null;
  }

  @Override
  public int compareTo(OpenvinoVersion other) {
    return year != other.year
        ? Integer.compare(year, other.year)
        : Integer.compare(release, other.release);
  }

  @Override
  public String toString() {
    return year + "." + release;
  }
}
