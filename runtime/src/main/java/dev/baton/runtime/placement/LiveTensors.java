package dev.baton.runtime.placement;

import dev.baton.graph.Node;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** How much the tensors of nodes that run one after another need at a time. */
final class LiveTensors {
  private LiveTensors() {}

  /**
   * The most bytes that results hold between two of the nodes. Results whose sizes vary count
   * nothing, since the sizes of a call are not known; nor do what the nodes are given, and results
   * that nobody takes.
   *
   * @param outputs results that stay to the end
   * @return {@link Long#MAX_VALUE} if they are more
   */
  static long mostBytes(List<Node> nodes, List<Value> outputs) {
    Map<Value, Integer> last = new IdentityHashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (Value input : nodes.get(i).inputs()) {
        last.put(input, i);
      }
    }
    outputs.forEach(output -> last.put(output, nodes.size()));
    Map<Value, Long> live = new IdentityHashMap<>();
    long bytes = 0;
    long most = 0;
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      for (Value input : node.inputs()) {
        if (last.getOrDefault(input, i) == i) {
          Long freed = live.remove(input);
          bytes -= freed == null ? 0 : freed;
        }
      }
      for (Value result : node.results()) {
        if (last.containsKey(result)
            && result.type() instanceof TensorType type
            && !type.dynamic()) {
          long more = type.byteSize();
          if (more > Long.MAX_VALUE - bytes) {
            return Long.MAX_VALUE;
          }
          live.put(result, more);
          bytes += more;
        }
      }
      most = Math.max(most, bytes);
    }
    return most;
  }
}
