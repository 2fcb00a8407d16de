package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import java.util.List;
import java.util.Set;

/**
 * A batch norm by running statistics: x · scale + shift, with one of each for a channel. Read from
 * its float32 tensors when asked for.
 */
final class BatchNorm {
  static final Set<String> NAMES =
      Set.of(
          "aten::_native_batch_norm_legit_no_training",
          "aten::_native_batch_norm_legit",
          "aten::native_batch_norm");

  private static final List<String> OF_CHANNELS =
      List.of("weight", "bias", "running_mean", "running_var");

  private final long mean;
  private final long variance;
  private final long weight;
  private final long bias;
  private final double eps;

  /**
   * @param call which {@link #is} is true of
   */
  BatchNorm(BoundCall call) {
    this.mean = call.input("running_mean").data().address();
    this.variance = call.input("running_var").data().address();
    this.weight = Lanes.addressOrZero(call.inputOrNull("weight"));
    this.bias = Lanes.addressOrZero(call.inputOrNull("bias"));
    this.eps = call.number("eps");
  }

  /** True of a call that is one, of float32 throughout. */
  static boolean is(Call call) {
    String name = call.node().name();
    return NAMES.contains(name)
        && (name.endsWith("_no_training") || !call.bool("training"))
        && call.type("input").dtype() == DType.FLOAT
        && OF_CHANNELS.stream()
            .allMatch(p -> call.isNone(p) || call.type(p).dtype() == DType.FLOAT);
  }

  /** True if the program holds what a call's channels are normalized by. */
  static boolean isConstant(Call call) {
    return OF_CHANNELS.stream()
        .map(call.node()::tensorOrNull)
        .allMatch(v -> v == null || v.isConstant());
  }

  float scale(int channel) {
    return (float) exactScale(channel);
  }

  float shift(int channel) {
    double b = bias == 0 ? 0 : Lanes.get(bias + 4L * channel);
    return (float) (b - Lanes.get(mean + 4L * channel) * exactScale(channel));
  }

  private double exactScale(int channel) {
    double w = weight == 0 ? 1 : Lanes.get(weight + 4L * channel);
    return 1 / Math.sqrt(Lanes.get(variance + 4L * channel) + eps) * w;
  }
}
