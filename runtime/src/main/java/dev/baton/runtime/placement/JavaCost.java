package dev.baton.runtime.placement;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.ReferenceKernels;
import java.util.List;
import java.util.Set;

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
   * What an operator does: to begin with it, and for each unit of its work, by the two providers.
   */
  private enum Work {
    /** Other sizes over the same bytes. */
    NOTHING(0, 0, 0),
    /** A multiply and add. */
    PRODUCT(LARGE_STEP, 0.2, 0.04),
    /** An element that is moved. */
    MOVED(STEP, 0.5, 0.25),
    /** An element of an operator that is a few additions or comparisons. */
    SIMPLE(STEP, 1, 0.12),
    /** An element of an operator that goes several times over its input. */
    PASSES(LARGE_STEP, 3, 0.5),
    /** An element of an operator that computes an exponential or the like. */
    TRANSCENDENTAL(STEP, 7, 1.5);

    private final double step;
    private final double reference;
    private final double fast;

    Work(double step, double reference, double fast) {
      this.step = step;
      this.reference = reference;
      this.fast = fast;
    }
  }

  /** A multiply and add of integers, in a group that is computed on them, by the two providers. */
  private static final double INTEGER_PRODUCT = 0.2;

  private static final double FAST_INTEGER_PRODUCT = 0.045;

  /** An element of any other group that is computed on integers, by the two providers. */
  private static final double INTEGER_ELEMENT = 2;

  private static final double FAST_INTEGER_ELEMENT = 0.3;

  /** These are other sizes over the same bytes. */
  private static final Set<String> RESHAPES =
      Set.of(
          "aten::alias_copy",
          "aten::detach_copy",
          "aten::view",
          "aten::view_copy",
          "aten::reshape",
          "aten::flatten.using_ints",
          "aten::unflatten.int",
          "aten::unsqueeze",
          "aten::unsqueeze_copy",
          "aten::squeeze.dim",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "executorch_prim::et_view");

  private static final Set<String> MOVES =
      Set.of(
          "aten::cat",
          "aten::clone",
          "aten::constant_pad_nd",
          "aten::contiguous",
          "aten::embedding",
          "aten::expand",
          "aten::expand_copy",
          "aten::flip",
          "aten::index_select",
          "aten::permute",
          "aten::permute_copy",
          "aten::repeat",
          "aten::roll",
          "aten::select.int",
          "aten::select_copy.int",
          "aten::slice.Tensor",
          "aten::slice_copy.Tensor",
          "aten::split_copy.Tensor",
          "aten::split_with_sizes_copy",
          "aten::stack",
          "aten::t_copy",
          "aten::transpose.int",
          "aten::transpose_copy.int",
          "aten::unbind_copy.int",
          "aten::upsample_nearest2d.vec",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy");

  private static final Set<String> SEVERAL_PASSES =
      Set.of(
          "aten::_native_batch_norm_legit.no_stats",
          "aten::amax",
          "aten::amin",
          "aten::avg_pool2d",
          "aten::max_pool2d_with_indices",
          "aten::mean",
          "aten::mean.dim",
          "aten::native_group_norm",
          "aten::native_layer_norm",
          "aten::rms_norm",
          "aten::sum.dim_IntList",
          "aten::upsample_bilinear2d",
          "aten::upsample_bilinear2d.vec",
          "aten::var.correction",
          "aten::var.dim",
          "quantized_decomposed::choose_qparams.tensor",
          "quantized_decomposed::choose_qparams_per_token",
          "quantized_decomposed::choose_qparams_per_token_asymmetric",
          "quantized_decomposed::choose_qparams_symmetric.tensor");

  private static final Set<String> TRANSCENDENTALS =
      Set.of(
          "aten::_log_softmax",
          "aten::_softmax",
          "aten::cos",
          "aten::elu",
          "aten::erf",
          "aten::exp",
          "aten::gelu",
          "aten::log",
          "aten::mish",
          "aten::pow.Tensor_Scalar",
          "aten::pow.Tensor_Tensor",
          "aten::sigmoid",
          "aten::silu",
          "aten::sin",
          "aten::softplus",
          "aten::tanh");

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
    double products = group.nodes().stream().mapToDouble(JavaCost::products).sum();
    double elements = group.nodes().stream().mapToDouble(JavaCost::elements).max().orElse(0);
    boolean fast = !group.provider().equals(ReferenceKernels.NAME);
    return products > 0
        ? LARGE_STEP + (fast ? FAST_INTEGER_PRODUCT : INTEGER_PRODUCT) * products
        : STEP + (fast ? FAST_INTEGER_ELEMENT : INTEGER_ELEMENT) * elements;
  }

  private double nanos(Node node) {
    Work work = work(node);
    if (work == Work.NOTHING) {
      return 0;
    }
    Kernels.Provided kernel = kernels.provided(node);
    boolean fast = kernel != null && !kernel.provider().equals(ReferenceKernels.NAME);
    double each = fast ? work.fast : work.reference;
    return work.step + each * (work == Work.PRODUCT ? products(node) : elements(node));
  }

  private static Work work(Node node) {
    String name = node.name();
    if (RESHAPES.contains(name)) {
      return Work.NOTHING;
    }
    if (products(node) > 0) {
      return Work.PRODUCT;
    }
    if (MOVES.contains(name)) {
      return Work.MOVED;
    }
    if (SEVERAL_PASSES.contains(name)) {
      return Work.PASSES;
    }
    return TRANSCENDENTALS.contains(name) ? Work.TRANSCENDENTAL : Work.SIMPLE;
  }

  /** Of the results, or of the largest tensor that comes in and is computed. */
  private static double elements(Node node) {
    double results =
        node.results().stream()
            .filter(Value::isTensor)
            .mapToDouble(v -> (double) v.shape().numel())
            .sum();
    double inputs =
        node.inputs().stream()
            .filter(v -> v.isTensor() && !v.isConstant())
            .mapToDouble(v -> (double) v.shape().numel())
            .max()
            .orElse(0);
    boolean slices = MOVES.contains(node.name());
    return slices ? results : Math.max(results, inputs);
  }

  /** Multiplications of a product of matrices or a convolution; 0 for other operators. */
  private static double products(Node node) {
    return switch (node.name()) {
      case "aten::convolution" -> {
        Value weight = node.tensor("weight");
        double each = (double) weight.shape().numel() / Math.max(weight.shape().size(0), 1);
        Value over = node.bool("transposed") ? node.tensor("input") : node.result();
        yield over.shape().numel() * each;
      }
      case "aten::linear", "aten::mm", "aten::bmm", "aten::matmul" -> summed(node, 0);
      case "aten::addmm", "aten::baddbmm" -> summed(node, 1);
      default -> 0;
    };
  }

  private static double summed(Node node, int left) {
    List<Value> inputs = node.inputs();
    Value operand = inputs.get(left);
    return operand.shape().rank() == 0
        ? 0
        : (double) node.result().shape().numel() * operand.shape().size(-1);
  }
}
