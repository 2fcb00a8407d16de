package dev.example.digits;

import dev.baton.cases.Npy;
import dev.baton.tck.container.HostCheck;
import dev.baton.tck.container.Observation;
import java.nio.file.Path;

/** What the application does in production: it reads a digit. Runs in the containers. */
public final class ReadsADigit implements HostCheck {
  private static final int DIGIT = 2;

  @Override
  public Observation run() throws Exception {
    float[] picture = Npy.read(file("inputs/0.npy")).getDataAsFloatArray();
    try (DigitReader reader = new DigitReader(file("model.pte"))) {
      int digit = reader.read(picture);
      return Observation.of(reader.placement(), digit == DIGIT, "digit " + digit);
    }
  }

  private static Path file(String name) throws Exception {
    return Path.of(ReadsADigit.class.getResource("/digits/" + name).toURI());
  }
}
