package dev.baton.devtools.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.devtools.report.ModelReport;
import dev.baton.devtools.report.Reports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page in a browser: {@code -Dbaton.viewer.chromium=/usr/bin/chromium}; pictures go to {@code
 * -Dbaton.viewer.pictures=FOLDER}, another page to look at is {@code -Dbaton.viewer.page=FILE}.
 */
@EnabledIfSystemProperty(named = "baton.viewer.chromium", matches = ".+")
class ViewerTest {
  private static final int WIDTH = 1500;
  private static final int HEIGHT = 950;
  private static final int OPERATORS = 1000;
  private static final int REPEATS = 5;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  private Chromium browser;
  private Path pictures;

  @BeforeEach
  void start() throws Exception {
    pictures = Path.of(System.getProperty("baton.viewer.pictures", folder.toString()));
    Files.createDirectories(pictures);
    browser =
        new Chromium(
            Path.of(System.getProperty("baton.viewer.chromium")),
            Files.createDirectories(folder.resolve("profile")),
            WIDTH,
            HEIGHT);
  }

  @AfterEach
  void stop() {
    browser.close();
  }

  private Path page(ModelReport report, ModelReport before) throws Exception {
    String other = System.getProperty("baton.viewer.page");
    if (other != null) {
      return Path.of(other);
    }
    Path page = folder.resolve("page.html");
    Files.writeString(page, ReportPage.of(report, before));
    return page;
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static void print(String what, double[] millis) {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "viewer: %s: median %.0f ms, least %.0f, most %.0f%n",
        what,
        median(sorted),
        sorted[0],
        sorted[sorted.length - 1]);
  }

  /** Milliseconds until what an action changes has been painted. */
  private double paintedAfter(String action) throws Exception {
    return browser.number(
        """
        new Promise(done => {
          const start = performance.now();
          %s;
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
        })\
        """
            .formatted(action));
  }

  /** From an input of the user to the frame after it: the browser's own Event Timing. */
  private void observeInputs() throws Exception {
    browser.act(
        """
        window.inputs = [];
        new PerformanceObserver(list => list.getEntries().forEach(e => window.inputs.push([e.name, e.duration])))
          .observe({type: 'event', durationThreshold: 16});
        """);
  }

  @Test
  void aThousandOperatorsOpenAndAnswer() throws Exception {
    Path page = page(Reports.transformer(OPERATORS), null);
    double[] opened = new double[REPEATS];
    double[] worked = new double[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
      browser.open(page, "#theme=light");
      opened[i] = browser.number("baton.paintedAfter");
    }
    print("opened, to the first picture", opened);
    assertTrue(browser.number("baton.graph.cy().nodes().length") >= OPERATORS);

    observeInputs();
    double[] searched = new double[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
      double before = browser.threadMillis();
      searched[i] =
          paintedAfter(
              "{ const s = document.getElementById('search'); s.value = '"
                  + "linear".substring(0, 2 + i % 4)
                  + "'; s.dispatchEvent(new Event('input')); }");
      worked[i] = browser.threadMillis() - before;
    }
    print("search, to the picture", searched);
    print("search, processor time", worked);
    browser.act("document.getElementById('search').value = ''");
    browser.act("document.getElementById('search').focus()");
    browser.type("softmax");
    assertNotEquals("", browser.text("document.getElementById('hits').textContent"));
    browser.key("Enter", "\r");
    assertTrue(browser.text("document.getElementById('panel').textContent").contains("softmax"));
    browser.screenshot(pictures.resolve("search.png"));
    browser.key("Escape", "");

    double[] zoomed = new double[2 * REPEATS];
    worked = new double[zoomed.length];
    for (int i = 0; i < zoomed.length; i++) {
      double start = browser.threadMillis();
      zoomed[i] = paintedAfter(i % 2 == 0 ? "baton.graph.zoom(1.4)" : "baton.graph.fit()");
      worked[i] = browser.threadMillis() - start;
    }
    print("zoom, to the picture", zoomed);
    print("zoom, processor time", worked);
    double before = browser.number("baton.graph.cy().zoom()");
    for (int i = 0; i < 6; i++) {
      browser.wheel(500, 400, -120);
    }
    assertTrue(browser.number("baton.graph.cy().zoom()") > before);
    Thread.sleep(200);
    System.out.println(
        "viewer: slowest inputs (Event Timing, ms): "
            + browser.text(
                "JSON.stringify(window.inputs.sort((a, b) => b[1] - a[1]).slice(0, 6))"));
    assertEquals("[]", browser.complaints.toString());
    assertEquals(1, browser.requests.size(), () -> "requests: " + browser.requests);
  }

