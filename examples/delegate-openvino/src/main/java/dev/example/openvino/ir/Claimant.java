package dev.example.openvino.ir;

import dev.baton.delegate.Claims;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Takes what can be written as layers, each node alone, with about what it costs. Quantized graphs
 * are left alone: what is real in them lies between integers, and would come in many small pieces.
 */
public final class Claimant {
  /** To begin with a layer, in nanoseconds. */
  private static final double LAYER = 40;

  /** A multiply and add, on one thread. */
  private static final double PRODUCT = 0.02;

  private static final double MOVED = 0.1;
  private static final double ELEMENT = 0.1;

  private Claimant() {}

  public static void claim(GraphView graph, Claims claims) {
    if (graph.nodes().stream()
        .anyMatch(node -> Quantization.isQuantize(node) || Quantization.isDequantize(node))) {
      Decline quantized = Decline.of(Decline.Kind.NOT_WORTHWHILE, "the graph is quantized");
      graph.nodes().forEach(node -> claims.decline(node, quantized));
      return;
    }
    for (Node node : graph.nodes()) {
      Decline reason;
      try (Arena arena = Arena.ofConfined()) {
        reason = Translator.decline(graph, node, arena);
      }
      if (reason == null) {
        claims.take(List.of(node), cost(node));
      } else {
        claims.decline(node, reason);
      }
    }
  }

  private static Cost cost(Node node) {
    Layers layers = Operations.find(node.name());
    double results = node.results().stream().mapToDouble(v -> (double) v.shape().numel()).sum();
    return Cost.takes(
        LAYER
            + switch (layers == null ? Layers.Work.MOVE : layers.work()) {
              case MOVE -> MOVED * results;
              case ELEMENTWISE -> ELEMENT * Math.max(results, node.inputs().get(0).shape().numel());
              case PRODUCTS -> PRODUCT * results * depth(node);
            });
  }

  /** Products that are summed for an element of the result. */
  private static double depth(Node node) {
    return switch (node.name()) {
      case "aten::convolution" -> {
        Shape filter = node.tensor("weight").shape();
        yield (double) filter.numel() / filter.size(0);
      }
      case "aten::addmm", "aten::baddbmm" -> node.inputs().get(1).shape().size(-1);
      case "aten::scaled_dot_product_attention" -> {
        Shape keys = node.tensor("key").shape();
        yield 2.0 * keys.size(-2);
      }
      default -> node.inputs().get(0).shape().size(-1);
    };
  }
}
