package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;
import static dev.baton.kernels.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Operand;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * What a step does with each part of a row of its result while that is in the cache: the bias, and
 * the nodes that it absorbs.
 */
@FunctionalInterface
interface Epilogue {
  /**
   * Changes elements in place.
   *
   * @param at address of the first
   * @param row of the result, as a matrix of all channels or rows
   * @param column of the first element in its row
   * @param element index of the first element in the whole result
   */
  void apply(long at, int count, int row, int column, long element);

  /** Changes nothing. */
  Epilogue NONE = (at, count, row, column, element) -> {};

  /**
   * True if {@link #of} can do the node: an activation, or the sum with a tensor of the result's
   * shape.
   */
  static boolean takes(List<Call> before, Call next) {
    if (next.node().name().equals("aten::add.Tensor")) {
      return isResidual(next);
    }
    return Activation.of(next) != null;
  }

  private static boolean isResidual(Call next) {
    return next.type("self").equals(next.type("other"))
        && next.type("self").dtype() == dev.baton.graph.DType.FLOAT
        && next.number("alpha") == 1;
  }

  /** The epilogue of a bias and of what a call absorbs. */
  static Epilogue of(BoundCall call, @Nullable Operand bias, boolean biasOfRows) {
    List<Epilogue> stages = new ArrayList<>();
    List<BoundCall> absorbed = call.absorbed();
    int from = 0;
    if (bias != null && biasOfRows) {
      float low = Float.NEGATIVE_INFINITY;
      float high = Float.POSITIVE_INFINITY;
      if (!absorbed.isEmpty() && Activation.of(absorbed.get(0)) instanceof Activation.Clamp clamp) {
        low = clamp.low();
        high = clamp.high();
        from = 1;
      }
      stages.add(new RowBias(bias.data().address(), low, high));
    } else if (bias != null) {
      stages.add(new ColumnBias(bias.data().address()));
    }
    for (BoundCall next : absorbed.subList(from, absorbed.size())) {
      stages.add(
          next.node().name().equals("aten::add.Tensor") ? residual(call, next) : activation(next));
    }
    return switch (stages.size()) {
      case 0 -> NONE;
      case 1 -> stages.get(0);
      default -> new Chain(stages.toArray(Epilogue[]::new));
    };
  }

  private static Epilogue activation(BoundCall next) {
    Activation activation = Activation.of(next);
    if (activation == null) {
      throw new IllegalStateException(next.node() + " was not to be absorbed");
    }
    return (at, count, row, column, element) -> activation.run(at, at, count);
  }

  private static Epilogue residual(BoundCall call, BoundCall next) {
    // Of the two operands, the other one is not this step's own result.
    boolean selfIsOurs =
        next.node().tensor("self").producer() == call.node()
            || call.absorbed().stream()
                .anyMatch(a -> next.node().tensor("self").producer() == a.node());
    long other = next.input(selfIsOurs ? "other" : "self").data().address();
    return (at, count, row, column, element) -> RowLoops.add(at, other + 4 * element, count);
  }

  /** Adds one element of the bias to a row, and clamps. */
  record RowBias(long bias, float low, float high) implements Epilogue {
    @Override
    public void apply(long at, int count, int row, int column, long element) {
      FloatVector b = broadcast(SPECIES, Lanes.get(bias + 4L * row));
      int i = 0;
      for (; i < Lanes.whole(count); i += Lanes.COUNT) {
        FloatVector x = fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN).add(b);
        x = x.blend(low, x.lt(low)); // NaN stays
        x.blend(high, x.compare(VectorOperators.GT, high))
            .intoMemorySegment(ALL, at + 4L * i, LITTLE_ENDIAN);
      }
      if (i < count) {
        VectorMask<Float> rest = Lanes.first(count - i);
        FloatVector x = fromMemorySegment(SPECIES, ALL, at + 4L * i, LITTLE_ENDIAN, rest).add(b);
        x = x.blend(low, x.lt(low));
        x.blend(high, x.compare(VectorOperators.GT, high))
            .intoMemorySegment(ALL, at + 4L * i, LITTLE_ENDIAN, rest);
      }
    }
  }

  /** Adds the elements of the bias, one to each column. */
  record ColumnBias(long bias) implements Epilogue {
    @Override
    public void apply(long at, int count, int row, int column, long element) {
      RowLoops.add(at, bias + 4L * column, count);
    }
  }

  /** One after the other. */
  @SuppressWarnings("ArrayRecordComponent")
  record Chain(Epilogue[] stages) implements Epilogue {
    @Override
    public void apply(long at, int count, int row, int column, long element) {
      for (Epilogue stage : stages) {
        stage.apply(at, count, row, column, element);
      }
    }
  }
}
