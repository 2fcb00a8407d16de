package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.graph.Argument;
import dev.baton.graph.Graph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
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
 * Functions of one int8 element, one after the other, between a dequantize and a quantize operator:
 * a table of 256, filled by the kernels of these nodes when the group is found.
 */
public final class QuantizedTable implements Fusion {
  /** Binds the look-up of bytes: element −128 is the table's first. */
  @FunctionalInterface
  public interface Binder {
    Step bind(byte[] table, MemorySegment from, MemorySegment to, Parallel parallel);
  }

  private static final int SIZE = 256;
  private static final int BLOCK = 4096;

  private static final Set<String> FUNCTIONS =
      Set.of(
          "aten::abs",
          "aten::add.Scalar",
          "aten::add.Tensor",
          "aten::ceil",
          "aten::clamp",
          "aten::div.Scalar",
          "aten::div.Tensor",
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
          "aten::mul.Scalar",
          "aten::mul.Tensor",
          "aten::neg",
          "aten::relu",
          "aten::relu6",
          "aten::rsqrt",
          "aten::sigmoid",
          "aten::silu",
          "aten::softplus",
          "aten::sqrt",
          "aten::square",
          "aten::sub.Scalar",
          "aten::sub.Tensor",
          "aten::tanh");

  private final Binder binder;

  public QuantizedTable(Binder binder) {
    this.binder = binder;
  }

  /** With the reference loop. */
  static QuantizedTable reference() {
    return new QuantizedTable(QuantizedTable::bind);
  }

  @Override
  public @Nullable Group endingWith(Node last, GraphView view) {
    if (!Quantization.isQuantize(last) || Affine.of(Quantization.of(last)) == null) {
      return null;
    }
    List<Node> nodes = new ArrayList<>(List.of(last));
    Node user = last;
    Value value = last.tensor("input");
    while (true) {
      Node node = value.producer();
      boolean inside =
          node != null && !view.isOutput(value) && view.users(value).equals(List.of(user));
      if (node == null || !inside || node.results().size() != 1) {
        return null;
      }
      nodes.addFirst(node);
      if (Quantization.isDequantize(node)) {
        break;
      }
      value = variable(node);
      if (value == null) {
        return null;
      }
      user = node;
    }
    if (nodes.size() == 2 || Affine.of(Quantization.of(nodes.get(0))) == null) {
      return null;
    }
    byte[] table = table(nodes);
    if (table == null) {
      return null;
    }
    Value source = nodes.get(0).tensor("input");
    return new Group(
        nodes,
        (facts, buffers) ->
            binder.bind(
                table,
                buffers.operand(source).data(),
                buffers.operand(last.result()).data(),
                buffers.parallel()));
  }

  /** What a function is of, if all else that it takes is known; else null. */
  private static @Nullable Value variable(Node node) {
    if (!FUNCTIONS.contains(node.name())) {
      return null;
    }
    Value variable = null;
    for (Argument argument : node.arguments()) {
      if (argument instanceof Value v && !isNumber(v)) {
        if (variable != null || !v.isTensor() || v.isConstant()) {
          return null;
        }
        variable = v;
      }
    }
    return variable;
  }

  private static boolean isNumber(Value value) {
    return value.isConstant()
        && value.shape().numel() == 1
        && value.shape().rank() <= 1
        && value.constant().isContiguous();
  }

  /** What each integer becomes, −128 first; null if a node cannot be computed. */
  private static byte @Nullable [] table(List<Node> nodes) {
    try (Arena arena = Arena.ofConfined()) {
      Graph.Builder builder = new Graph.Builder();
      Map<Value, Operand> operands = new HashMap<>();
      Shape shape = Shape.of(SIZE);
      Value source = nodes.get(0).tensor("input");
      Value at = builder.input(new TensorType(source.dtype(), shape, false));
      MemorySegment data = arena.allocate(SIZE);
      for (int i = 0; i < SIZE; i++) {
        data.set(JAVA_BYTE, i, (byte) (i + Byte.MIN_VALUE));
      }
      operands.put(at, new Operand(data, at.dtype(), shape));
      for (Node node : nodes) {
        Kernel kernel = new ReferenceKernels().find(node.name());
        if (kernel == null) {
          return null;
        }
        List<Argument> arguments = new ArrayList<>();
        for (Argument argument : node.arguments()) {
          if (argument instanceof Value v && v.isConstant()) {
            operands.put(v, number(v, arena));
            arguments.add(v);
          } else {
            arguments.add(argument instanceof Value ? at : argument);
          }
        }
        TensorType type = new TensorType(node.result().dtype(), shape, false);
        Node single = builder.node(node.operator(), arguments, List.of(type), node.origin());
        at = single.result();
        MemorySegment result = arena.allocate(type.byteSize(), 8);
        operands.put(at, new Operand(result, type.dtype(), shape));
        kernel
            .bind(new BoundNodeCall(single, NodeCall.declaredTypes(), buffers(operands, arena)))
            .run();
      }
      MemorySegment result = operand(operands, at).data();
      return result.toArray(JAVA_BYTE);
    } catch (KernelException e) {
      return null; // a node that refuses its arguments says so by itself
    }
  }

  /** The constant, in aligned memory. */
  private static Operand number(Value value, Arena arena) {
    long bytes = value.tensorType().byteSize();
    MemorySegment data = arena.allocate(bytes, 8);
    data.copyFrom(value.constant().data().asSlice(0, bytes));
    return new Operand(data, value.dtype(), value.shape());
  }

  private static Operand operand(Map<Value, Operand> operands, Value value) {
    Operand operand = operands.get(value);
    if (operand == null) {
      throw new IllegalStateException("no operand for " + value);
    }
    return operand;
  }

  private static BoundNodeCall.Buffers buffers(Map<Value, Operand> operands, Arena arena) {
    return new BoundNodeCall.Buffers() {
      @Override
      public Operand operand(Value value) {
        return QuantizedTable.operand(operands, value);
      }

      @Override
      public MemorySegment scratch(long bytes) {
        return arena.allocate(bytes, 64);
      }

      @Override
      public void heap(long bytes) {} // of 256 elements

      @Override
      public void resize(Value result, int... sizes) {
        throw new IllegalStateException("the result of a function is as large as its argument");
      }
    };
  }

  private static Step bind(byte[] table, MemorySegment from, MemorySegment to, Parallel parallel) {
    byte[] block = new byte[(int) Math.min(BLOCK, from.byteSize())];
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
