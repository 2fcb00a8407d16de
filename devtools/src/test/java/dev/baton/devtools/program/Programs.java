package dev.baton.devtools.program;

import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;

/** The project's cases. */
final class Programs {
  private Programs() {}

  static Path file(String name) {
    return Path.of("../models", name, "model.pte");
  }

  static Program open(String name) throws IOException {
    return Program.open(file(name));
  }
}
