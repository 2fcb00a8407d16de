package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Functions of one int8 element: a table of 256, filled by the kernels of the group's own nodes when
 * the group is found.
 */
final class QuantizedTable {
  private static final int SIZE = 256;

  private static final Set<String> FUNCTIONS =
      Set.of(
          "aten::abs",
          "aten::ceil",
          "aten::clamp",
          "aten::elu",
          "aten::erf",
          "aten::exp",
          "aten::floor",
          "aten::gelu",
          "aten::hardsigmoid",
          "aten::hardswish",
          "aten::hardtanh",
          "aten::leaky_relu",
          "aten::log",
          "aten::mish",
          "aten::neg",
          "aten::relu",
          "aten::relu6",
          "aten::rsqrt",
          "aten::sigmoid",
          "aten::silu",
          "aten::softplus",
          "aten::sqrt",
          "aten::square",
          "aten::tanh");

  private QuantizedTable() {}

  static Fusion.@Nullable FusedKernel find(QuantizedOperator q) {
    boolean fits =
        FUNCTIONS.contains(q.operator().name())
            && q.operands().size() == 1
            && Affine.of(q.operands().get(0).quantization()) != null
            && Affine.of(q.output()) != null
            && q.nodes().stream().allMatch(QuantizedTable::isLiteral);
    if (!fits) {
      return null;
    }
    byte[] table = table(q.nodes());
    return table == null
        ? null
        : (facts, buffers) ->
            bind(
                table,
                buffers.operand(q.operands().get(0).source()).data(),
                buffers.operand(q.result()).data());
  }

  /** True if all that a node takes, its tensor apart, is known. */
  private static boolean isLiteral(Node node) {
    return node.arguments().stream().skip(1).noneMatch(Value.class::isInstance);
  }

  /** What each integer becomes, −128 first; null if there is no kernel for a node. */
  private static byte @Nullable [] table(List<Node> nodes) {
    Kernel[] kernels = new Kernel[nodes.size()];
    for (int i = 0; i < kernels.length; i++) {
      Kernel kernel = new ReferenceKernels().find(nodes.get(i).name());
      if (kernel == null) {
        return null;
      }
      kernels[i] = kernel;
    }
    try (Arena arena = Arena.ofConfined()) {
      Graph.Builder builder = new Graph.Builder();
      Map<Value, Operand> operands = new HashMap<>();
      Shape shape = Shape.of(SIZE);
      Value at = builder.input(new TensorType(nodes.get(0).tensor("input").dtype(), shape, false));
      MemorySegment data = arena.allocate(SIZE);
      for (int i = 0; i < SIZE; i++) {
        data.set(JAVA_BYTE, i, (byte) (i + Byte.MIN_VALUE));
      }
      operands.put(at, new Operand(data, at.dtype(), shape));
      for (int i = 0; i < kernels.length; i++) {
        Node node = nodes.get(i);
        List<Argument> arguments = new ArrayList<>(node.arguments());
        arguments.set(0, at);
        TensorType type = new TensorType(node.result().dtype(), shape, false);
        Node single = builder.node(node.operator(), arguments, List.of(type), node.origin());
        at = single.result();
        MemorySegment result = arena.allocate(type.byteSize(), 8);
        operands.put(at, new Operand(result, type.dtype(), shape));
        kernels[i]
            .bind(new BoundNodeCall(single, NodeCall.declaredTypes(), buffers(operands, arena)))
            .run();
      }
      return operands.get(at).data().toArray(JAVA_BYTE);
    }
  }

  private static BoundNodeCall.Buffers buffers(Map<Value, Operand> operands, Arena arena) {
    return new BoundNodeCall.Buffers() {
      @Override
      public Operand operand(Value value) {
        Operand operand = operands.get(value);
        if (operand == null) {
          throw new IllegalStateException("no operand for " + value);
        }
        return operand;
      }

      @Override
      public MemorySegment scratch(long bytes) {
        return arena.allocate(bytes, 64);
      }

      @Override
      public void resize(Value result, int... sizes) {
        throw new IllegalStateException("the result of a function is as large as its argument");
      }
    };
  }

  private static Step bind(byte[] table, MemorySegment from, MemorySegment to) {
    byte[] block = new byte[(int) Math.min(from.byteSize(), 4096)];
    return () -> {
      for (long at = 0; at < from.byteSize(); at += block.length) {
        int n = (int) Math.min(block.length, from.byteSize() - at);
        MemorySegment.copy(from, JAVA_BYTE, at, block, 0, n);
        map(block, table, n);
        MemorySegment.copy(block, 0, to, JAVA_BYTE, at, n);
      }
    };
  }

  private static void map(byte[] elements, byte[] table, int n) {
    for (int j = 0; j < n; j++) {
      elements[j] = table[elements[j] - Byte.MIN_VALUE];
    }
  }
}
