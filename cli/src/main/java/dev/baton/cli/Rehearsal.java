package dev.baton.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the launcher runs once after a build, so that the JVM writes an AOT cache of the classes
 * that commands need. Failures do not matter here.
 */
public final class Rehearsal {
  private Rehearsal() {}

  /** Runs the common commands on the demo's programs, without output. */
  public static void main(String... args) throws IOException {
    Path folder = Files.createTempDirectory("baton-rehearsal");
    Path model = folder.resolve("model.pte");
    Path input = folder.resolve("input.npy");
    try {
      dev.baton.cases.Npy.write(
          input, dev.baton.runtime.Tensor.zeros(dev.baton.graph.DType.FLOAT, 1, 1, 8, 8));
      command("demo");
      for (String name : DemoData.PROGRAMS) {
        Files.write(model, DemoData.program(name));
        for (String delegates : List.of("auto", "none")) {
          command("run", model.toString(), "--input", input.toString(), "--delegates", delegates);
        }
        command("run", model.toString(), "--input", input.toString(), "--json");
        command("inspect", model.toString());
        command("explain", model.toString());
      }
      command("doctor");
      command("verify", folder.toString());
      command("--help");
    } finally {
      Files.deleteIfExists(model);
      Files.deleteIfExists(input);
      Files.delete(folder);
    }
  }

  private static void command(String... args) {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    Main.run(nowhere, nowhere, args);
  }
}
