package dev.baton.xnnpack.payload;

import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;

/**
 * A value of the payload as a tensor of the graph whose transposition is still pending.
 *
 * @param order dimension {@code d} of the payload's value is {@code order[d]} of the tensor
 */
record Lifted(Stored stored, int[] order) {
  static Lifted of(Stored stored) {
    return new Lifted(stored, Permutations.identity(stored.rank()));
  }

  int rank() {
    return order.length;
  }

  /** Upper bound of the size of one of the payload's dimensions. */
  int size(int dim) {
    return stored.shape().size(order[dim]);
  }

  /** The payload's value, its dimensions permuted. */
  Value real(int... permutation) throws UnsupportedNode {
    return stored.real(Permutations.compose(order, permutation));
  }

  /** The payload's value as it declares it. */
  Value inPlace() throws UnsupportedNode {
    return stored.real(order);
  }

  /** The payload's value, where only the sequence of its elements matters. */
  Value inSequence() throws UnsupportedNode {
    return movesOnlyUnits() ? stored.real() : inPlace();
  }

  private boolean movesOnlyUnits() {
    TensorType type = stored.type();
    if (type.dynamic()) {
      return false;
    }
    int last = -1;
    for (int dim : order) {
      if (type.shape().size(dim) != 1) {
        if (dim < last) {
          return false;
        }
        last = dim;
      }
    }
    return true;
  }

  /** The same value, transposed. */
  Lifted transposed(int[] permutation) {
    return new Lifted(stored, Permutations.compose(order, permutation));
  }
}
