package dev.baton.isolation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.ModelCase;
import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.qnn.QnnDelegate;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Payloads with one wrong byte, about one in a hundred of which ends the process that QNN's library
 * is in: it is not the user's. Where the system property {@code baton.qnn.vendor} is set.
 */
class CorruptPayloadTest {
  private static final Path CASE =
      Path.of("../delegate-qnn-shim/src/test/resources/cases/smallcnn");
  private static final int MAGIC = 0x5678ABCD;
  private static final int HEADER_BYTES = 256;
  private static final int BYTES = Integer.getInteger("baton.qnn.corruptions", 100);

  @Test
  void oneWrongByte() throws IOException {
    Availability availability = new QnnDelegate().availability();
    assumeTrue(System.getProperty("baton.qnn.vendor") != null, availability::toString);
    assertTrue(availability.isAvailable(), availability::toString);
    Delegate isolated =
        Isolation.inChildProcess(
            QnnDelegate.class,
            IsolationOptions.defaults().withBackOff(Duration.ZERO, Duration.ZERO));
    ModelCase.Call call = ModelCase.read(CASE).calls().get(0);
    Tensor input = call.inputs().get(0).read();
    float[] expected = call.expected().get(0).read().getDataAsFloatArray();
    byte[] sound = Files.readAllBytes(CASE.resolve("model.pte"));
    int start = payload(sound);
    int size = (int) ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN).getLong(start + 12);
    Random random = new Random(8);
    int refused = 0;
    for (int i = 0; i < BYTES; i++) {
      byte[] wrong = sound.clone();
      wrong[start + HEADER_BYTES + random.nextInt(size)] ^= (byte) (1 + random.nextInt(255));
      try {
        run(wrong, isolated, input);
      } catch (BatonException e) {
        assertFalse(String.valueOf(e.getMessage()).isEmpty());
        refused++;
      }
    }
    assertTrue(refused > BYTES / 20 && refused < BYTES, refused + " of " + BYTES + " refused");
    assertArrayEquals(expected, run(sound, isolated, input));
  }

  private static int payload(byte[] program) {
    ByteBuffer bytes = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (bytes.getInt(at) != MAGIC) {
      at++;
    }
    return at;
  }

  private static float[] run(byte[] bytes, Delegate delegate, Tensor input) {
    try (Program program = Program.of(bytes);
        ModelMethod method =
            ModelMethod.load(
                program,
                "forward",
                LoadOptions.defaults(),
                Delegates.of(List.of(delegate), List.of()));
        Execution execution = method.newExecution()) {
      execution.setInput(0, input);
      execution.run();
      return execution.output(0).toTensor().getDataAsFloatArray();
    }
  }
}
