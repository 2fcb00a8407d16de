package dev.baton.devtools.view;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.devtools.report.ModelReport;
import dev.baton.devtools.report.ReportDifference;
import dev.baton.devtools.report.ReportJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A report as one page of HTML that holds all it needs: data, styles, scripts and the libraries
 * they use. The same report gives the same page.
 *
 * <p>Whatever comes from a model is data: it lies in a script of type JSON, in which {@code <}
 * cannot occur, and is shown as text alone. Besides, the page's own policy
 * (Content-Security-Policy) lets nothing run but its scripts, which it names by digest, and lets
 * nothing be loaded.
 */
public final class ReportPage {
  private static final List<String> STYLES = List.of("lib/uplot.css", "viewer.css");

  private static final List<String> SCRIPTS =
      List.of(
          "lib/cytoscape.js",
          "lib/uplot.js",
          "model.js",
          "panel.js",
          "graph.js",
          "charts.js",
          "changes.js",
          "viewer.js");

  private static final List<String> LICENSES =
      List.of("lib/cytoscape.license", "lib/uplot.license");

  private ReportPage() {}

  /** The page of a report. */
  public static String of(ModelReport report) throws IOException {
    return of(report, null);
  }

  /**
   * The page of a report.
   *
   * @param before an earlier report that it is compared with; null for none
   * @throws IOException if a part of the page is missing in this installation
   */
  public static String of(ModelReport report, @Nullable ModelReport before) throws IOException {
    List<String> scripts = new ArrayList<>();
    for (String script : SCRIPTS) {
      scripts.add(resource(script));
    }
    StringBuilder policy =
        new StringBuilder(
            "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
                + "style-src 'unsafe-inline'; script-src");
    scripts.forEach(s -> policy.append(" 'sha256-").append(digest(s)).append('\''));
    StringBuilder body = new StringBuilder();
    data(body, "report", ReportJson.write(report));
    data(body, "drawings", JSON.std.asString(new GraphLayout(report).all()));
    data(
        body,
        "difference",
        before == null ? "null" : ReportJson.write(ReportDifference.of(before, report)));
    scripts.forEach(s -> body.append("<script>").append(s).append("</script>\n"));
    StringBuilder head = new StringBuilder();
    for (String style : STYLES) {
      head.append("<style>\n").append(resource(style)).append("</style>\n");
    }
    StringBuilder licenses = new StringBuilder();
    for (String license : LICENSES) {
      licenses.append(resource(license)).append('\n');
    }
    String[] parts = resource("viewer.html").split("@", -1);
    StringBuilder page = new StringBuilder();
    for (String part : parts) {
      switch (part) {
        case "LICENSES" -> page.append(licenses.toString().replace("--", "- -"));
        case "POLICY" -> page.append(policy);
        case "TITLE" -> page.append(escape(report.model() + " " + report.method()));
        case "HEAD" -> page.append(head);
        case "BODY" -> page.append(body);
        default -> page.append(part);
      }
    }
    return page.toString();
  }

  private static void data(StringBuilder body, String id, String json) {
    body.append("<script type=\"application/json\" id=\"")
        .append(id)
        .append("\">")
        .append(
            json.replace("&", "\\u0026")
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029"))
        .append("</script>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String digest(String script) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return Base64.getEncoder()
          .encodeToString(sha.digest(script.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ReportPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("a part of the viewer is missing in this installation: " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
  }
}
