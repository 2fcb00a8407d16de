package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.ConvolutionGeometry;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import java.lang.foreign.MemorySegment;

/**
 * The weight of a transposed convolution as that of a convolution: (g·i, o, t) to (g, o, i, t), the
 * taps in reverse.
 *
 * @param bytes of an element
 */
record Turned(ConvolutionGeometry g, int bytes) implements Packer {
  @Override
  public String form() {
    return "turned in " + g.groups();
  }

  @Override
  public long byteSize() {
    return (long) bytes * g.groups() * g.out() * g.in() * g.taps();
  }

  @Override
  public void pack(Operand constant, MemorySegment into, Parallel parallel) {
    int taps = g.taps();
    MemorySegment from = constant.data();
    for (int o = 0; o < g.groups() * g.out(); o++) {
      for (int i = 0; i < g.in(); i++) {
        long source = ((long) o / g.out() * g.in() + i) * g.out() + o % g.out();
        long target = (long) o * g.in() + i;
        for (int t = 0; t < taps; t++) {
          MemorySegment.copy(
              from,
              bytes * (source * taps + taps - 1 - t),
              into,
              bytes * (target * taps + t),
              bytes);
        }
      }
    }
  }
}
