package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Clamp;
import dev.baton.runtime.kernel.Operand;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
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
  static boolean takes(Call next) {
    if (next.node().name().equals("aten::add.Tensor")) {
      return isResidual(next);
    }
    return Activation.of(next) != null;
  }

  /**
   * True if {@link #of} can do the node where rows are channels: a batch norm of which the program
   * holds the statistics.
   */
  static boolean takesOfChannels(Call next) {
    return BatchNorm.is(next) && BatchNorm.isConstant(next);
  }

  private static boolean isResidual(Call next) {
    return next.type("self").equals(next.type("other"))
        && next.type("self").dtype() == dev.baton.graph.DType.FLOAT
        && next.number("alpha") == 1;
  }

  /** The epilogue of a bias and of what a call absorbs. */
  static Epilogue of(BoundCall call, @Nullable Operand bias, boolean biasOfRows) {
    List<Epilogue> stages = new ArrayList<>();
    Deque<BoundCall> absorbed = new ArrayDeque<>(call.absorbed());
    if (bias != null && biasOfRows) {
      stages.add(new RowBias(bias.data().address(), clamp(absorbed)));
    } else if (bias != null) {
      stages.add(new ColumnBias(bias.data().address()));
    }
    while (!absorbed.isEmpty()) {
      BoundCall next = absorbed.remove();
      if (next.node().name().equals("aten::add.Tensor")) {
        stages.add(residual(call, next));
      } else if (BatchNorm.is(next)) {
        stages.add(norm(next, clamp(absorbed)));
      } else {
        stages.add(activation(next));
      }
    }
    return switch (stages.size()) {
      case 0 -> NONE;
      case 1 -> stages.get(0);
      default -> new Chain(stages.toArray(Epilogue[]::new));
    };
  }

  /** The bounds that are next, taken off; those that change nothing if something else is. */
  private static Clamp clamp(Deque<BoundCall> absorbed) {
    if (!absorbed.isEmpty() && Activation.of(absorbed.element()) instanceof Activation.Clamping c) {
      absorbed.remove();
      return c.bounds();
    }
    return Clamp.NONE;
  }

  private static Epilogue norm(BoundCall next, Clamp clamp) {
    BatchNorm norm = new BatchNorm(next);
    float[] scales = next.floats(next.shape("input").size(1));
    float[] shifts = next.floats(scales.length);
    for (int c = 0; c < scales.length; c++) {
      scales[c] = norm.scale(c);
      shifts[c] = norm.shift(c);
    }
    return new RowNorm(scales, shifts, clamp);
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
  record RowBias(long bias, Clamp clamp) implements Epilogue {
    @Override
    public void apply(long at, int count, int row, int column, long element) {
      RowLoops.affine(at, count, 1, Lanes.get(bias + 4L * row), clamp.low(), clamp.high());
    }
  }

  /** Scales and shifts a row by one of each, and clamps. */
  @SuppressWarnings("ArrayRecordComponent")
  record RowNorm(float[] scales, float[] shifts, Clamp clamp) implements Epilogue {
    @Override
    public void apply(long at, int count, int row, int column, long element) {
      RowLoops.affine(at, count, scales[row], shifts[row], clamp.low(), clamp.high());
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
