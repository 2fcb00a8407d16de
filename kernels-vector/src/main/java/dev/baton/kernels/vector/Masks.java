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
import dev.baton.runtime.kernel.Step;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/** Comparisons of float32 with a number, and the choice between float32 by bools. */
final class Masks {
  private Masks() {}

  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::eq.Scalar" -> new Compare(VectorOperators.EQ);
      case "aten::ne.Scalar" -> new Compare(VectorOperators.NE);
      case "aten::lt.Scalar" -> new Compare(VectorOperators.LT);
      case "aten::le.Scalar" -> new Compare(VectorOperators.LE);
      case "aten::gt.Scalar" -> new Compare(VectorOperators.GT);
      case "aten::ge.Scalar" -> new Compare(VectorOperators.GE);
      case "aten::where.self" -> new Where();
      default -> null;
    };
  }

  /** Float32 against a number that float32 holds exactly. */
  private record Compare(VectorOperators.Comparison comparison) implements FastKernel {
    @Override
    public boolean supports(Call call) {
      double other = call.number("other");
      return call.type("self").dtype() == DType.FLOAT
          && (Double.isNaN(other) || (float) other == other);
    }

    @Override
    public Step bind(BoundCall call) {
      float other = (float) call.number("other");
      long from = call.input("self").data().address();
      long to = call.output(0).data().address();
      return Chunks.step(call, (at, n) -> run(from + 4 * at, to + at, n, other));
    }

    private void run(long from, long to, int n, float other) {
      for (int i = 0; i < n; i += Lanes.COUNT) {
        int some = Math.min(Lanes.COUNT, n - i);
        long bits =
            fromMemorySegment(SPECIES, ALL, from + 4L * i, LITTLE_ENDIAN, Lanes.first(some))
                .compare(comparison, other)
                .toLong();
        for (int j = 0; j < some; j++) {
          Lanes.setByte(to + i + j, (byte) (bits >> j & 1));
        }
      }
    }
  }

  /** {@code where.self(condition, self, other)}; a condition that stays for a run copies it. */
  private record Where() implements FastKernel {
    @Override
    public boolean supports(Call call) {
      return call.type("self").dtype() == DType.FLOAT && call.type("other").dtype() == DType.FLOAT;
    }

    @Override
    public Step bind(BoundCall call) {
      if (call.output(0).shape().numel() == 0) {
        return () -> {};
      }
      Broadcast walk =
          new Broadcast(
              call.output(0).shape(),
              call.shape("condition"),
              call.shape("self"),
              call.shape("other"));
      long mask = call.input("condition").data().address();
      long[] values = {
        0, call.input("self").data().address(), call.input("other").data().address()
      };
      long to = call.output(0).data().address();
      return () -> {
        walk.start();
        do {
          int run = (int) walk.run();
          long m = mask + walk.at(0);
          long out = to + 4 * walk.out();
          if (walk.step(0) == 0) {
            int chosen = Lanes.getByte(m) != 0 ? 1 : 2;
            long from = values[chosen] + 4 * walk.at(chosen);
            if (walk.step(chosen) == 0) {
              Lanes.fill(out, run, Lanes.get(from));
            } else {
              Lanes.copy(from, out, run);
            }
          } else {
            choose(
                m,
                values[1] + 4 * walk.at(1),
                walk.step(1),
                values[2] + 4 * walk.at(2),
                walk.step(2),
                out,
                run);
          }
        } while (walk.next());
      };
    }

    private static void choose(long mask, long a, int da, long b, int db, long to, int n) {
      for (int i = 0; i < n; i++) {
        long from = Lanes.getByte(mask + i) != 0 ? a + 4L * i * da : b + 4L * i * db;
        Lanes.set(to + 4L * i, Lanes.get(from));
      }
    }
  }
}
