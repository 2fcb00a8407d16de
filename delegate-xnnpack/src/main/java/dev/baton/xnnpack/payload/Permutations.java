package dev.baton.xnnpack.payload;

/** Permutations of dimensions: dimension {@code d} of the result is {@code p[d]} of the source. */
final class Permutations {
  /** From an NHWC tensor, its NCHW form. */
  static final int[] NHWC_TO_NCHW = {0, 3, 1, 2};

  /** From an NCHW tensor, its NHWC form. */
  static final int[] NCHW_TO_NHWC = {0, 2, 3, 1};

  private Permutations() {}

  static int[] identity(int rank) {
    int[] dims = new int[rank];
    for (int d = 0; d < rank; d++) {
      dims[d] = d;
    }
    return dims;
  }

  static boolean isIdentity(int[] permutation) {
    for (int d = 0; d < permutation.length; d++) {
      if (permutation[d] != d) {
        return false;
      }
    }
    return true;
  }

  static boolean isPermutation(int[] dims) {
    long seen = 0;
    for (int d : dims) {
      if (d < 0 || d >= dims.length || dims.length > Long.SIZE || (seen & 1L << d) != 0) {
        return false;
      }
      seen |= 1L << d;
    }
    return true;
  }

  /** What applying {@code first}, and then {@code next} to its result, amounts to. */
  static int[] compose(int[] first, int[] next) {
    int[] both = new int[next.length];
    for (int d = 0; d < next.length; d++) {
      both[d] = first[next[d]];
    }
    return both;
  }

  static int[] inverse(int[] permutation) {
    int[] inverse = new int[permutation.length];
    for (int d = 0; d < permutation.length; d++) {
      inverse[permutation[d]] = d;
    }
    return inverse;
  }

  /** The place of a source dimension in the result. */
  static int placeOf(int dim, int[] permutation) {
    return inverse(permutation)[dim];
  }

  /** Exchanges the last two dimensions. */
  static int[] transposed(int rank) {
    int[] dims = identity(rank);
    dims[rank - 1] = rank - 2;
    dims[rank - 2] = rank - 1;
    return dims;
  }
}
