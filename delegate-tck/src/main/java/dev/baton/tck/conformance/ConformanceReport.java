package dev.baton.tck.conformance;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.runtime.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the kit found out about a delegate, as text, JSON and one HTML page that needs nothing else.
 * Safe for use by several threads.
 */
final class ConformanceReport {
  /** What became of a test. */
  enum Status {
    PASSED,
    FAILED,
    /** It could not be tested here; the message says why. */
    ABORTED
  }

  /**
   * @param test its name within the rule; empty where the rule is one test
   */
  record Result(String rule, String test, Status status, String message, long nanos) {}

  /** A rule with its tests. */
  record Rule(String name, Status status, List<Result> results) {
    long count(Status of) {
      return results.stream().filter(r -> r.status() == of).count();
    }

    double millis() {
      return results.stream().mapToLong(Result::nanos).sum() / 1e6;
    }

    /** Of the tests that did not pass; the reason once, where nothing could be tested. */
    List<String> messages() {
      Set<String> messages = new LinkedHashSet<>();
      for (Result result : results) {
        if (result.status() == Status.FAILED || status == Status.ABORTED) {
          messages.add((result.test().isEmpty() ? "" : result.test() + ": ") + result.message());
        }
        if (status == Status.ABORTED) {
          break;
        }
      }
      return List.copyOf(messages);
    }
  }

  /** Who was tested, where. */
  record Subject(
      String delegate,
      String delegateClass,
      String availability,
      Map<String, String> options,
      Set<String> cannot) {}

  private static final int MOST_EVENTS = 20;

  private final List<Result> results = new ArrayList<>();
  private final Map<String, Map<String, Integer>> events = new TreeMap<>();
  private final SupportTable support = new SupportTable();

  SupportTable support() {
    return support;
  }

  synchronized void add(Result result) {
    results.add(result);
  }

  /** Something that the runtime told while a rule was tested. */
  synchronized void event(Event event) {
    if (!(event instanceof Event.Loaded || event instanceof Event.Progress)) {
      Map<String, Integer> ofKind =
          events.computeIfAbsent(event.getClass().getSimpleName(), k -> new LinkedHashMap<>());
      if (ofKind.size() < MOST_EVENTS || ofKind.containsKey(event.message())) {
        ofKind.merge(event.message(), 1, Integer::sum);
      }
    }
  }

  /** By rule, in the order in which they were tested. */
  synchronized List<Rule> rules() {
    Map<String, List<Result>> byRule = new LinkedHashMap<>();
    results.forEach(r -> byRule.computeIfAbsent(r.rule(), k -> new ArrayList<>()).add(r));
    List<Rule> rules = new ArrayList<>();
    byRule.forEach((name, all) -> rules.add(new Rule(name, status(all), List.copyOf(all))));
    return rules;
  }

  private static Status status(List<Result> results) {
    for (Status status : List.of(Status.FAILED, Status.PASSED)) {
      if (results.stream().anyMatch(r -> r.status() == status)) {
        return status;
      }
    }
    return Status.ABORTED;
  }

