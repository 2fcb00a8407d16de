package dev.baton.devtools.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.devtools.report.ModelReport;
import dev.baton.devtools.report.ReportJson;
import dev.baton.devtools.report.Reports;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page's text; {@link ViewerTest} opens it. */
class ReportPageTest {
  private static final String HOSTILE =
      "</script><img src=x onerror=\"alert(1)\">@BODY@\u2028&<!--";

  private static String data(String page, String id) {
    Matcher found =
        Pattern.compile("<script type=\"application/json\" id=\"" + id + "\">(.*?)</script>")
            .matcher(page);
    assertTrue(found.find(), id);
    return Objects.requireNonNull(found.group(1));
  }

  @Test
  void theSameReportGivesTheSamePage() throws IOException {
    assertEquals(ReportPage.of(Reports.transformer(80)), ReportPage.of(Reports.transformer(80)));
  }

  @Test
  void nothingIsLoaded() throws IOException {
    String page = ReportPage.of(Reports.transformer(80));
    assertTrue(page.contains("default-src 'none'"));
    assertFalse(
        Pattern.compile("<(script|img|link|iframe)[^>]*\\s(src|href)=").matcher(page).find());
    assertFalse(page.contains("@import"));
  }

  @Test
  void aPageHoldsItsReport() throws IOException {
    ModelReport report = Reports.transformer(80);
    String page = ReportPage.of(report, Reports.transformer(60));
    assertEquals(report, ReportJson.read(data(page, "report")));
    assertTrue(data(page, "difference").contains("\"figures\""));
    assertEquals("null", data(ReportPage.of(report), "difference"));
  }

  @Test
  void namesOfHostileFilesStayData() throws IOException {
    String calm = ReportPage.of(Reports.transformer(60));
    ModelReport report = Reports.transformer(60, HOSTILE, HOSTILE, 2);
    String page = ReportPage.of(report);
    // As many elements as without: nothing that a file says begins or ends one.
    assertEquals(calm.split("<script").length, page.split("<script").length);
    assertEquals(calm.split("</script").length, page.split("</script").length);
    assertFalse(page.contains("<img"));
    assertFalse(data(page, "report").contains("\u2028"));
    assertEquals(report, ReportJson.read(data(page, "report")));
    assertTrue(page.contains("<title>&lt;/script&gt;"));
  }

  @Test
  void graphsOfManyThousandOperatorsAreDrawn() {
    ModelReport report = Reports.transformer(10_000);
    Drawing all = new GraphLayout(report).all().getFirst();
    assertTrue(all.boxes().size() >= report.nodes().size());
    assertEquals(
        all.boxes().size(), all.boxes().stream().map(b -> b.x() + " " + b.y()).distinct().count());
  }

  @Test
  void drawingsHoldEveryOperatorOnce() throws IOException {
    ModelReport report = Reports.transformer(200);
    List<Drawing> drawings = new GraphLayout(report).all();
    assertEquals(
        List.of("Operators", "Subgraphs", "Modules, depth 1", "Modules, depth 2"),
        drawings.stream().map(Drawing::name).toList());
    for (Drawing drawing : drawings) {
      Set<Integer> met = new HashSet<>();
      for (Drawing.Box box : drawing.boxes()) {
        box.nodes().forEach(n -> assertTrue(met.add(n)));
        assertTrue(Double.isFinite(box.x()) && Double.isFinite(box.y()));
      }
      assertEquals(report.nodes().size(), met.size());
      for (Drawing.Line line : drawing.lines()) {
        assertTrue(line.from() != line.to() && line.values() > 0);
        assertTrue(line.points().size() >= 4);
      }
    }
    assertFalse(JSON.std.asString(drawings).contains("NaN"));
  }

  @Test
  void boxesDoNotOverlap() {
    for (Drawing drawing : new GraphLayout(Reports.transformer(150)).all()) {
      List<Drawing.Box> boxes = drawing.boxes();
      for (int i = 0; i < boxes.size(); i++) {
        for (int j = 0; j < i; j++) {
          Drawing.Box a = boxes.get(i);
          Drawing.Box b = boxes.get(j);
          assertTrue(
              Math.abs(a.x() - b.x()) >= (a.width() + b.width()) / 2 - 1
                  || Math.abs(a.y() - b.y()) >= (a.height() + b.height()) / 2 - 1,
              drawing.name() + ": " + a + " " + b);
        }
      }
    }
  }
}
