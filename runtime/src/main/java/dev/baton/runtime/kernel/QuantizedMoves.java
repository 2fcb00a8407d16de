package dev.baton.runtime.kernel;

import dev.baton.graph.Argument;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operators that only move elements, between quantizations that are the same: the integers are
 * moved.
 */
final class QuantizedMoves {
  private static final Set<String> MOVES =
      Set.of(
          "aten::alias_copy",
          "aten::cat",
          "aten::clone",
          "aten::expand_copy",
          "aten::flip",
          "aten::permute_copy",
          "aten::pixel_shuffle",
          "aten::pixel_unshuffle",
          "aten::repeat",
          "aten::roll",
          "aten::select_copy.int",
          "aten::slice_copy.Tensor",
          "aten::squeeze_copy.dim",
          "aten::squeeze_copy.dims",
          "aten::stack",
          "aten::transpose_copy.int",
          "aten::t_copy",
          "aten::unsqueeze_copy",
          "aten::view_copy");

  private QuantizedMoves() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    Affine output = Affine.of(q.output());
    boolean same =
        output != null
            && q.clamp() == null
            && MOVES.contains(q.operator().name())
            && q.operands().stream().allMatch(o -> output.equals(Affine.of(o.quantization())));
    Kernel kernel = same ? new ReferenceKernels().find(q.operator().name()) : null;
    return kernel == null ? null : (facts, buffers) -> bind(q, kernel, facts, buffers);
  }

  /** Binds the operator as if the program had it on integers. */
  private static Step bind(
      QuantizedOperator q, Kernel kernel, NodeCall.Facts facts, BoundNodeCall.Buffers buffers) {
    Graph.Builder builder = new Graph.Builder();
    Map<Value, Value> integers = new IdentityHashMap<>();
    Map<Value, Value> originals = new IdentityHashMap<>();
    for (QuantizedOperator.Operand operand : q.operands()) {
      Value input = builder.input(facts.type(operand.source()));
      integers.put(operand.value(), input);
      originals.put(input, operand.source());
    }
    List<Argument> arguments = new ArrayList<>();
    for (Argument argument : q.operator().arguments()) {
      arguments.add(onIntegers(argument, integers));
    }
    TensorType type = new TensorType(DType.INT8, facts.type(q.result()).shape(), false);
    Node node =
        builder.node(q.operator().operator(), arguments, List.of(type), q.operator().origin());
    originals.put(node.result(), q.result());
    return kernel.bind(
        new BoundNodeCall(
            node,
            new NodeCall.Facts() {
              @Override
              public TensorType type(Value value) {
                return facts.type(originals.getOrDefault(value, value));
              }

              @Override
              public Call.Number scalar(Value value) {
                return facts.scalar(value);
              }
            },
            new BoundNodeCall.Buffers() {
              @Override
              public Operand operand(Value value) {
                return buffers.operand(originals.getOrDefault(value, value));
              }

              @Override
              public MemorySegment scratch(long bytes) {
                return buffers.scratch(bytes);
              }

              @Override
              public void heap(long bytes) {
                buffers.heap(bytes);
              }

              @Override
              public void resize(Value result, int... sizes) {
                buffers.resize(originals.getOrDefault(result, result), sizes);
              }
            }));
  }

  private static Argument onIntegers(Argument argument, Map<Value, Value> integers) {
    return switch (argument) {
      case Value v -> integers.getOrDefault(v, v);
      case Argument.Items list ->
          new Argument.Items(
              list.items().stream().map(item -> onIntegers(item, integers)).toList());
      default -> argument;
    };
  }
}
