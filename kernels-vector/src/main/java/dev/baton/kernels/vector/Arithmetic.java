package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Broadcast;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elementwise operators of two float32 tensors, broadcast to each other. An element that stays
 * while the other operand advances is written out, as many times as a run is long at most.
 */
final class Arithmetic implements FastKernel {
  /** Elements of a run that are computed at once, if one operand stays. */
  private static final int REPEATS = 512;

  /** Loops over elements that lie one after the other. */
  @FunctionalInterface
  private interface Loop {
    void run(long a, long b, long to, int n);
  }

  private final Loop loop;

  private Arithmetic(Loop loop) {
    this.loop = loop;
  }

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::add.Tensor" -> new Arithmetic(Arithmetic::add);
      case "aten::sub.Tensor" -> new Arithmetic(Arithmetic::sub);
      case "aten::mul.Tensor" -> new Arithmetic(Arithmetic::mul);
      case "aten::div.Tensor" -> new Arithmetic(Arithmetic::div);
      case "aten::maximum" -> new Arithmetic(Arithmetic::max);
      case "aten::minimum" -> new Arithmetic(Arithmetic::min);
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    boolean scaled =
        call.node().name().equals("aten::add.Tensor")
            || call.node().name().equals("aten::sub.Tensor");
    return call.type("self").dtype() == DType.FLOAT
        && call.type("other").dtype() == DType.FLOAT
        && (!scaled || call.number("alpha") == 1);
  }

  @Override
  public boolean absorbs(Call call, List<Call> before, Call next) {
    return call.type("self").equals(call.type("other")) && Activation.of(next) != null;
  }

  @Override
  public Step bind(BoundCall call) {
    Operand self = call.input("self");
    Operand other = call.input("other");
    long a = self.data().address();
    long b = other.data().address();
    long to = call.output(0).data().address();
    if (self.shape().equals(other.shape())) {
      Epilogue epilogue = Epilogue.of(call, null, false);
      return Chunks.step(
          call,
          (at, n) -> {
            loop.run(a + 4 * at, b + 4 * at, to + 4 * at, n);
            epilogue.apply(to + 4 * at, n, 0, 0, at);
          });
    }
    if (call.output(0).shape().numel() == 0) {
      return () -> {};
    }
    Broadcast walk = new Broadcast(call.output(0).shape(), self.shape(), other.shape());
    long repeated = call.scratch(2L * 4 * REPEATS).address();
    return () -> {
      walk.start();
      do {
        walk(walk, a + 4 * walk.at(0), b + 4 * walk.at(1), to + 4 * walk.out(), repeated);
      } while (walk.next());
    };
  }

  private void walk(Broadcast walk, long a, long b, long to, long repeated) {
    long run = walk.run();
    boolean stays = walk.step(0) == 0 || walk.step(1) == 0;
    int most = stays ? REPEATS : 1 << 20;
    int written = (int) Math.min(run, most);
    if (walk.step(0) == 0) {
      Lanes.fill(repeated, written, Lanes.get(a));
    }
    if (walk.step(1) == 0) {
      Lanes.fill(repeated + 4L * REPEATS, written, Lanes.get(b));
    }
    for (long i = 0; i < run; i += most) {
      loop.run(
          walk.step(0) == 0 ? repeated : a + 4 * i,
          walk.step(1) == 0 ? repeated + 4L * REPEATS : b + 4 * i,
          to + 4 * i,
          (int) Math.min(most, run - i));
    }
  }

  private static void add(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .add(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .add(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }

  private static void sub(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .sub(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .sub(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }

  static void mul(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .mul(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .mul(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }

  private static void div(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .div(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .div(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }

  private static void max(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .max(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .max(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }

  private static void min(long a, long b, long to, int n) {
    int i = 0;
    for (; i < Lanes.whole(n); i += Lanes.COUNT) {
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN)
          .min(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      int rest = n - i;
      fromMemorySegment(SPECIES, ALL, a + 4L * i, LITTLE_ENDIAN, Lanes.first(rest))
          .min(fromMemorySegment(SPECIES, ALL, b + 4L * i, LITTLE_ENDIAN, Lanes.first(rest)))
          .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, Lanes.first(rest));
    }
  }
}