  /**
   * Writes {@code NAME.txt}, {@code NAME.json} and {@code NAME.html}.
   *
   * @param folder made if it is not there
   */
  void write(Path folder, String name, Subject subject) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".txt"), text(subject));
    Files.writeString(
        folder.resolve(name + ".json"),
        JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json(subject)) + "\n");
    Files.writeString(folder.resolve(name + ".html"), html(subject));
  }

  private static String host() {
    return "%s %s, Java %s"
        .formatted(
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            System.getProperty("java.version"));
  }

  // ---- text

  private String text(Subject subject) {
    StringBuilder text = new StringBuilder();
    text.append("Delegate '%s' (%s)\n".formatted(subject.delegate(), subject.delegateClass()));
    text.append("Host: %s\n".formatted(host()));
    text.append("Availability: %s\n".formatted(subject.availability()));
    if (!subject.options().isEmpty()) {
      text.append("Options: %s\n".formatted(subject.options()));
    }
    if (!subject.cannot().isEmpty()) {
      text.append("Declared as what it cannot: %s\n".formatted(subject.cannot()));
    }
    text.append("\nRules\n");
    for (Rule rule : rules()) {
      text.append(
          "  %-8s %-38s %4d passed %4d failed %4d not tested %8.0f ms\n"
              .formatted(
                  rule.status(),
                  rule.name(),
                  rule.count(Status.PASSED),
                  rule.count(Status.FAILED),
                  rule.count(Status.ABORTED),
                  rule.millis()));
      rule.messages().forEach(m -> text.append("           %s\n".formatted(oneLine(m))));
    }
    text.append(
        """

        Operators: of the cases that hold one in a type, how many are taken, the largest relative error against PyTorch
        """);
    support
        .cells()
        .forEach((operator, row) -> {
          text.append("  %s\n".formatted(operator));
          row.forEach((type, cell) -> {
            text.append("    %-18s %s\n".formatted(type, summary(cell)));
            cell.reasons().forEach(r -> text.append("      declined: %s\n".formatted(oneLine(r))));
          });
        });
    text.append("\nEvents\n");
    eventCounts()
        .forEach((kind, messages) ->
            messages.forEach((message, count) ->
                text.append("  %s, %d times: %s\n".formatted(kind, count, oneLine(message)))));
    return text.toString();
  }

  private static String summary(SupportTable.Cell cell) {
    return cell.taken() == 0
        ? "declined (%d cases)".formatted(cell.cases())
        : "taken %d of %d, %s, error %s"
            .formatted(
                cell.taken(),
                cell.cases(),
                cell.wrong() == 0 ? "right" : cell.wrong() + " wrong",
                String.format(Locale.ROOT, "%.2g", cell.maxError()));
  }

  private static String oneLine(String message) {
    return message.replaceAll("\\s+", " ").strip();
  }

  private synchronized Map<String, Map<String, Integer>> eventCounts() {
    Map<String, Map<String, Integer>> copy = new TreeMap<>();
    events.forEach((kind, messages) -> copy.put(kind, new LinkedHashMap<>(messages)));
    return copy;
  }

  // ---- JSON

  private Map<String, Object> json(Subject subject) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("delegate", subject.delegate());
    json.put("class", subject.delegateClass());
    json.put("host", host());
    json.put("availability", subject.availability());
    json.put("options", subject.options());
    json.put("cannot", List.copyOf(subject.cannot()));
    List<Object> rules = new ArrayList<>();
    for (Rule rule : rules()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("rule", rule.name());
      one.put("status", rule.status().name().toLowerCase(Locale.ROOT));
      one.put("passed", rule.count(Status.PASSED));
      one.put("failed", rule.count(Status.FAILED));
      one.put("notTested", rule.count(Status.ABORTED));
      one.put("millis", Math.round(rule.millis()));
      one.put("messages", rule.messages());
      rules.add(one);
    }
    json.put("rules", rules);
    Map<String, Object> operators = new LinkedHashMap<>();
    support
        .cells()
        .forEach((operator, row) -> {
          Map<String, Object> types = new LinkedHashMap<>();
          row.forEach((type, cell) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("cases", cell.cases());
            one.put("taken", cell.taken());
            one.put("wrong", cell.wrong());
            one.put("maxRelativeError", cell.maxError());
            one.put("declined", cell.reasons());
            types.put(type, one);
          });
          operators.put(operator, types);
        });
    json.put("operators", operators);
    json.put("events", eventCounts());
    return json;
  }

  // ---- HTML

  private static final String STYLE =
      """
      body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #1b1f24 }
      table { border-collapse: collapse; margin: 1em 0 } th, td { border: 1px solid #d0d7de; padding: .25em .6em; text-align: left; vertical-align: top }
      th { background: #f6f8fa } td.n { text-align: right } code { font-size: 13px }
      .passed, .taken { background: #dafbe1 } .failed, .wrong { background: #ffd7d5 } .aborted, .declined { background: #f6f8fa; color: #656d76 } .part { background: #fff8c5 }
      ul { margin: .2em 0; padding-left: 1.2em }
      @media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } th, .aborted, .declined { background: #161b22; color: #8d96a0 }
        .passed, .taken { background: #12361f } .failed, .wrong { background: #5c1a1b } .part { background: #3d3206 } th, td { border-color: #30363d } }
      """;

  private String html(Subject subject) {
    StringBuilder html = new StringBuilder();
    String title = "Delegate '" + subject.delegate() + "'";
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>")
        .append(escaped(title))
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style></head><body>\n<h1>")
        .append(escaped(title))
        .append("</h1>\n<p><code>")
        .append(escaped(subject.delegateClass()))
        .append("</code>, ")
        .append(escaped(host()))
        .append("<br>")
        .append(escaped(subject.availability()))
        .append("</p>\n");
    if (!subject.options().isEmpty()) {
      html.append("<p>Options: ").append(escaped(subject.options().toString())).append("</p>\n");
    }
    if (!subject.cannot().isEmpty()) {
      html.append("<p>Declared as what it cannot: ")
          .append(escaped(String.join(", ", subject.cannot())))
          .append("</p>\n");
    }
    rulesHtml(html);
    operatorsHtml(html);
    html.append("<h2>Events</h2>\n<ul>\n");
    eventCounts()
        .forEach((kind, messages) ->
            messages.forEach((message, count) ->
                html.append(
                    "<li><b>%s</b>, %d times: %s</li>\n"
                        .formatted(kind, count, escaped(message)))));
    return html.append("</ul>\n</body></html>\n").toString();
  }

  private void rulesHtml(StringBuilder html) {
    html.append(
        "<h2>Rules</h2>\n<table><tr><th>Rule</th><th></th><th>passed</th><th>failed</th><th>not tested</th><th>ms</th><th></th></tr>\n");
    for (Rule rule : rules()) {
      String status = rule.status().name().toLowerCase(Locale.ROOT);
      html.append(
          "<tr class=\"%s\"><td>%s</td><td>%s</td><td class=\"n\">%d</td><td class=\"n\">%d</td><td class=\"n\">%d</td><td class=\"n\">%.0f</td><td><ul>"
              .formatted(
                  status,
                  escaped(rule.name()),
                  status.equals("aborted") ? "not tested" : status,
                  rule.count(Status.PASSED),
                  rule.count(Status.FAILED),
                  rule.count(Status.ABORTED),
                  rule.millis()));
      rule.messages().forEach(m -> html.append("<li>").append(escaped(m)).append("</li>"));
      html.append("</ul></td></tr>\n");
    }
    html.append("</table>\n");
  }

  private void operatorsHtml(StringBuilder html) {
    Map<String, Map<String, SupportTable.Cell>> cells = support.cells();
    Set<String> types = new java.util.TreeSet<>();
    cells.values().forEach(row -> types.addAll(row.keySet()));
    html.append(
        """
        <h2>Operators</h2>
        <p>How many of the cases that hold an operator in a type the delegate takes, and the largest relative error against
        PyTorch; a case with several operators counts for each. Reasons for what it declines appear under the pointer.</p>
        <table><tr><th>Operator</th>\
        """);
    types.forEach(type -> html.append("<th>").append(escaped(type)).append("</th>"));
    html.append("</tr>\n");
    cells.forEach((operator, row) -> {
      html.append("<tr><td><code>").append(escaped(operator)).append("</code></td>");
      for (String type : types) {
        SupportTable.Cell cell = row.get(type);
        html.append(
            cell == null
                ? "<td></td>"
                : "<td class=\"%s\" title=\"%s\">%s</td>"
                    .formatted(
                        kind(cell),
                        escaped(String.join("\n", cell.reasons())),
                        cell.taken() == 0
                            ? "0/" + cell.cases()
                            : escaped(
                                "%d/%d%s %s"
                                    .formatted(
                                        cell.taken(),
                                        cell.cases(),
                                        cell.wrong() == 0 ? "" : ", " + cell.wrong() + " wrong,",
                                        String.format(Locale.ROOT, "%.1g", cell.maxError())))));
      }
      html.append("</tr>\n");
    });
    html.append("</table>\n");
  }

  private static String kind(SupportTable.Cell cell) {
    if (cell.wrong() > 0) {
      return "wrong";
    }
    return cell.taken() == 0 ? "declined" : cell.taken() == cell.cases() ? "taken" : "part";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
