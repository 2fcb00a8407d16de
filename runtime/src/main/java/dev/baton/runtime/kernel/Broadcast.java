package dev.baton.runtime.kernel;

import dev.baton.graph.Shape;
import java.util.Arrays;

/**
 * The walk of an elementwise operator over its result, with each input broadcast to it: runs of
 * elements in which an input either advances by one element or stays. One walk belongs to one step.
 *
 * <pre>
 *   walk.start();
 *   do {
 *     for (long t = 0; t &lt; walk.run(); t++)
 *       y[walk.out() + t] = f(a[walk.at(0) + t * walk.step(0)], b[walk.at(1) + t * walk.step(1)]);
 *   } while (walk.next());
 * </pre>
 */
public final class Broadcast {
  private final long run;
  private final int[] steps;
  private final int[] sizes; // of the dimensions outside of the run, outermost first
  private final long[][] strides; // [dimension][input]
  private final int[] index;
  private final long[] at;
  private long out;

  /**
   * @param result the shape that every input broadcasts to; at least one element, if it is walked
   */
  public Broadcast(Shape result, Shape... inputs) {
    int rank = result.rank();
    int[] size = new int[rank];
    long[][] stride = new long[rank][];
    int dims = 0;
    for (int d = rank - 1; d >= 0; d--) { // innermost first
      if (result.size(d) == 1) {
        continue;
      }
      long[] here = new long[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        int own = d - rank + inputs[i].rank();
        here[i] = own < 0 || inputs[i].size(own) == 1 ? 0 : stride(inputs[i], own);
      }
      if (dims > 0
          && joins(size[dims - 1], result.size(d))
          && continues(stride[dims - 1], size[dims - 1], here)) {
        size[dims - 1] *= result.size(d);
      } else {
        size[dims] = result.size(d);
        stride[dims] = here;
        dims++;
      }
    }
    run = dims == 0 ? 1 : size[0];
    steps = new int[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      steps[i] = dims == 0 ? 0 : (int) stride[0][i];
    }
    int outer = Math.max(dims - 1, 0);
    sizes = new int[outer];
    strides = new long[outer][];
    for (int d = 0; d < outer; d++) {
      sizes[d] = size[dims - 1 - d];
      strides[d] = stride[dims - 1 - d];
    }
    index = new int[outer];
    at = new long[inputs.length];
  }

  private static long stride(Shape shape, int dim) {
    long stride = 1;
    for (int d = dim + 1; d < shape.rank(); d++) {
      stride *= shape.size(d);
    }
    return stride;
  }

  private static boolean continues(long[] inner, int size, long[] outer) {
    for (int i = 0; i < inner.length; i++) {
      if (outer[i] != inner[i] * size) {
        return false;
      }
    }
    return true;
  }

  /** True if two dimensions may be one: a run is counted by ints. */
  static boolean joins(int inner, int outer) {
    return (long) inner * outer <= Integer.MAX_VALUE;
  }

  /**
   * The shape that the shapes broadcast to.
   *
   * @throws KernelException if they do not
   */
  public static Shape shape(Shape... shapes) {
    int rank = 0;
    for (Shape shape : shapes) {
      rank = Math.max(rank, shape.rank());
    }
    int[] sizes = new int[rank];
    Arrays.fill(sizes, 1);
    for (Shape shape : shapes) {
      for (int d = -shape.rank(); d < 0; d++) {
        int size = shape.size(d);
        if (size != 1) {
          if (sizes[rank + d] != 1 && sizes[rank + d] != size) {
            throw new KernelException(
                "the shapes " + Arrays.toString(shapes) + " do not broadcast");
          }
          sizes[rank + d] = size;
        }
      }
    }
    return Shape.of(sizes);
  }

  public void start() {
    Arrays.fill(index, 0);
    Arrays.fill(at, 0);
    out = 0;
  }

  /** Elements of a run; an int holds them. */
  public long run() {
    return run;
  }

  /** How far an input advances with each element of a run: 1 or 0. */
  public int step(int input) {
    return steps[input];
  }

  /** First element of the input in this run. */
  public long at(int input) {
    return at[input];
  }

  /** First element of the result in this run. */
  public long out() {
    return out;
  }

  /** Goes to the next run; false after the last. */
  public boolean next() {
    out += run;
    for (int d = sizes.length - 1; d >= 0; d--) {
      long[] stride = strides[d];
      if (++index[d] < sizes[d]) {
        for (int i = 0; i < at.length; i++) {
          at[i] += stride[i];
        }
        return true;
      }
      for (int i = 0; i < at.length; i++) {
        at[i] -= stride[i] * (index[d] - 1);
      }
      index[d] = 0;
    }
    return false;
  }
}
