package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.QuantizationLoops;
import dev.baton.runtime.kernel.QuantizedInput;
import dev.baton.runtime.kernel.Step;
import org.jspecify.annotations.Nullable;

/** Quantize, dequantize, and the choice of their parameters. */
final class Quantizers implements QuantizationLoops {
  private static final Quantizers LOOPS = new Quantizers();

  private Quantizers() {}

  static @Nullable FastKernel find(String operator) {
    return QuantizationLoops.kernel(operator, () -> LOOPS);
  }

  /** Binds what quantizes an input. */
  static Step step(BoundCall call) {
    FastKernel kernel = find(call.node().name());
    return kernel != null && kernel.supports(call) ? kernel.bind(call) : QuantizedInput.step(call);
  }

  @Override
  public void quantize(
      Operand in, Operand out, long at, long count, float inverse, int zero, long min, long max) {
    long from = in.data().address() + 4 * at;
    long to = out.data().address() + at;
    for (long done = 0; done < count; done += Chunks.SIZE) {
      int n = (int) Math.min(Chunks.SIZE, count - done);
      Quantize.run(from + 4 * done, to + done, n, inverse, zero, min, max);
    }
  }

  @Override
  public void dequantize(Operand in, Operand out, float scale, int zero) {
    long from = in.data().address();
    long to = out.data().address();
    long count = in.shape().numel();
    for (long done = 0; done < count; done += Chunks.SIZE) {
      int n = (int) Math.min(Chunks.SIZE, count - done);
      Quantize.back(from + done, to + 4 * done, n, scale, zero);
    }
  }

  @Override
  public void range(Operand in, long at, long count, float[] into) {
    into[0] = 0;
    into[1] = 0;
    long from = in.data().address() + 4 * at;
    for (long done = 0; done < count; done += Chunks.SIZE) {
      int n = (int) Math.min(Chunks.SIZE, count - done);
      Quantize.range(from + 4 * done, n, into);
    }
  }
}
