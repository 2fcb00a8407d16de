package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.ReferenceKernels;
import java.util.List;

/**
 * About how long nodes take on Java kernels, in nanoseconds, on one thread at the upper bounds of
 * their shapes. Of the right order of magnitude on a machine of today: enough to tell what pays
 * from what does not. Where the numbers come from is in {@code docs/performance.md}.
 */
final class JavaCost {
  /** To enter a step. */
  private static final double STEP = 80;

  /** To enter a step that plans its loops in each run. */
  private static final double LARGE_STEP = 250;

  /**
   * What it takes to begin with an operator, and for each unit of its work, by the two providers.
   */
  private record Rate(double step, double reference, double fast) {
    static Rate of(NodeWork.Kind kind) {
      return switch (kind) {
        case NOTHING -> new Rate(0, 0, 0);
        case PRODUCT -> new Rate(LARGE_STEP, 0.2, 0.04);
        case MOVED -> new Rate(STEP, 0.5, 0.25);
        case SIMPLE -> new Rate(STEP, 1, 0.12);
        case PASSES -> new Rate(LARGE_STEP, 3, 0.5);
        case TRANSCENDENTAL -> new Rate(STEP, 7, 1.5);
      };
    }
  }

  /** A multiply and add of integers, in a group that is computed on them, by the two providers. */
  private static final double INTEGER_PRODUCT = 0.2;

  private static final double FAST_INTEGER_PRODUCT = 0.045;

  /** An element of any other group that is computed on integers, by the two providers. */
  private static final double INTEGER_ELEMENT = 2;

  private static final double FAST_INTEGER_ELEMENT = 0.3;

  private final Graph graph;
  private final Kernels kernels;

  JavaCost(Graph graph, Kernels kernels) {
    this.graph = graph;
    this.kernels = kernels;
  }

  /** What some nodes of the graph take together, grouped as Java would run them. */
  double nanos(List<Node> nodes) {
    double sum = 0;
    for (Unit unit : JavaUnits.of(graph, nodes, kernels)) {
      sum += unit instanceof Unit.Fused fused ? onIntegers(fused) : nanos(unit.nodes().get(0));
    }
    return sum;
  }

  private static double onIntegers(Unit.Fused group) {
    List<NodeWork> work = group.nodes().stream().map(JavaCost::work).toList();
    double products = work.stream().mapToDouble(NodeWork::multiplyAdds).sum();
    double elements = work.stream().mapToDouble(NodeWork::elements).max().orElse(0);
    boolean fast = !group.provider().equals(ReferenceKernels.NAME);
    return products > 0
        ? LARGE_STEP + (fast ? FAST_INTEGER_PRODUCT : INTEGER_PRODUCT) * products
        : STEP + (fast ? FAST_INTEGER_ELEMENT : INTEGER_ELEMENT) * elements;
  }

  private double nanos(Node node) {
    NodeWork work = work(node);
    if (work.kind() == NodeWork.Kind.NOTHING) {
      return 0;
    }
    Rate rate = Rate.of(work.kind());
    Kernels.Provided kernel = kernels.provided(node);
    boolean fast = kernel != null && !kernel.provider().equals(ReferenceKernels.NAME);
    double each = fast ? rate.fast : rate.reference;
    return rate.step
        + each * (work.kind() == NodeWork.Kind.PRODUCT ? work.multiplyAdds() : work.elements());
  }

  private static NodeWork work(Node node) {
    return NodeWork.of(node, NodeCall.declaredTypes());
  }
}
