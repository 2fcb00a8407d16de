package dev.baton.all;

import dev.baton.delegate.Claims;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Quantization;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.KernelGoldens;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who takes which operators, found out by asking: each golden call becomes graphs of one operator,
 * as it is and between dequantize and quantize, with tensors that come in and with constants.
 */
final class OperatorProbe {
  /** What is said of integers that stand for real numbers, beside the dtype. */
  static final String INT8_FUSED = "int8 quantized";

  /** Provider or delegate → operator → dtypes that it takes. */
  final Map<String, Map<String, Set<String>>> taken = new TreeMap<>();

  private final Kernels kernels;
  private final List<Kernels.ProvidedFusion> fusions;
  private final @Nullable DelegateSession delegate;
  private final String delegateName;

  /**
   * @param delegate asked for claims; null if there is none
   */
  OperatorProbe(Kernels kernels, @Nullable DelegateSession delegate, String delegateName) {
    this.kernels = kernels;
    List<Kernels.ProvidedFusion> all = new ArrayList<>(kernels.fusions());
    all.addAll(Kernels.reference().fusions());
    this.fusions = all;
    this.delegate = delegate;
    this.delegateName = delegateName;
  }

  /** A way to write a call as a graph. */
  private enum Form {
    /** Every tensor comes in. */
    INPUTS,
    /** The first tensor comes in, the others are constants. */
    CONSTANTS,
    /** As {@link #INPUTS}, each real tensor dequantized, and the result quantized. */
    QUANTIZED_INPUTS,
    /** As {@link #CONSTANTS}, the first two real tensors dequantized, and the result quantized. */
    QUANTIZED_CONSTANTS,
    /** Integers that were quantized before and are dequantized after. */
    INTEGERS
  }

