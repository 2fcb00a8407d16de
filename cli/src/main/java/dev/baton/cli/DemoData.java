package dev.baton.cli;

import dev.baton.cases.Npy;
import dev.baton.runtime.Tensor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The handwritten digits, and the programs that know them. */
final class DemoData {
  /** Programs with the same weights: operators alone, and lowered for XNNPACK. */
  static final List<String> PROGRAMS = List.of("digits-portable.pte", "digits-xnnpack.pte");

  private DemoData() {}

  static byte[] program(String name) throws IOException {
    return resource(name);
  }

  /** [397, 1, 8, 8] float. */
  static Tensor images() throws IOException {
    return tensor("images.npy");
  }

  /** [397] int64: the digit of each image. */
  static Tensor labels() throws IOException {
    return tensor("labels.npy");
  }

  private static Tensor tensor(String name) throws IOException {
    Path file = Files.createTempFile("baton-demo", ".npy");
    try {
      Files.write(file, resource(name));
      return Npy.read(file);
    } finally {
      Files.delete(file);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = DemoData.class.getResourceAsStream("demo/" + name)) {
      if (in == null) {
        throw new FileNotFoundException("the jar of the command lacks demo/" + name);
      }
      return in.readAllBytes();
    }
  }
}
