package dev.baton.cli;

import dev.baton.cases.ModelCase;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Where weights lie that are not in the program. */
final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "FILE.ptd",
      description = {
        "A data file with weights of the program; once for each. Those in a case's folder are found."
      })
  private List<Path> files = new ArrayList<>();

  DataOptions() {}

  /**
   * @param model a program, or a folder with a {@code model.pte}
   */
  Program open(Path model) throws IOException {
    List<Path> all = new ArrayList<>();
    if (Files.isDirectory(model)) {
      all.addAll(ModelCase.dataFiles(model));
    }
    all.addAll(files);
    return Program.open(ModelOptions.file(model), ReadOptions.defaults().withDataFiles(all));
  }
}