  @Test
  void picturesShowPlacementTimesAndMemory() throws Exception {
    Path page =
        page(
            Reports.transformer(OPERATORS),
            Reports.transformer(OPERATORS, "swin before", "aten::roll", 5));
    for (String theme : new String[] {"light", "dark"}) {
      browser.open(page, "#theme=" + theme);
      browser.screenshot(pictures.resolve("placement-" + theme + ".png"));
      browser.act("baton.graph.setColour('time'); baton.select({node: 105})");
      browser.screenshot(pictures.resolve("time-" + theme + ".png"));
      browser.act("baton.graph.setColour('placement'); baton.graph.setLevel(1)");
      browser.screenshot(pictures.resolve("subgraphs-" + theme + ".png"));
      browser.act("baton.graph.setLevel(0); baton.graph.fit()");
      browser.screenshot(pictures.resolve("whole-" + theme + ".png"));
      for (String tab : new String[] {"timeline", "memory", "changes"}) {
        Object there = browser.evaluate("!!document.getElementById('tab-" + tab + "')");
        if (Boolean.TRUE.equals(there)) {
          browser.act("document.getElementById('tab-" + tab + "').click()");
          assertFalse(browser.text("document.getElementById('" + tab + "').textContent").isEmpty());
          browser.screenshot(pictures.resolve(tab + "-" + theme + ".png"));
        }
      }
    }
    assertEquals("[]", browser.complaints.toString());
  }

  @Test
  void collapsingASubgraphJoinsItsOperators() throws Exception {
    browser.open(page(Reports.transformer(200), null), "");
    double all = browser.number("baton.graph.cy().nodes().length");
    browser.act("baton.graph.cy().nodes()[3].emit('dbltap')");
    double joined = browser.number("baton.graph.cy().nodes().length");
    assertTrue(joined < all, all + " " + joined);
    browser.act("baton.graph.cy().nodes('.subgraph')[0].emit('dbltap')");
    assertEquals(all, browser.number("baton.graph.cy().nodes().length"));
    browser.act("baton.graph.setLevel(2)");
    assertTrue(browser.number("baton.graph.cy().nodes('.module').length") > 0);
    assertEquals("[]", browser.complaints.toString());
  }

  @Test
  void whatAModelSaysIsTextAlone() throws Exception {
    String hostile = "</script><img src=x onerror=\"window.hacked=1\"><!--<script>\u2028";
    ModelReport report = Reports.transformer(60, hostile, hostile, 2);
    browser.open(page(report, Reports.transformer(60, hostile, "aten::roll", 3)), "");
    browser.act("baton.select({node: baton.find('onerror')[0]})");
    assertTrue(browser.text("document.getElementById('panel').textContent").contains("onerror"));
    for (String tab : new String[] {"timeline", "memory", "changes", "graph"}) {
      browser.act("document.getElementById('tab-" + tab + "').click()");
    }
    assertEquals("undefined", browser.text("typeof window.hacked"));
    assertEquals(0, browser.number("document.images.length"));
    assertTrue(browser.text("document.title").contains("</script>"));
    // What gets in all the same does not run.
    browser.act(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked=1\">')");
    Thread.sleep(200);
    assertEquals("undefined", browser.text("typeof window.hacked"));
  }
}
