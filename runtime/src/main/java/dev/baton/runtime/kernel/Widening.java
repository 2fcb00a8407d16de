package dev.baton.runtime.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs a float32 binding on half and bfloat16 tensors: operands are widened into scratch before it,
 * results rounded once after it.
 */
final class Widening implements BoundCall {
  private record Copy(Elements narrow, MemorySegment wide, long count) {}

  private final BoundCall call;
  private final Map<String, Operand> inputs = new HashMap<>();
  private final Map<Integer, Operand> outputs = new HashMap<>();
  private final List<Copy> before = new ArrayList<>();
  private final List<Copy> after = new ArrayList<>();

  private Widening(BoundCall call) {
    this.call = call;
  }

  static Step bind(BoundCall call, Function<BoundCall, Step> single) {
    Widening wide = new Widening(call);
    Step step = single.apply(wide);
    Copy[] before = wide.before.toArray(Copy[]::new);
    Copy[] after = wide.after.toArray(Copy[]::new);
    return () -> {
      for (Copy copy : before) {
        for (long i = 0; i < copy.count; i++) {
          copy.wide.setAtIndex(JAVA_FLOAT, i, (float) copy.narrow.getDouble(i));
        }
      }
      step.run();
      for (Copy copy : after) {
        for (long i = 0; i < copy.count; i++) {
          copy.narrow.setDouble(i, copy.wide.getAtIndex(JAVA_FLOAT, i));
        }
      }
    };
  }

  private static boolean isNarrow(DType dtype) {
    return dtype == DType.HALF || dtype == DType.BFLOAT16;
  }

  private Operand widen(Operand narrow, List<Copy> copies) {
    if (!isNarrow(narrow.dtype())) {
      return narrow;
    }
    Operand wide =
        new Operand(
            call.scratch(narrow.shape().numel() * Float.BYTES), DType.FLOAT, narrow.shape());
    copies.add(new Copy(Elements.of(narrow), wide.data(), narrow.shape().numel()));
    return wide;
  }

  @Override
  public Operand input(String parameter) {
    return inputs.computeIfAbsent(parameter, p -> widen(call.input(p), before));
  }

  @Override
  public @Nullable Operand inputOrNull(String parameter) {
    return call.inputOrNull(parameter) == null ? null : input(parameter);
  }

  @Override
  public List<@Nullable Operand> inputs(String parameter) {
    return call.inputs(parameter);
  }

  @Override
  public Operand output(int result) {
    return outputs.computeIfAbsent(result, r -> widen(call.output(r), after));
  }

  @Override
  public TensorType type(String parameter) {
    TensorType type = call.type(parameter);
    return isNarrow(type.dtype())
        ? new TensorType(DType.FLOAT, type.shape(), type.dynamic())
        : type;
  }

  @Override
  public List<TensorType> types(String parameter) {
    return call.types(parameter);
  }

  @Override
  public Node node() {
    return call.node();
  }

  @Override
  public boolean isNone(String parameter) {
    return call.isNone(parameter);
  }

  @Override
  public long integer(String parameter) {
    return call.integer(parameter);
  }

  @Override
  public long[] integers(String parameter) {
    return call.integers(parameter);
  }

  @Override
  public double number(String parameter) {
    return call.number(parameter);
  }

  @Override
  public double[] numbers(String parameter) {
    return call.numbers(parameter);
  }

  @Override
  public boolean bool(String parameter) {
    return call.bool(parameter);
  }

  @Override
  public String text(String parameter, String orElse) {
    return call.text(parameter, orElse);
  }

  @Override
  public Number scalar(String parameter) {
    return call.scalar(parameter);
  }

  @Override
  public int outputCount() {
    return call.outputCount();
  }

  @Override
  public MemorySegment scratch(long bytes) {
    return call.scratch(bytes);
  }

  @Override
  public void heap(long bytes) {
    call.heap(bytes);
  }

  @Override
  public void resize(int result, int... sizes) {
    call.resize(result, sizes);
  }
}
