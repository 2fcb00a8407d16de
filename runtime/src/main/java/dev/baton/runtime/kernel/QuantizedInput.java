package dev.baton.runtime.kernel;

import dev.baton.graph.DType;
import dev.baton.graph.Node;
import dev.baton.graph.Quantization;
import dev.baton.graph.QuantizedOperator;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The int8 operand of a product: integers of the program, or real numbers that are quantized at
 * each run, into scratch memory.
 */
public final class QuantizedInput {
  private final MemorySegment data;
  private final float[] scales;
  private final int[] zeroPoints;
  private final Step[] steps;
  private final @Nullable Elements chosenScales;
  private final @Nullable Elements chosenZeroPoints;

  private QuantizedInput(
      MemorySegment data,
      float[] scales,
      int[] zeroPoints,
      Step[] steps,
      @Nullable Elements chosenScales,
      @Nullable Elements chosenZeroPoints) {
    this.data = data;
    this.scales = scales;
    this.zeroPoints = zeroPoints;
    this.steps = steps;
    this.chosenScales = chosenScales;
    this.chosenZeroPoints = chosenZeroPoints;
  }

  /** True if {@link #bind} takes the operand. */
  static boolean isSupported(QuantizedOperator.Operand operand) {
    return operand.quantization() instanceof Quantization.Dynamic d
        ? d.dtype() == DType.INT8
            && operand.source().dtype() == DType.FLOAT
            && operand.nodes().stream()
                .limit(2)
                .allMatch(n -> QuantizationKernels.find(n.name()) != null)
        : Affine.of(operand.quantization()) != null;
  }

  /** Bytes of {@link #bind}'s scratch memory. */
  public static long scratchBytes(QuantizedOperator.Operand operand, NodeCall.Facts facts) {
    long bytes = 0;
    for (Value value : computed(operand)) {
      bytes += align(facts.type(value).byteSize());
    }
    return bytes;
  }

  /** What is chosen and quantized at each run; nothing if the integers are there. */
  private static List<Value> computed(QuantizedOperator.Operand operand) {
    return operand.quantization() instanceof Quantization.Dynamic
        ? operand.nodes().stream().limit(2).flatMap(n -> n.results().stream()).toList()
        : List.of();
  }

  static long align(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  /**
   * Binds an operand with the reference kernels.
   *
   * @param scratch of {@link #scratchBytes}
   */
  static QuantizedInput bind(
      QuantizedOperator.Operand operand,
      NodeCall.Facts facts,
      BoundNodeCall.Buffers buffers,
      MemorySegment scratch) {
    return bind(operand, facts, buffers, scratch, QuantizedInput::step);
  }

  /**
   * Binds an operand.
   *
   * @param scratch of {@link #scratchBytes}
   * @param quantizer binds the nodes that choose parameters and quantize, without scratch memory
   */
  public static QuantizedInput bind(
      QuantizedOperator.Operand operand,
      NodeCall.Facts facts,
      BoundNodeCall.Buffers buffers,
      MemorySegment scratch,
      Function<BoundCall, Step> quantizer) {
    Affine fixed = Affine.of(operand.quantization());
    if (fixed != null) {
      MemorySegment data = buffers.operand(operand.source()).data();
      float[] scale = {fixed.scale()};
      return new QuantizedInput(
          data, scale, new int[] {fixed.zeroPoint()}, new Step[0], null, null);
    }
    Map<Value, Operand> own = new HashMap<>();
    long at = 0;
    for (Value value : computed(operand)) {
      TensorType type = facts.type(value);
      own.put(value, new Operand(scratch.asSlice(at, type.byteSize()), type.dtype(), type.shape()));
      at += align(type.byteSize());
    }
    BoundNodeCall.Buffers overlay =
        new BoundNodeCall.Buffers() {
          @Override
          public Operand operand(Value value) {
            Operand inside = own.get(value);
            return inside != null ? inside : buffers.operand(value);
          }

          @Override
          public MemorySegment scratch(long bytes) {
            throw new IllegalStateException("the memory of the step is taken");
          }

          @Override
          public void heap(long bytes) {
            buffers.heap(bytes);
          }

          @Override
          public Parallel parallel() {
            return buffers.parallel();
          }

          @Override
          public void resize(Value result, int... sizes) {
            buffers.resize(result, sizes);
          }
        };
    Node choose = operand.nodes().get(0);
    Node quantize = operand.nodes().get(1);
    Step[] steps = {
      quantizer.apply(new BoundNodeCall(choose, facts, overlay)),
      quantizer.apply(new BoundNodeCall(quantize, facts, overlay))
    };
    long count = facts.type(choose.result()).shape().numel();
    return new QuantizedInput(
        overlay.operand(quantize.result()).data(),
        buffers.floats(count),
        buffers.ints(count),
        steps,
        Elements.of(overlay.operand(choose.results().get(0))),
        Elements.of(overlay.operand(choose.results().get(1))));
  }

  /** The reference kernel of a node that chooses parameters or quantizes. */
  public static Step step(BoundCall call) {
    Kernel kernel = QuantizationKernels.find(call.node().name());
    if (kernel == null) {
      throw new IllegalStateException("no kernel for " + call.node());
    }
    return kernel.bind(call);
  }

  /** The integers. */
  public MemorySegment data() {
    return data;
  }

  /** Scale of each token, or one; valid after {@link #prepare}, a new run's in the same array. */
  public float[] scales() {
    return scales;
  }

  /** Zero point of each token, or one; as {@link #scales}. */
  public int[] zeroPoints() {
    return zeroPoints;
  }

  /** Quantizes, in each run before the integers are read. */
  public void prepare() {
    for (Step step : steps) {
      step.run();
    }
    if (chosenScales != null && chosenZeroPoints != null) {
      for (int t = 0; t < scales.length; t++) {
        scales[t] = (float) chosenScales.getDouble(t);
        zeroPoints[t] = (int) chosenZeroPoints.getLong(t);
      }
    }
  }

  /** Zero point of a token. */
  public int zeroPoint(int token) {
    return zeroPoints[zeroPoints.length == 1 ? 0 : token];
  }
}
