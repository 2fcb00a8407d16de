package dev.baton.tck.container;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.cases.CaseResult;
import dev.baton.runtime.Placement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one run on a host showed.
 *
 * @param runners operators by who runs them, as {@link Placement#counts()} says
 * @param delegates those of them that are delegates, with the number of their subgraphs
 * @param unavailable delegates that cannot work there, by name
 * @param fallenBack subgraphs whose delegate failed in a run
 * @param golden true if the output is the expected one
 * @param detail how it compares, or what failed; one line, may be empty
 * @param failed true if there was no output, but an exception
 */
public record Observation(
    Map<String, Long> runners,
    Map<String, Long> delegates,
    Map<String, Unavailable> unavailable,
    List<String> fallenBack,
    boolean golden,
    String detail,
    boolean failed) {

  /**
   * Why a delegate cannot work.
   *
   * @param reason the name of a {@link dev.baton.delegate.Availability.Reason}
   */
  public record Unavailable(String reason, String message, String remedy) {}

  public Observation {
    runners = Map.copyOf(runners);
    delegates = Map.copyOf(delegates);
    unavailable = Map.copyOf(unavailable);
    fallenBack = List.copyOf(fallenBack);
  }

  /**
   * Of an application that has run a model.
   *
   * @param placement of the method that ran
   * @param golden true if the output is the expected one
   * @param detail how it compares, one line, may be empty
   */
  public static Observation of(Placement placement, boolean golden, String detail) {
    return of(placement, List.of(), golden, detail);
  }

  /** Of a case. */
  public static Observation of(CaseResult result) {
    String detail =
        result
            .firstFailure()
            .map(f -> "output " + f.output() + " of call " + f.call() + ": " + f.comparison())
            .orElseGet(() -> String.format("error %.2g", result.relativeError()));
    return of(result.placement(), result.fallenBack(), result.passed(), detail);
  }

  private static Observation of(
      Placement placement, List<String> fallenBack, boolean golden, String detail) {
    Map<String, Long> delegates = new TreeMap<>();
    placement.subgraphs().forEach(s -> delegates.merge(s.delegate(), 1L, Long::sum));
    Map<String, Unavailable> unavailable = new TreeMap<>();
    placement
        .unavailable()
        .forEach((name, a) ->
            unavailable.put(name, new Unavailable(a.reason().name(), a.message(), a.remedy())));
    return new Observation(
        placement.counts(), delegates, unavailable, fallenBack, golden, detail, false);
  }

  /** Of an application that threw. */
  public static Observation failed(Throwable failure) {
    return new Observation(Map.of(), Map.of(), Map.of(), List.of(), false, "" + failure, true);
  }

  /** One line that {@link #fromJson} reads. */
  String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("runners", runners);
    json.put("delegates", delegates);
    Map<String, Object> reasons = new TreeMap<>();
    unavailable.forEach((name, u) ->
        reasons.put(name, Map.of("reason", u.reason, "message", u.message, "remedy", u.remedy)));
    json.put("unavailable", reasons);
    json.put("fallenBack", fallenBack);
    json.put("golden", golden);
    json.put("detail", detail);
    json.put("failed", failed);
    try {
      return JSON.std.asString(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is no file
    }
  }

  static Observation fromJson(String line) throws IOException {
    Map<String, Object> json = JSON.std.mapFrom(line);
    Map<String, Unavailable> unavailable = new TreeMap<>();
    object(json.get("unavailable"))
        .forEach((name, value) -> {
          Map<?, ?> u = object(value);
          unavailable.put(
              "" + name,
              new Unavailable("" + u.get("reason"), "" + u.get("message"), "" + u.get("remedy")));
        });
    List<String> fallenBack =
        json.get("fallenBack") instanceof List<?> list
            ? list.stream().map(String::valueOf).toList()
            : List.of();
    return new Observation(
        counts(json.get("runners")),
        counts(json.get("delegates")),
        unavailable,
        fallenBack,
        Boolean.TRUE.equals(json.get("golden")),
        "" + json.get("detail"),
        Boolean.TRUE.equals(json.get("failed")));
  }

  private static Map<?, ?> object(@Nullable Object json) {
    return json instanceof Map<?, ?> map ? map : Map.of();
  }

  private static Map<String, Long> counts(@Nullable Object json) {
    Map<String, Long> counts = new TreeMap<>();
    object(json)
        .forEach((name, count) -> {
          if (count instanceof Number number) {
            counts.put("" + name, number.longValue());
          }
        });
    return counts;
  }
}
