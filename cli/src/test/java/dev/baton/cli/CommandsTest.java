package dev.baton.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.Comparison;
import dev.baton.cases.Npy;
import dev.baton.devtools.program.ProgramSummary;
import dev.baton.graph.DType;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.ProgramLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each command answers. */
class CommandsTest {
  private static final Path PORTABLE = Baton.testCase("digits-portable");
  private static final Path LOWERED = Baton.testCase("digits-xnn");

  @TempDir Path folder;

  @AfterEach
  void nothingIsLeftInNativeMemory() {
    assertEquals(0, NativeMemory.liveBytes());
  }

  private static Baton done(Object... args) {
    Baton baton = Baton.run(args);
    assertEquals(0, baton.status(), baton.toString());
    assertEquals("", baton.err());
    return baton;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object json) {
    return (Map<String, Object>) json;
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> objects(Object json) {
    return (List<Map<String, Object>>) json;
  }

  // ---- isolation

  @Test
  void isolatedDelegatesAreShownAsSuch() {
    if (!Baton.hasXnnpack()) {
      return;
    }
    try {
      Baton explained = done("explain", LOWERED, "--isolate", "xnnpack");
      assertTrue(explained.out().contains(" on xnnpack (isolated): "), explained.out());
      Baton verified =
          done(
              "verify", LOWERED, "--isolate", "xnnpack", "--shadow", "1", "--delegates", "xnnpack");
      assertTrue(verified.out().contains("digits-xnn"), verified.out());
      Baton doctor = done("doctor");
      assertTrue(doctor.out().contains("xnnpack (isolated): available"), doctor.out());
    } finally {
      System.clearProperty("baton.isolate");
    }
  }

  // ---- debug

  private Path copied(Path of) throws IOException {
    Path copy = folder.resolve("copied");
    try (Stream<Path> files = Files.walk(of)) {
      for (Path file : files.toList()) {
        Path to = copy.resolve(of.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
    }
    return copy;
  }

  @Test
  void debugSaysThatNothingDeparts() throws IOException {
    Baton json = Baton.run("debug", LOWERED, "--against", LOWERED, "--json");
    assertEquals(0, json.status(), json.toString());
    assertEquals("no_departure", json.json().get("verdict"));
    assertTrue(json.err().contains("each operator alone"), json.err());
    Baton reference = Baton.run("debug", PORTABLE, "--delegates", "none", "--against", "reference");
    assertEquals(0, reference.status(), reference.toString());
    assertTrue(reference.out().startsWith("no departure: "), reference.out());
  }

  @Test
  void debugComparesWithADelegate() {
    if (Baton.hasXnnpack()) {
      Baton same = Baton.run("debug", LOWERED, "--delegates", "none", "--against", "xnnpack");
      assertEquals(0, same.status(), same.toString());
      assertTrue(same.out().contains("reference: delegate xnnpack"), same.out());
    }
    Baton unknown = Baton.run("debug", LOWERED, "--against", "nobody");
    assertEquals(2, unknown.status());
    assertTrue(unknown.err().contains("--against 'nobody' is no case"), unknown.err());
    assertEquals(2, Baton.run("debug", LOWERED, "--strictness", 0).status());
  }

  @Test
  void debugDoesNotPassAGoldenOfAnotherShape() throws IOException {
    Path wrong = copied(PORTABLE);
    Npy.write(wrong.resolve("expected/0.npy"), Tensor.zeros(DType.FLOAT, 3, 5));
    Baton debugged = Baton.run("debug", wrong, "--against", wrong);
    assertEquals(1, debugged.status(), debugged.toString());
    assertTrue(debugged.out().startsWith("the reference departs"), debugged.out());
    assertTrue(debugged.out().contains("expected [3, 5]"), debugged.out());
  }

  @Test
  void debugLeavesNothingOfAnEarlierSearch() throws IOException {
    Path sub = copied(PORTABLE);
    Path found = folder.resolve("found");
    Files.createDirectories(found);
    Files.move(sub, found.resolve("sub-model"));
    Files.writeString(found.resolve("report.txt"), "aten::add.Tensor departs in xnnpack");
    Baton debugged = Baton.run("debug", PORTABLE, "--against", PORTABLE, "--out", found);
    assertEquals(0, debugged.status(), debugged.toString());
    assertFalse(Files.exists(found.resolve("sub-model")));
    assertTrue(Files.readString(found.resolve("report.txt")).startsWith("no departure"));
    assertTrue(Files.readString(found.resolve("report.json")).contains("no_departure"));
    // A search that fails leaves no older report.
    Files.createDirectories(found.resolve("sub-model/other"));
    Baton refused = Baton.run("debug", PORTABLE, "--against", PORTABLE, "--out", found);
    assertEquals(2, refused.status(), refused.toString());
    assertTrue(refused.err().contains("is in the way"), refused.err());
    assertFalse(Files.exists(found.resolve("report.txt")));
  }

  // ---- view

  @Test
  void viewWritesAPageAndComparesReports() throws IOException {
    Path page = folder.resolve("digits.html");
    Path report = folder.resolve("digits.json");
    Baton viewed =
        done("view", LOWERED, "--runs", 2, "--warm-up", 0, "--out", page, "--json", report);
    assertTrue(viewed.out().contains(page.toString()), viewed.out());
    String html = Files.readString(page);
    assertTrue(html.startsWith("<!doctype html>"), html.substring(0, 40));
    assertTrue(html.contains("aten::convolution") || html.contains("aten::linear"));
    Path changed = folder.resolve("changed.html");
    done(
        "view", LOWERED, "--runs", 0, "--delegates", "none", "--against", report, "--out", changed);
    assertTrue(Files.readString(changed).contains("\"before\":\"digits-xnn forward\""));
  }

  @Test
  void viewShowsErrorsAndSources() throws IOException {
    Path found = folder.resolve("found");
    assertEquals(0, Baton.run("debug", LOWERED, "--out", found).status());
    Path page = folder.resolve("errors.html");
    Path record = Path.of("../devtools/src/test/resources/dev/baton/devtools/linear-xnn.etrecord");
    Path errors = found.resolve("report.json");
    done("view", LOWERED, "--runs", 0, "--errors", errors, "--etrecord", record, "--out", page);
    String html = Files.readString(page);
    assertTrue(html.contains("\"maximum\":") && html.contains("reference kernels"), "errors");
    assertTrue(html.contains("linear.py"), "sources");
    Baton refused = Baton.run("view", LOWERED, "--errors", page, "--out", page);
    assertEquals(2, refused.status());
    assertTrue(refused.err().contains("no report of 'baton debug'"), refused.err());
  }

  @Test
  void viewSaysWhatIsWrong() throws IOException {
    Path page = folder.resolve("page.html");
    Path report = folder.resolve("no-report.json");
    Files.writeString(report, "{}");
    Baton refused = Baton.run("view", LOWERED, "--against", report, "--out", page);
    assertEquals(2, refused.status());
    assertTrue(refused.err().contains("no report of a model"), refused.err());
    assertFalse(Files.exists(page));
    assertEquals(2, Baton.run("view", LOWERED, "--runs", -1, "--out", page).status());
  }

  @Test
  void profileWritesThePageToo() throws IOException {
    Path page = folder.resolve("profile.html");
    Baton profiled = done("profile", PORTABLE, "--runs", 1, "--warm-up", 0, "--html", page);
    assertTrue(profiled.out().contains("view: " + page), profiled.out());
    assertTrue(Files.readString(page).contains("Content-Security-Policy"));
  }

  @Test
  void optionsReachTheirDelegate() {
    Path input = PORTABLE.resolve("inputs/0.npy");
    Object[] command = {
      "run", PORTABLE, "--input", input, "--delegates", "xnnpack", "--delegate-option"
    };
    Baton absent = Baton.run(with(command, "xnnpack.library=/nowhere/libXNNPACK.so"));
    assertNotEquals(0, absent.status());
    assertTrue(absent.err().contains("/nowhere/libXNNPACK.so"), absent.toString());
    for (String wrong : List.of("library=x", "xnnpack.library", ".library=x", "xnnpack.=x")) {
      Baton usage = Baton.run(with(command, wrong));
      assertEquals(2, usage.status(), usage.toString());
      assertTrue(usage.err().contains("--delegate-option"), usage.toString());
    }
  }

  private static Object[] with(Object[] command, String last) {
    Object[] all = Arrays.copyOf(command, command.length + 1);
    all[command.length] = last;
    return all;
  }

  // ---- run

  @ParameterizedTest
  @ValueSource(strings = {"digits-portable", "digits-xnn"})
  void runWritesOutputs(String name) throws IOException {
    Path digits = Baton.testCase(name);
    Baton baton =
        done(
            "run",
            digits.resolve("model.pte"),
            "--input",
            digits.resolve("inputs/0.npy"),
            "--delegates",
            "none",
            "--output",
            folder.resolve("a/b"));
    assertTrue(baton.out().contains("output 0: float[1, 10]: "), baton.out());
    assertTrue(baton.out().contains("reference") || baton.out().contains("vector"), baton.out());
    Comparison comparison =
        Comparison.of(
            Npy.read(folder.resolve("a/b/0.npy")),
            Npy.read(digits.resolve("expected/0.npy")),
            1e-4);
    assertTrue(comparison.passed(), comparison.toString());
  }

  @Test
  void runTakesAnotherModelWhereTheFirstCannotRun() {
    Path lowered = Path.of("../delegate-qnn-shim/src/test/resources/cases/digits");
    Object[] alone = {
      "run", lowered, "--input", lowered.resolve("inputs/0.npy"), "--delegates", "none"
    };
    assertNotEquals(0, Baton.run(alone).status());
    List<Object> both = new ArrayList<>(List.of(alone));
    both.addAll(List.of("--fallback-model", PORTABLE));
    Baton baton = Baton.run(both.toArray());
    assertEquals(0, baton.status(), baton.toString());
    assertTrue(baton.out().contains("output 0: float[1, 10]: "), baton.out());
    assertTrue(baton.err().contains("is run instead"), baton.err());
    both.set(both.size() - 1, Baton.testCase("add-portable"));
    Baton different = Baton.run(both.toArray());
    assertNotEquals(0, different.status());
    assertTrue(different.err().contains("cannot stand in for"), different.err());
  }

  @Test
  void runUsesXnnpackWhereItIs() throws IOException {
    Map<String, Object> json =
        done("run", LOWERED, "--input", LOWERED.resolve("inputs/0.npy"), "--json").json();
    Map<String, Object> runners = object(object(json.get("placement")).get("runners"));
    assertEquals(Baton.hasXnnpack(), runners.containsKey("xnnpack"), runners.toString());
    Map<String, Object> output = objects(json.get("outputs")).getFirst();
    assertEquals(List.of(1, 10), output.get("shape"));
    assertEquals("float", output.get("dtype"));
    assertEquals(10, ((List<?>) output.get("values")).size());
  }

  @Test
  void runTakesPlainValuesForInputsOfOneElement() throws IOException {
    Path cache = Baton.testCase("kv-cache-portable");
    Map<String, Object> json =
        done(
                "run",
                cache,
                "--input",
                cache.resolve("inputs/0.npy"),
                "--input",
                "0",
                "--json",
                "--delegates",
                "none")
            .json();
    assertEquals(List.of(1, 8), objects(json.get("outputs")).getFirst().get("shape"));
  }

  // ---- verify

  @Test
  void verifyTakesAFolderOfCases() {
    Baton baton = done("verify", Baton.cases(), "--delegates", "none");
    List<String> lines = baton.out().lines().toList();
    assertEquals(5, lines.size(), baton.out());
    assertTrue(lines.get(0).startsWith("pass  add-portable"), baton.out());
    assertTrue(lines.get(0).matches(".*\\[(reference|vector) 1]"), baton.out());
    assertEquals("4 passed, 0 failed", lines.getLast());
  }

  @Test
  void verifyOnWhatIsThere() throws IOException {
    Path report = folder.resolve("report.json");
    done("verify", PORTABLE, LOWERED, "--json", report);
    Map<String, Object> json = new Baton(0, Files.readString(report), "").json();
    assertEquals(2, json.get("passed"));
    for (Map<String, Object> each : objects(json.get("cases"))) {
      Map<String, Object> runners = object(object(each.get("placement")).get("runners"));
      assertEquals(Baton.hasXnnpack(), runners.containsKey("xnnpack"), runners.toString());
    }
  }

  @Test
  void verifyCountsWhatFailsAndWhatThrows() throws IOException {
    Path wrong = copy(PORTABLE, "wrong");
    Files.copy(
        Zeros.file(folder.resolve("zeros.npy")),
        wrong.resolve("expected/0.npy"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Path broken = copy(PORTABLE, "broken");
    Files.write(broken.resolve("model.pte"), new byte[100]);
    Baton baton = Baton.run("verify", PORTABLE, wrong, broken, "--delegates", "none");
    assertEquals(1, baton.status());
    List<String> lines = baton.out().lines().toList();
    assertEquals("1 passed, 2 failed", lines.getLast());
    assertTrue(lines.get(1).startsWith("FAIL  wrong") && lines.get(1).contains("first at [0, 0]"));
    assertTrue(lines.get(2).startsWith("FAIL  broken") && lines.get(2).contains("model.pte"));
  }

  @Test
  void verifyWantsCases() {
    Baton baton = Baton.run("verify", folder);
    assertEquals(2, baton.status());
    assertTrue(baton.err().contains("holds no case"), baton.err());
    assertEquals(2, Baton.run("verify", folder.resolve("absent")).status());
  }

  private Path copy(Path from, String name) throws IOException {
    Path to = folder.resolve(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }

  /** A golden that no digit has. */
  private static final class Zeros {
    static Path file(Path file) throws IOException {
      Npy.write(file, dev.baton.runtime.Tensor.zeros(dev.baton.graph.DType.FLOAT, 1, 10));
      return file;
    }
  }

  // ---- inspect and explain

  @Test
  void inspectShowsOperators() {
    String out = done("inspect", PORTABLE).out();
    assertTrue(out.contains("method forward: "), out);
    assertTrue(out.contains("input 0: float[1, 1, 8, 8]"), out);
    assertTrue(out.contains("aten::convolution.out"), out);
    assertTrue(out.contains("memory: planned"), out);
  }

  @Test
  void inspectShowsPayloads() throws IOException {
    String out = done("inspect", LOWERED).out();
    assertTrue(out.contains("delegate XnnpackBackend: 1 payload"), out);
    Map<String, Object> method =
        objects(done("inspect", LOWERED, "--json").json().get("methods")).getFirst();
    Map<String, Object> payload = objects(method.get("delegates")).getFirst();
    assertEquals("XnnpackBackend", payload.get("id"));
    assertEquals(1, payload.get("calls"));
    assertEquals(List.of("float[1, 1, 8, 8]"), method.get("inputs"));
  }

  @Test
  void inspectSaysWhichPayloadsStayClosed() throws IOException {
    assertFalse(done("inspect", LOWERED).out().contains("not opened"));
    byte[] bytes = Files.readAllBytes(LOWERED.resolve("model.pte"));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Path damaged = folder.resolve("damaged.pte");
    Files.write(damaged, text.replace("XH00", "XH99").getBytes(StandardCharsets.ISO_8859_1));
    String out = done("inspect", damaged).out();
    List<String> lines = out.lines().filter(l -> l.contains("not opened: ")).toList();
    assertEquals(1, lines.size(), out);
    assertTrue(lines.getFirst().contains("the XnnpackBackend payload cannot be opened: "), out);
    Path foreign = folder.resolve("foreign.pte");
    Files.write(
        foreign,
        text.replace("XnnpackBackend", "OddpackBackend").getBytes(StandardCharsets.ISO_8859_1));
    Map<String, Object> method =
        objects(done("inspect", foreign, "--json").json().get("methods")).getFirst();
    assertEquals(
        List.of("OddpackBackend: only its own library opens it."), method.get("notOpened"));
  }

  @Test
  void anEmptyCompileSpecIsShownAsOne() {
    ProgramSummary.Payload payload =
        new ProgramSummary.Payload(
            "OddBackend", 1, 16, "inline", Map.of("target", "", "model_type", "model"));
    ProgramSummary.Method method =
        new ProgramSummary.Method(
            "forward",
            List.of(),
            List.of(),
            1,
            Map.of(),
            List.of(payload),
            List.of(),
            0,
            0,
            0,
            List.of());
    ProgramSummary program =
        new ProgramSummary(
            "model.pte",
            0,
            new ProgramLayout(100, 0, 100, 0, 0),
            List.of(method),
            Map.of(),
            List.of(),
            Map.of());
    String out = String.join("\n", new ProgramReport(program, Map.of()).text());
    assertTrue(out.contains("target (empty)"), out);
    assertTrue(out.contains("model_type=model"), out);
  }

  @Test
  void inspectSaysWhereBytesGo() throws IOException {
    String out = done("inspect", LOWERED, "--size").out();
    assertTrue(out.contains("named data"), out);
    assertTrue(out.contains("payload XnnpackBackend 0 for forward"), out);
    Map<String, Object> json = done("inspect", LOWERED, "--size", "--json").json();
    assertEquals(
        Files.size(LOWERED.resolve("model.pte")),
        ((Number) object(json.get("size")).get("fileBytes")).longValue());
  }

  @Test
  void diffSaysWhatDiffers() throws IOException {
    assertEquals("the programs are the same\n", done("diff", PORTABLE, PORTABLE).out());
    Baton different = Baton.run("diff", PORTABLE, LOWERED);
    assertEquals(1, different.status());
    assertTrue(different.out().contains("  aten::convolution.out: 4 -> 0"), different.out());
    assertTrue(different.out().contains("  - XnnpackBackend: none"), different.out());
    Map<String, Object> json = Baton.run("diff", PORTABLE, LOWERED, "--json").json();
    assertEquals(false, json.get("same"));
  }

  @Test
  void explainMeasuresWhatPlacementCosts() throws IOException {
    String out = done("explain", PORTABLE, "--measure", "--warm-up", "0").out();
    assertTrue(out.contains("measured: "), out);
    Map<String, Object> json =
        done("explain", PORTABLE, "--measure", "--warm-up", "0", "--json").json();
    assertTrue(((Number) object(json.get("cost")).get("runNanos")).longValue() > 0, json::toString);
  }

  @Test
  void explainSaysWhoRunsWhat() throws IOException {
    String out = done("explain", LOWERED, "--delegates", "none").out();
    assertTrue(out.contains("opened: 1 payload of XnnpackBackend"), out);
    assertTrue(out.contains("reference (Java): "), out);
    Map<String, Object> json = done("explain", PORTABLE, "--json").json();
    assertEquals("forward", json.get("method"));
    boolean onXnnpack =
        objects(json.get("operators")).stream().anyMatch(o -> "xnnpack".equals(o.get("runner")));
    assertEquals(Baton.hasXnnpack(), onXnnpack);
    if (onXnnpack) {
      assertTrue(done("explain", PORTABLE).out().contains("on xnnpack: "), out);
    }
  }

  // ---- doctor, bench, demo

  @Test
  void doctorKnowsTheMachine() throws IOException {
    String out = done("doctor").out();
    assertTrue(out.contains("native access") && out.contains("cache folder"), out);
    assertTrue(out.contains("xnnpack: "), out);
    Map<String, Object> xnnpack =
        object(object(done("doctor", "--load", "--json").json().get("delegates")).get("xnnpack"));
    assertEquals(Baton.hasXnnpack(), xnnpack.get("available"));
    if (Baton.hasXnnpack()) {
      assertEquals(true, xnnpack.get("opened"));
      assertTrue(xnnpack.get("found").toString().contains("XNNPACK of 20"), xnnpack::toString);
    } else {
      assertFalse(String.valueOf(xnnpack.get("remedy")).isEmpty());
    }
  }

  @Test
  void runTakesTheInputsOfACase() {
    String given = done("run", PORTABLE, "--input", PORTABLE.resolve("inputs/0.npy")).out();
    String own = done("run", PORTABLE).out();
    assertTrue(own.contains("inputs: of the case"), own);
    assertEquals(given, own.replaceFirst("inputs: of the case\\R", ""));
    String bundle = done("run", Path.of("../models/bundled-portable.bpte")).out();
    assertTrue(bundle.contains("output 0: "), bundle);
    String measured = done("bench", PORTABLE, "--seconds", "0.1", "--warmup", "0").out();
    assertTrue(measured.contains("inputs: of the case"), measured);
  }

  /** Random inputs in their place would measure something else. */
  @ParameterizedTest
  @ValueSource(strings = {"run", "bench"})
  void aBrokenCaseIsNoModelWithoutInputs(String command) throws IOException {
    Path broken = Files.createDirectories(folder.resolve("broken"));
    Files.copy(PORTABLE.resolve("model.pte"), broken.resolve("model.pte"));
    Files.writeString(broken.resolve("case.json"), "{");
    Baton baton = Baton.run(command, broken, "--delegates", "none");
    assertNotEquals(0, baton.status(), baton.toString());
    assertTrue(baton.err().contains("case.json is no JSON object"), baton.toString());
  }

  @Test
  void benchMeasures() throws IOException {
    Map<String, Object> json =
        done(
                "bench",
                PORTABLE.resolve("model.pte"),
                "--delegates",
                "none",
                "--seconds",
                "0.2",
                "--json")
            .json();
    assertEquals(true, json.get("randomInputs"));
    assertTrue(((Number) json.get("medianMicros")).doubleValue() > 0);
    assertTrue(
        ((Number) json.get("minimumMicros")).doubleValue()
            <= ((Number) json.get("p90Micros")).doubleValue());
    Object given = PORTABLE.resolve("inputs/0.npy");
    String out = done("bench", PORTABLE, "--input", given, "--seconds", "0.1").out();
    assertTrue(out.contains("median") && !out.contains("pseudo-random"), out);
  }

  private static double number(Map<String, Object> json, String key) {
    return ((Number) json.get(key)).doubleValue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "none"})
  void profileTells(String delegates) throws IOException {
    Path trace = folder.resolve("trace.json");
    Map<String, Object> json =
        done(
                "profile",
                LOWERED,
                "--delegates",
                delegates,
                "--threads",
                "1",
                "--warm-up",
                "0",
                "--runs",
                "7",
                "--trace",
                trace,
                "--json")
            .json();
    assertEquals(7, json.get("runs"));
    boolean native1 = delegates.equals("auto") && Baton.hasXnnpack();
    List<Map<String, Object>> rows = objects(json.get("rows"));
    List<Map<String, Object>> steps =
        rows.stream().filter(r -> r.get("within").equals(false)).toList();
    double sum = steps.stream().mapToDouble(r -> number(r, "meanMicros")).sum();
    assertTrue(sum > 0 && sum <= number(json, "meanMicros") * (1 + 1e-9), json.toString());
    assertTrue(steps.stream().allMatch(r -> number(r, "bytes") > 0), rows.toString());
    double parts =
        rows.stream()
            .filter(r -> r.get("within").equals(true))
            .mapToDouble(r -> number(r, "meanMicros"))
            .sum();
    assertTrue(parts <= sum, rows.toString());
    if (native1) {
      assertEquals(List.of("forward/xnnpack/0"), steps.stream().map(r -> r.get("name")).toList());
      assertTrue(
          rows.stream().anyMatch(r -> ((String) r.get("name")).startsWith("Convolution")),
          rows.toString());
    } else {
      assertEquals(rows.size(), steps.size());
      assertTrue(
          rows.stream().anyMatch(r -> ((String) r.get("name")).startsWith("aten::convolution")),
          rows.toString());
    }
    double products =
        objects(json.get("steps")).stream().mapToDouble(s -> number(s, "multiplyAdds")).sum();
    assertTrue(products > 100_000 && products < 1_000_000, "products: " + products);
    List<Object> phases = objects(json.get("load")).stream().map(p -> p.get("kind")).toList();
    assertTrue(phases.containsAll(List.of("read", "lift", "plan", "bind")), phases.toString());
    assertTrue(number(object(json.get("peak")), "gflops") > 0);
    assertTrue(number(object(json.get("memory")), "constants") > 20_000);

    Map<String, Object> written =
        object(com.fasterxml.jackson.jr.ob.JSON.std.mapFrom(Files.readString(trace)));
    List<Map<String, Object>> events = objects(written.get("traceEvents"));
    assertEquals(7, events.stream().filter(e -> "run".equals(e.get("cat"))).count());
    assertEquals(
        7L * steps.size(),
        events.stream().filter(e -> e.get("args").toString().contains("multiplyAdds")).count());
    assertTrue(
        events.stream()
            .filter(e -> e.get("ph").equals("X"))
            .allMatch(e -> number(e, "ts") >= 0 && number(e, "dur") >= 0));
  }

  @Test
  void profileIsATable() {
    Path model = PORTABLE.resolve("model.pte");
    Baton baton =
        done("profile", model, "--delegates", "none", "--warm-up", "0", "--by", "operator");
    for (String expected :
        List.of("peak here", "memory", "lift", "GFLOP/s", "aten::convolution", "pseudo-random")) {
      assertTrue(baton.out().contains(expected), expected + " in " + baton.out());
    }
  }

  @Test
  void recordingsAndRecordsOfExportsAreInspected() throws IOException {
    Path etdump = folder.resolve("run.etdp");
    done("profile", LOWERED, "--warm-up", "0", "--runs", "3", "--etdump", etdump);
    String table = done("inspect", etdump).out();
    for (String expected : List.of("3 blocks Execute", "Program::load_method", "DELEGATE_CALL")) {
      assertTrue(table.contains(expected), expected + " in " + table);
    }
    assertEquals(
        Map.of("Default", 1, "Execute", 3), done("inspect", etdump, "--json").json().get("blocks"));
    Path record = Path.of("../devtools/src/test/resources/dev/baton/devtools/linear-xnn.etrecord");
    String instructions = done("inspect", record).out();
    for (String expected : List.of("XnnpackBackend, 4 operators", "aten.cumsum.default")) {
      assertTrue(instructions.contains(expected), expected + " in " + instructions);
    }
    assertTrue(done("inspect", record, "--json").json().containsKey("methods"));
  }

  @Test
  void bundledProgramsAreInspectedAndVerified() {
    String bundle = Path.of("../models/bundled-state-portable.bpte").toString();
    String inspected = done("inspect", bundle).out();
    assertTrue(inspected.contains("bundled tests: forward 2"), inspected);
    assertTrue(inspected.contains("aten::add.out"), inspected);
    String verified = done("verify", bundle, "--delegates", "none").out();
    assertTrue(verified.contains("pass  bundled-state-portable.bpte"), verified);
    assertTrue(verified.contains("1 passed, 0 failed"), verified);
  }

  @Test
  void demoReadsDigits() {
    String out = done("demo").out();
    assertTrue(out.contains("95.5 %"), out);
    assertTrue(out.contains("rounds read the same digit in each of the 397 images"), out);
    assertEquals(Baton.hasXnnpack(), out.contains("XNNPACK     95.5 %"), out);
    assertEquals(!Baton.hasXnnpack(), out.contains("remedy: "), out);
  }

  @Test
  void demoRunsInJavaWhereXnnpackIsAbsent() {
    String given =
        System.setProperty("baton.xnnpack.library", folder.resolve("absent.so").toString());
    try {
      String out = done("demo").out();
      assertTrue(out.contains("XNNPACK is not available: "), out);
      assertTrue(out.contains("remedy: "), out);
      assertTrue(out.contains("All 2 rounds read the same digit"), out);
    } finally {
      if (given == null) {
        System.clearProperty("baton.xnnpack.library");
      } else {
        System.setProperty("baton.xnnpack.library", given);
      }
    }
  }
}
