package dev.baton.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.graph.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Help, usage errors and failures: exit status, one sentence, no stack trace. */
class CommandLineTest {
  private static final Path DIGITS = Baton.testCase("digits-portable");
  private static final Path PROGRAM = DIGITS.resolve("model.pte");

  private static void assertRefused(Baton baton, String... parts) {
    assertEquals(2, baton.status(), baton.toString());
    assertEquals("", baton.out());
    for (String part : parts) {
      assertTrue(baton.err().contains(part), baton.err());
    }
    assertTrue(baton.err().startsWith("baton"), baton.err());
    assertTrue(baton.err().lines().count() <= 2, baton.err());
    assertFalse(baton.err().contains("\tat "), baton.err());
  }

  /** A name that would end the line and clear the screen. */
  @Test
  void namesInFilesDoNotReachTheTerminal(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("hostile.pte");
    Files.write(
        file,
        new ProgramBuilder()
            .constantsInSegment()
            .method(
                "forward",
                method -> {
                  ProgramBuilder.Slot x = method.input(DType.FLOAT, 2);
                  ProgramBuilder.Slot y = method.tensor(DType.FLOAT, 2);
                  method.kernel("evil::\033[2J\007\nall is well.out", x, y);
                  method.output(y);
                })
            .toBytes());
    for (String command : new String[] {"inspect", "explain", "run"}) {
      Baton baton = Baton.run(command, file);
      String all = baton.out() + baton.err();
      assertTrue(all.contains("evil::\\u001b[2J\\u0007"), all);
      assertTrue(all.chars().noneMatch(c -> c < ' ' && c != '\n'), all);
      assertTrue(all.lines().noneMatch(l -> l.startsWith("all is well")), all);
    }
  }

  @Test
  void helpNamesEveryCommand() {
    Baton baton = Baton.run("--help");
    assertEquals(0, baton.status());
    for (Subcommand subcommand : Subcommand.values()) {
      assertTrue(baton.out().contains("  " + subcommand.commandName()), baton.out());
    }
  }

  @ParameterizedTest
  @EnumSource(Subcommand.class)
  void helpOfEachCommandTeaches(Subcommand subcommand) {
    Baton baton = Baton.run(subcommand.commandName(), "--help");
    assertEquals(0, baton.status());
    assertTrue(baton.out().startsWith("Usage: baton " + subcommand.commandName()), baton.out());
    assertTrue(baton.out().contains("baton "), baton.out());
  }

  @Test
  void versionNamesJava() {
    assertTrue(Baton.run("--version").out().contains("Java " + Runtime.version()));
  }

  @Test
  void usageErrors() {
    assertRefused(Baton.run(), "a command is missing", "baton --help");
    assertRefused(Baton.run("rnu"), "no command 'rnu'");
    assertRefused(Baton.run("run"), "MODEL.pte", "baton run --help");
    assertRefused(Baton.run("run", DIGITS, "--policy", "maybe"), "fail, fall-back, report");
    assertRefused(Baton.run("run", DIGITS, "--threads", "0x"), "--threads");
    assertRefused(Baton.run("bench", DIGITS, "--seconds", "0"), "--seconds");
    assertRefused(Baton.run("profile", DIGITS, "--runs", "0"), "--runs");
    assertRefused(Baton.run("profile", DIGITS, "--by", "colour"), "step, operator, delegate");
    assertRefused(Baton.run("run", DIGITS, "--threads", "0"), "--threads is 0");
    assertRefused(
        Baton.run("verify", PROGRAM), "model.pte is no case", "'baton run'", "'baton debug'");
    assertRefused(
        Baton.run("run", DIGITS, "0.npy"),
        "too many arguments: '0.npy'; inputs are given with --input");
    assertRefused(Baton.run("doctor", "0.npy"), "too many arguments: '0.npy'");
    assertRefused(Baton.run("run", DIGITS, "--inptu", "0.npy"), "no option '--inptu'");
    assertRefused(Baton.run("run", DIGITS, "--output", PROGRAM), "is a file, expected a folder");
  }

  @Test
  void refusesWhatIsNoProgram(@TempDir Path folder) throws IOException {
    assertRefused(Baton.run("inspect", folder.resolve("absent.pte")), "absent.pte", "no such file");
    Path text = Files.writeString(folder.resolve("text.pte"), "this is no program at all");
    assertRefused(Baton.run("inspect", text), "text.pte");
    assertRefused(Baton.run("run", text), "text.pte");
    assertRefused(Baton.run("explain", folder), "is a folder without a model.pte");
  }

  @Test
  void refusesWrongInputs(@TempDir Path folder) throws IOException {
    Path image = DIGITS.resolve("inputs/0.npy");
    assertRefused(Baton.run("run", PROGRAM), "takes 1 input, none given", "float[1, 1, 8, 8]");
    assertRefused(
        Baton.run("run", DIGITS, "--input", image, "--input", image), "takes 1 input, 2 given");
    assertRefused(Baton.run("run", DIGITS, "--input", "3"), "give a .npy file, not the value 3");
    assertRefused(Baton.run("run", DIGITS, "--input", "what"), "neither a file");
    assertRefused(
        Baton.run("run", DIGITS, "--input", folder.resolve("absent.npy")),
        "absent.npy: no such file");
    Path text = Files.writeString(folder.resolve("text.npy"), "no numbers");
    assertRefused(Baton.run("run", DIGITS, "--input", text), "text.npy is no NPY file");
    assertRefused(
        Baton.run("run", DIGITS, "--input", DIGITS.resolve("expected/0.npy")), "the shape [1, 10]");
  }

  @Test
  void refusesUnknownNames() {
    Path image = DIGITS.resolve("inputs/0.npy");
    assertRefused(
        Baton.run("run", DIGITS, "--method", "backward", "--input", image),
        "no method 'backward'",
        "forward");
    assertRefused(
        Baton.run("run", DIGITS, "--delegates", "warp", "--input", image), "no delegate 'warp'");
    assertRefused(
        Baton.run("explain", DIGITS, "--delegate-option", "xnnpack.packed=off"),
        "has no option 'packed'; it has library, packed-cache, packed-cache-bytes");
  }

  @Test
  void showsAStackTraceOnRequestOnly() {
    Baton baton = Baton.run("run", PROGRAM, "--stacktrace");
    assertEquals(2, baton.status());
    assertTrue(baton.err().contains("\tat "), baton.err());
  }

  @Test
  void saysWhatIsLoadedOnRequestOnly() {
    Object[] quiet = {
      "run", DIGITS, "--input", DIGITS.resolve("inputs/0.npy"), "--delegates", "none"
    };
    assertEquals("", Baton.run(quiet).err());
    Object[] verbose = java.util.Arrays.copyOf(quiet, quiet.length + 1);
    verbose[quiet.length] = "-v";
    assertTrue(Baton.run(verbose).err().contains("loaded in"), Baton.run(verbose).err());
  }
}
