package dev.example.digits;

import dev.baton.runtime.Module;
import dev.baton.runtime.Placement;
import dev.baton.runtime.Tensor;
import java.nio.file.Path;

/** An application: reads handwritten digits of 8 × 8 pixels. */
public final class DigitReader implements AutoCloseable {
  private final Module module;

  public DigitReader(Path model) {
    module = Module.load(model);
  }

  /** The digit in a picture of 64 grey values between 0 and 1. */
  public int read(float[] picture) {
    Tensor scores = module.forward(Tensor.fromBlob(picture, 1, 1, 8, 8))[0].toTensor();
    float[] s = scores.getDataAsFloatArray();
    int best = 0;
    for (int digit = 1; digit < s.length; digit++) {
      best = s[digit] > s[best] ? digit : best;
    }
    return best;
  }

  /** Who computes. */
  public Placement placement() {
    return module.placement();
  }

  @Override
  public void close() {
    module.close();
  }
}
