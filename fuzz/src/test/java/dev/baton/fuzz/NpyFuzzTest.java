package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.baton.cases.Npy;
import dev.baton.cases.NpyFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Any bytes are an NPY file or one exception. Here an input is the file itself. */
class NpyFuzzTest {
  @TempDir static Path folder;

  @FuzzTest
  void npy(byte[] input) throws IOException {
    Path file = folder.resolve("tensor.npy");
    Files.write(file, input);
    try {
      Npy.read(file);
    } catch (NpyFormatException expected) {
      // One sentence.
    }
  }
}
