package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Convolution filters in the operator's layout. With g groups of i input and o output channels:
 *
 * <pre>
 * convolution             payload [g·o, kh, kw, i]   operator [g·o, i, kh, kw]
 * depthwise (i = 1)       payload [1, kh, kw, g·o]   operator [g·o, 1, kh, kw]
 * transposed convolution  payload [g·o, kh, kw, i]   operator [g·i, o, kh, kw]
 * </pre>
 */
final class Filters {
  private static final int[] OUTPUTS_FIRST = {0, 3, 1, 2};
  private static final int[] LAST_FIRST = {3, 0, 1, 2};

  private final GraphBuilder into;
  private final ConstantData data;

  Filters(GraphBuilder into, ConstantData data) {
    this.into = into;
    this.data = data;
  }

  Value filter(NodeKind kind, PayloadNode.Convolution node, Tensors tensors)
      throws DelegateException, UnsupportedNode {
    Lifted filter = tensors.read(node.filter());
    int height = node.window().height();
    int width = node.window().width();
    long outputs = (long) node.groups() * node.groupOutputChannels();
    boolean depthwise = kind == NodeKind.DEPTHWISE_CONV_2D;
    long[] expected =
        depthwise
            ? new long[] {1, height, width, outputs}
            : new long[] {outputs, height, width, node.groupInputChannels()};
    boolean fits = filter.rank() == 4 && !(depthwise && node.groupInputChannels() != 1);
    for (int d = 0; fits && d < 4; d++) {
      fits = filter.size(d) == expected[d];
    }
    if (!fits) {
      throw Failures.damaged(
          "the filter is %s, expected %s of its %d groups, %d to %d channels each"
              .formatted(
                  tensors.declared(node.filter()),
                  Arrays.toString(expected),
                  node.groups(),
                  node.groupInputChannels(),
                  node.groupOutputChannels()));
    }
    return switch (kind) {
      case CONV_2D -> filter.real(OUTPUTS_FIRST);
      case DEPTHWISE_CONV_2D -> filter.real(LAST_FIRST);
      default -> node.groups() == 1 ? filter.real(LAST_FIRST) : grouped(filter, node);
    };
  }

  /** Exchanges the channels inside of each group. */
  private Value grouped(Lifted filter, PayloadNode.Convolution node)
      throws DelegateException, UnsupportedNode {
    int groups = node.groups();
    int outputs = node.groupOutputChannels();
    int inputs = node.groupInputChannels();
    int height = node.window().height();
    int width = node.window().width();
    int[] sizes = {Math.multiplyExact(groups, inputs), outputs, height, width};
    Stored stored = filter.stored();
    Constant source = stored.constant();
    boolean oneScale =
        stored.encoding() instanceof Encoding.Plain
            || stored.encoding() instanceof Encoding.PerTensor;
    boolean rearrangeable = oneScale && Permutations.isIdentity(filter.order());
    if (source == null || !source.isContiguous() || !rearrangeable) {
      Value split =
          into.apply(
              "aten::view_copy",
              filter.inPlace(),
              Argument.ints(groups, outputs, height, width, inputs));
      Value exchanged = into.apply("aten::permute_copy", split, Argument.ints(0, 4, 1, 2, 3));
      return into.apply("aten::view_copy", exchanged, Argument.ints(sizes));
    }
    TensorType type = TensorType.of(source.type().dtype(), sizes);
    if (inputs == 1) {
      return Stored.of(into, source.reshape(sizes), stored.encoding()).real();
    }
    int step = type.dtype().byteSize();
    MemorySegment from = source.data();
    MemorySegment to = data.allocate(type.byteSize(), "a grouped filter");
    long plane = (long) height * width;
    long at = 0;
    for (long g = 0; g < groups; g++) {
      for (long i = 0; i < inputs; i++) {
        for (long o = 0; o < outputs; o++) {
          for (long p = 0; p < plane; p++, at++) {
            long element = ((g * outputs + o) * plane + p) * inputs + i;
            MemorySegment.copy(from, element * step, to, at * step, step);
          }
        }
      }
    }
    return Stored.of(into, Constant.of(to.asReadOnly(), type), stored.encoding()).real();
  }
}