  void ask(KernelGoldens.Case golden) {
    if (golden.isScalar() || golden.results() == null || golden.results().contains(null)) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      List<Object> arguments = new ArrayList<>();
      golden.arguments().forEach(a -> arguments.add(KernelGoldens.argument(arena, a)));
      List<Operand> tensors = tensors(arguments);
      if (tensors.isEmpty()) {
        tensors = results(golden, arena);
      }
      if (tensors.isEmpty()) {
        return;
      }
      DType dtype = principal(tensors);
      for (Form form : Form.values()) {
        boolean fits =
            switch (form) {
              case INPUTS, CONSTANTS -> true;
              case QUANTIZED_INPUTS, QUANTIZED_CONSTANTS -> dtype == DType.FLOAT;
              case INTEGERS -> dtype == DType.INT8;
            };
        if (fits) {
          ask(golden.operator(), new Written(golden, arguments, arena, form), dtype);
        }
      }
    }
  }

  private void ask(String operator, Written written, DType dtype) {
    boolean plain = written.last == written.node && written.nodesBefore == 0;
    if (plain) {
      Kernels.Provided provided = kernels.provided(written.node);
      if (provided != null) {
        add(provided.provider(), operator, name(dtype));
      }
    } else {
      for (Kernels.ProvidedFusion fusion : fusions) {
        Fusion.Group group = fusion.fusion().endingWith(written.last, written.graph);
        if (group != null && group.nodes().contains(written.node)) {
          add(fusion.provider(), operator, INT8_FUSED);
        }
      }
    }
    if (delegate != null) {
      delegate.claim(
          written.graph,
          new Claims() {
            @Override
            public void take(Collection<Node> group, Cost cost) {
              boolean onIntegers =
                  written.integers || group.stream().anyMatch(Quantization::isDequantize);
              if (group.contains(written.node) && (plain || onIntegers)) {
                add(delegateName, operator, plain ? name(dtype) : INT8_FUSED);
              }
            }

            @Override
            public void decline(Node node, Decline reason) {}
          });
    }
  }

  Set<String> types(String who, String operator) {
    return taken.getOrDefault(who, Map.of()).getOrDefault(operator, Set.of());
  }

  private void add(String who, String operator, String dtype) {
    taken
        .computeIfAbsent(who, w -> new TreeMap<>())
        .computeIfAbsent(operator, o -> new TreeSet<>())
        .add(dtype);
  }

  private static List<Operand> tensors(List<?> arguments) {
    List<Operand> tensors = new ArrayList<>();
    for (Object argument : arguments) {
      switch (argument) {
        case Operand o -> tensors.add(o);
        case List<?> list -> tensors.addAll(tensors(list));
        case null, default -> {}
      }
    }
    return tensors;
  }

  private static List<Operand> results(KernelGoldens.Case golden, Arena arena) {
    return golden.results().stream().map(r -> KernelGoldens.tensor(arena, (Map<?, ?>) r)).toList();
  }

  /** The dtype of the first real tensor, else of the first. */
  private static DType principal(List<Operand> tensors) {
    return tensors.stream()
        .map(Operand::dtype)
        .filter(d -> d.isFloatingPoint() || d.isComplex())
        .findFirst()
        .orElse(tensors.getFirst().dtype());
  }

  /** As the goldens spell it. */
  private static String name(DType dtype) {
    return switch (dtype) {
      case HALF -> "float16";
      case FLOAT -> "float32";
      case DOUBLE -> "float64";
      case COMPLEX_HALF -> "complex32";
      case COMPLEX_FLOAT -> "complex64";
      case COMPLEX_DOUBLE -> "complex128";
      default -> dtype.name().toLowerCase(java.util.Locale.ROOT);
    };
  }

  /** A call as a graph. */
  private static final class Written {
    private static final double SCALE = 0.05;
    private static final long LEAST = -128;
    private static final long GREATEST = 127;

    final Graph graph;
    final Node node;
    final Node last;
    final int nodesBefore;
    final boolean integers;

    private final Graph.Builder builder = new Graph.Builder();
    private final Arena arena;
    private final Form form;
    private int tensors;

    Written(KernelGoldens.Case golden, List<?> arguments, Arena arena, Form form) {
      this.arena = arena;
      this.form = form;
      integers = form == Form.INTEGERS;
      List<Argument> written = new ArrayList<>();
      arguments.forEach(a -> written.add(KernelHarness.argument(a, this::value)));
      List<TensorType> types =
          results(golden, arena).stream()
              .map(r -> new TensorType(r.dtype(), r.shape(), false))
              .toList();
      node = builder.node(Operators.get(golden.operator()), written, types, Origin.HOST);
      TensorType result = types.isEmpty() ? null : types.getFirst();
      boolean quantizes =
          result != null && result.dtype() == DType.FLOAT && form.name().startsWith("QUANTIZED");
      boolean dequantizes = result != null && result.dtype() == DType.INT8 && integers;
      last = quantizes || dequantizes ? converted(node.result(), quantizes).producer() : node;
      // Of several results the first is used, as in most programs, except where they are a list.
      boolean all = last == node && node.operator().resultCount() < 0;
      graph = builder.build(all ? node.results() : List.of(last.result()));
      nodesBefore = graph.nodes().indexOf(node);
    }

    private Value value(Operand tensor) {
      int index = tensors++;
      boolean constant = index > 0 && (form == Form.CONSTANTS || form == Form.QUANTIZED_CONSTANTS);
      boolean real = tensor.dtype() == DType.FLOAT;
      boolean quantized =
          real
              && (form == Form.QUANTIZED_INPUTS || (form == Form.QUANTIZED_CONSTANTS && index < 2));
      if (quantized) {
        return converted(given(DType.INT8, tensor, constant), false);
      }
      if (integers && tensor.dtype() == DType.INT8) {
        return converted(given(DType.FLOAT, tensor, false), true);
      }
      return given(tensor.dtype(), tensor, constant);
    }

    private Value given(DType dtype, Operand like, boolean constant) {
      TensorType type = new TensorType(dtype, like.shape(), false);
      if (!constant) {
        return builder.input(type);
      }
      long bytes = like.shape().numel() * dtype.byteSize();
      return builder.constant(
          Constant.of(
              dtype == like.dtype() ? like.data() : arena.allocate(Math.max(bytes, 1)), type));
    }

    /** Quantized to int8, or dequantized from it. */
    private Value converted(Value value, boolean quantize) {
      String operator =
          "quantized_decomposed::" + (quantize ? "quantize_per_tensor" : "dequantize_per_tensor");
      List<Argument> arguments =
          List.of(
              value,
              Argument.of(SCALE),
              Argument.of(0),
              Argument.of(LEAST),
              Argument.of(GREATEST),
              Argument.of(DType.INT8));
      DType dtype = quantize ? DType.INT8 : DType.FLOAT;
      TensorType type = new TensorType(dtype, value.shape(), false);
      return builder.node(Operators.get(operator), arguments, List.of(type), Origin.HOST).result();
    }
  }
}
