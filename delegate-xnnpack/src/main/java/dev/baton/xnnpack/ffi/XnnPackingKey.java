package dev.baton.xnnpack.ffi;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * All that decides how a node's weights look when they are packed, but for the library and the CPU.
 * Keys are equal if the packed bytes are.
 *
 * @param node with all ids 0
 * @param input type of the node's input
 * @param output type of its output
 */
record XnnPackingKey(
    XnnNode.Packing node, String input, String output, Operand filter, @Nullable Operand bias) {
  /** A static value. */
  record Operand(List<Long> dims, String type, XnnValue.StaticData data) {
    private static Operand of(XnnValue value, XnnValue.StaticData data) {
      return new Operand(Arrays.stream(value.dims()).boxed().toList(), value.type().exact(), data);
    }

    private void digest(ContentDigest into, ToLongFunction<MemorySegment> contents) {
      into.update(type + dims);
      data.digest(into, contents);
    }
  }

  /** The key of a node; null if it packs nothing that is known when it is made. */
  static @Nullable XnnPackingKey of(XnnGraph graph, XnnNode.Weights weights) {
    Operand filter = operand(graph, weights.filter());
    boolean hasBias = weights.bias() != XnnNode.NONE;
    Operand bias = hasBias ? operand(graph, weights.bias()) : null;
    if (filter == null || (hasBias && bias == null)) {
      return null;
    }
    return new XnnPackingKey(
        weights.node(),
        graph.values().get(weights.input()).type().exact(),
        graph.values().get(weights.output()).type().exact(),
        filter,
        bias);
  }

  private static @Nullable Operand operand(XnnGraph graph, int id) {
    XnnValue value = graph.values().get(id);
    return value.data() == null ? null : Operand.of(value, value.data());
  }

  /** Bytes of filter and bias. */
  long byteSize() {
    return filter.data.byteSize() + (bias == null ? 0 : bias.data.byteSize());
  }

  void digest(ContentDigest into, ToLongFunction<MemorySegment> contents) {
    into.update(node + input + output + (bias == null));
    filter.digest(into, contents);
    if (bias != null) {
      bias.digest(into, contents);
    }
  }
}
