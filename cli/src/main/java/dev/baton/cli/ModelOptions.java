package dev.baton.cli;

import dev.baton.cases.CaseFormatException;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which program, and which method of it. */
final class ModelOptions {
  @Parameters(
      paramLabel = "MODEL.pte",
      description = "A program; or a folder with a model.pte, such as a case.")
  private Path model;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = "The method; default: 'forward', or the only one.")
  private @Nullable String method;

  @Mixin private DataOptions data;

  @SuppressWarnings("NullAway.Init")
  ModelOptions() {}

  Path file() {
    return file(model);
  }

  static Path file(Path model) {
    Path inFolder = model.resolve("model.pte");
    return Files.isRegularFile(inFolder) ? inFolder : model;
  }

  /** What people call it: the file's name without its end; of a case's program, the folder's. */
  String name() {
    Path file = file().toAbsolutePath();
    String name = String.valueOf(file.getFileName());
    Path folder = file.getParent();
    if (name.equals("model.pte") && folder != null && folder.getFileName() != null) {
      return folder.getFileName().toString();
    }
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  Program open() throws IOException {
    return open(model);
  }

  /** A program, with the data files of this one. */
  Program open(Path program) throws IOException {
    Path file = file(program);
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          file + " is a folder without a model.pte: name a program (.pte, .bpte)");
    }
    return data.open(program);
  }

  /**
   * What a case or a bundled program gives a method first; null if the model is neither, or does
   * not call that method.
   *
   * @throws CaseFormatException if a case is malformed
   * @throws IOException if it cannot be read
   */
  @Nullable List<ModelCase.Source> inputs(String method) throws IOException {
    if (!ModelCase.isCase(model) && !ModelCase.isBundle(model)) {
      return null;
    }
    try {
      return ModelCase.read(model).calls().stream()
          .filter(call -> call.method().equals(method))
          .findFirst()
          .map(ModelCase.Call::inputs)
          .orElse(null);
    } catch (CaseFormatException e) {
      if (ModelCase.isBundle(model)) {
        return null; // without tests: it is a program all the same
      }
      throw e;
    }
  }

  /**
   * @throws IllegalArgumentException if the program has no such method, or several to choose from
   */
  String method(Program program) {
    Set<String> names = program.methods().keySet();
    if (method != null) {
      return program.method(method).name();
    }
    if (names.contains("forward")) {
      return "forward";
    }
    if (names.size() == 1) {
      return names.iterator().next();
    }
    throw new IllegalArgumentException(
        program.source()
            + " has several methods: choose one with --method: "
            + String.join(", ", names));
  }
}
