package dev.example.openvino.ir;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import java.util.List;

/**
 * How an operator is written.
 *
 * @param work what it costs
 * @param takes dtypes that its tensors may have
 * @param gives dtypes that its results may have
 */
record Layers(Work work, List<DType> takes, List<DType> gives, Body body) {
  private static final List<DType> REAL = List.of(DType.FLOAT);
  private static final List<DType> MOVED = List.of(DType.FLOAT, DType.BOOL);

  /** Writes the node, or throws {@link Declined}. */
  interface Body {
    void write(Node node, Translator t);
  }

  /** Kinds of cost. */
  enum Work {
    /** Moves data. */
    MOVE,
    /** Some arithmetic for each element. */
    ELEMENTWISE,
    /** A sum of products for each element. */
    PRODUCTS
  }

  Layers costing(Work other) {
    return new Layers(other, takes, gives, body);
  }

  static Layers products(Body body) {
    return new Layers(Work.PRODUCTS, REAL, REAL, body);
  }

  static Layers elementwise(Body body) {
    return new Layers(Work.ELEMENTWISE, REAL, REAL, body);
  }

  /** Real numbers or truths in and out. */
  static Layers move(Body body) {
    return new Layers(Work.MOVE, MOVED, MOVED, body);
  }

  /** Real numbers in, truths out. */
  static Layers compare(Body body) {
    return new Layers(Work.ELEMENTWISE, REAL, List.of(DType.BOOL), body);
  }

  static Layers logical(Body body) {
    return new Layers(Work.ELEMENTWISE, List.of(DType.BOOL), List.of(DType.BOOL), body);
  }

  /** Real numbers and truths in, real numbers out. */
  static Layers choose(Body body) {
    return new Layers(Work.ELEMENTWISE, MOVED, REAL, body);
  }

  /** Real numbers and indices in, real numbers out. */
  static Layers gather(Body body) {
    return new Layers(Work.MOVE, List.of(DType.FLOAT, DType.INT32, DType.INT64), REAL, body);
  }
}
