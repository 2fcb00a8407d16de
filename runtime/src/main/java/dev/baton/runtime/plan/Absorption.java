package dev.baton.runtime.plan;

import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.placement.Unit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Joins a Java unit with the units that follow it where its kernel absorbs them: a convolution, the
 * batch norm of its result and the activation of that are one step, and what lies between is never
 * written. Nor are further results of what is absorbed, which nobody takes.
 *
 * <p>A unit takes the place of the last that it absorbs: all other tensors are there by then.
 */
final class Absorption {
  private Absorption() {}

  /**
   * The units of a graph, in running order, with those joined that can be.
   *
   * @param computedOnce true of nodes that no run computes
   */
  static List<Unit> join(
      List<Unit> units, Graph graph, NodeCall.Facts facts, Predicate<Node> computedOnce) {
    // Of Java units that run each time, by node; −1 for other nodes.
    int[] places = new int[graph.nodeIdBound()];
    Arrays.fill(places, -1);
    for (int u = 0; u < units.size(); u++) {
      if (units.get(u) instanceof Unit.OnJava java && !computedOnce.test(java.node())) {
        places[java.node().id()] = u;
      }
    }
    Map<Integer, Unit> moved = new HashMap<>();
    boolean[] gone = new boolean[units.size()];
    for (int u = 0; u < units.size(); u++) {
      if (!gone[u] && units.get(u) instanceof Unit.OnJava java && places[java.node().id()] == u) {
        List<Node> absorbed = absorbed(java, places, gone, graph, facts);
        if (!absorbed.isEmpty()) {
          gone[u] = true;
          absorbed.forEach(n -> gone[places[n.id()]] = true);
          moved.put(
              places[absorbed.getLast().id()],
              new Unit.OnJava(java.node(), absorbed, java.kernel(), java.provider()));
        }
      }
    }
    List<Unit> result = new ArrayList<>();
    for (int u = 0; u < units.size(); u++) {
      Unit fused = moved.get(u);
      if (fused != null) {
        result.add(fused);
      } else if (!gone[u]) {
        result.add(units.get(u));
      }
    }
    return result;
  }

  private static List<Node> absorbed(
      Unit.OnJava unit, int[] places, boolean[] gone, Graph graph, NodeCall.Facts facts) {
    List<Node> absorbed = new ArrayList<>();
    List<Call> calls = new ArrayList<>();
    Call call = new NodeCall(unit.node(), facts);
    Node last = unit.node();
    while (hasOneResult(last, graph)) {
      Value result = last.result();
      List<Node> users = graph.users(result);
      if (users.size() != 1 || graph.isOutput(result)) {
        break;
      }
      Node next = users.get(0);
      int place = places[next.id()];
      boolean fits =
          place >= 0
              && !gone[place]
              && hasOneResult(next, graph)
              && next.inputs().stream().filter(v -> v == result).count() == 1
              && next.inputs().stream().allMatch(Value::isTensor)
              && facts.type(next.result()).equals(facts.type(result));
      Call nextCall = new NodeCall(next, facts);
      if (!fits || !unit.kernel().absorbs(call, calls, nextCall)) {
        break;
      }
      absorbed.add(next);
      calls.add(nextCall);
      last = next;
    }
    return absorbed;
  }

  /** True of a node with a tensor as its first result, whose others nobody takes. */
  private static boolean hasOneResult(Node node, Graph graph) {
    return !node.results().isEmpty()
        && node.result().isTensor()
        && node.results().stream()
            .skip(1)
            .allMatch(v -> graph.users(v).isEmpty() && !graph.isOutput(v));
  }
}
