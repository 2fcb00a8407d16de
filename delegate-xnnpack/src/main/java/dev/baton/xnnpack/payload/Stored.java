package dev.baton.xnnpack.payload;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Packing;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of the graph with its encoding, and the forms of it that were asked for: real numbers,
 * permuted in several ways. A form is written once, when it is first needed.
 */
final class Stored {
  private final GraphBuilder into;
  private final @Nullable Value value;
  private final @Nullable Constant constant;
  private final Encoding encoding;
  private final Map<List<Integer>, Value> real = new HashMap<>();

  private Stored(
      GraphBuilder into, @Nullable Value value, @Nullable Constant constant, Encoding encoding) {
    this.into = into;
    this.value = value;
    this.constant = constant;
    this.encoding = encoding;
  }

  /** A value of the graph; it may be a constant of the program. */
  static Stored of(GraphBuilder into, Value value, Encoding encoding) {
    return new Stored(into, value, value.isConstant() ? value.constant() : null, encoding);
  }

  /** A constant that becomes a value when it is used. */
  static Stored of(GraphBuilder into, Constant constant, Encoding encoding) {
    return new Stored(into, null, constant, encoding);
  }

  TensorType type() {
    return constant != null ? constant.type() : value().tensorType();
  }

  Shape shape() {
    return type().shape();
  }

  int rank() {
    return shape().rank();
  }

  /** The constant; null if the tensor is computed. */
  @Nullable Constant constant() {
    return constant;
  }

  Encoding encoding() {
    return encoding;
  }

  boolean isConstant() {
    return constant != null;
  }

  boolean isInt4() {
    return constant != null && constant.packing() == Packing.INT4_NIBBLES;
  }

  /** True if the tensor is one number in every call. */
  boolean isOneElement() {
    return shape().numel() == 1 && !type().dynamic();
  }

  DType dtype() {
    return type().dtype();
  }

  private Value value() {
    if (value == null) {
      throw new IllegalStateException("a constant is no value before it is used");
    }
    return value;
  }

  /** The real numbers. */
  Value real() throws UnsupportedNode {
    return real(Permutations.identity(rank()));
  }

  /** The real numbers with permuted dimensions: {@code d} is the {@code permutation[d]} of this. */
  Value real(int[] permutation) throws UnsupportedNode {
    List<Integer> key = Arrays.stream(permutation).boxed().toList();
    Value known = real.get(key);
    if (known == null) {
      known = writeReal(permutation);
      real.put(key, known);
    }
    return known;
  }

  private Value writeReal(int[] permutation) throws UnsupportedNode {
    boolean identity = Permutations.isIdentity(permutation);
    if (constant == null) {
      return identity ? encoding.decode(into, value()) : permuteCopy(real(), permutation);
    }
    if (!identity && isInt4()) {
      throw new UnsupportedNode("needs its 4-bit constant transposed");
    }
    return encoding.permuted(permutation).decode(into, elements(permutation));
  }

  /** The stored elements with permuted dimensions. */
  Value elements(int[] permutation) {
    if (Permutations.isIdentity(permutation) && value != null) {
      return value;
    }
    return constant != null
        ? into.constant(constant.permute(permutation))
        : permuteCopy(value(), permutation);
  }

  private Value permuteCopy(Value source, int[] permutation) {
    return into.apply("aten::permute_copy", source, Argument.ints(permutation));
  }

  /** This constant with dimensions of size 1 before its own, or as a scalar if the rank is 0. */
  Stored withRank(int rank) throws UnsupportedNode {
    if (constant == null || rank == rank()) {
      return this;
    }
    if (!constant.isContiguous()) {
      throw new UnsupportedNode("needs the rank of a constant changed that is not contiguous");
    }
    int[] sizes = new int[rank];
    Arrays.fill(sizes, 1);
    int added = rank - rank();
    for (int d = Math.max(0, added); d < rank; d++) {
      sizes[d] = shape().size(d - added);
    }
    Encoding moved =
        encoding instanceof Encoding.PerChannel c
            ? new Encoding.PerChannel(c.scales(), c.zeroPoints(), c.axis() + added, c.range())
            : encoding;
    return of(into, constant.reshape(sizes), moved);
  }
}
