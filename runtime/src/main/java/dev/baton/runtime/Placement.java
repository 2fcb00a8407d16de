package dev.baton.runtime;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Decline;
import dev.baton.graph.Origin;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Who runs each operator of a method, and why not another.
 *
 * @param method name of the method
 * @param operators in the order of the graph; those of later blocks follow
 * @param subgraphs what delegates run
 * @param unavailable delegates that were asked and cannot work here
 * @param memory what activations take
 * @param problems what keeps the method from running; empty for a loaded method, see {@link
 *     ModelMethod#explain}
 */
public record Placement(
    String method,
    List<PlacedOperator> operators,
    List<PlacedSubgraph> subgraphs,
    Map<String, Availability> unavailable,
    Memory memory,
    List<String> problems) {
  /**
   * An operator.
   *
   * @param name functional name, such as {@code aten::convolution}
   * @param runner a delegate's name; {@code reference} or another provider of Java kernels; {@code
   *     plan} for what is computed when shapes are known (symbolic sizes) and costs nothing in a
   *     run; {@code none} if nobody can
   * @param subgraph name of its subgraph; empty in Java
   * @param results types of the results, as text
   * @param declines why each delegate before the runner does not run it, in the order in which they
   *     were asked
   */
  public record PlacedOperator(
      String name,
      Origin origin,
      String runner,
      String subgraph,
      List<String> results,
      List<DeclinedBy> declines) {}

  /** A delegate's reason. */
  public record DeclinedBy(String delegate, Decline reason) {}

  /**
   * A subgraph or opaque payload.
   *
   * @param wrappings what is around the delegate, such as {@code isolated}; mostly empty
   * @param operatorCount 0 for an opaque payload, whose operators are not known
   * @param inputBytes bytes that cross its border inwards in a run, at the upper bounds
   * @param outputBytes outwards
   * @param memoryBytes what the delegate holds for it
   */
  public record PlacedSubgraph(
      String name,
      String delegate,
      List<String> wrappings,
      int operatorCount,
      long inputBytes,
      long outputBytes,
      long memoryBytes) {
    public PlacedSubgraph {
      wrappings = List.copyOf(wrappings);
    }

    /** The delegate's name, with what is around it: {@code xnnpack (isolated)}. */
    public String runner() {
      return wrappings.isEmpty() ? delegate : delegate + " (" + String.join(", ", wrappings) + ")";
    }
  }

  /**
   * Memory of one execution at the shapes that the program declares, and what the file plans in its
   * place. What delegates need inside is in neither, nor are scratch memory of kernels and packed
   * weights. A file whose parts were lowered plans nothing for their insides: where Java runs
   * these, its plan is no measure.
   *
   * @param arenaBytes of activations; {@link #UNKNOWN} where data decide shapes
   * @param variableBytes of inputs, outputs, state, and what goes from block to block: Baton keeps
   *     them apart, so that inputs are as the caller left them after a run
   * @param plannedBytes of all memories that the file plans: activations, and unless it was
   *     exported otherwise inputs, outputs and state, whose memory it may use again
   */
  public record Memory(long arenaBytes, long variableBytes, long plannedBytes) {
    /** Of an arena whose size follows from data. */
    public static final long UNKNOWN = -1;
  }

  public Placement {
    operators = List.copyOf(operators);
    subgraphs = List.copyOf(subgraphs);
    unavailable = Map.copyOf(unavailable);
    problems = List.copyOf(problems);
  }

  /** Operators by runner. */
  public Map<String, Long> counts() {
    return operators.stream()
        .collect(
            Collectors.groupingBy(PlacedOperator::runner, TreeMap::new, Collectors.counting()));
  }

  /** One line: {@code forward: 66 operators, xnnpack 66 in 1 subgraph}. */
  public String summary() {
    String runners =
        counts().entrySet().stream()
            .map(e -> {
              List<PlacedSubgraph> parts =
                  subgraphs.stream().filter(s -> s.delegate().equals(e.getKey())).toList();
              return parts.isEmpty()
                  ? e.getKey() + " " + e.getValue()
                  : parts.getFirst().runner()
                      + " "
                      + e.getValue()
                      + " in "
                      + parts.size()
                      + (parts.size() == 1 ? " subgraph" : " subgraphs");
            })
            .collect(Collectors.joining(", "));
    // Where something is accelerated, what else there might be is no news.
    String absent =
        unavailable.entrySet().stream()
            .filter(
                e -> subgraphs.isEmpty() && e.getValue().reason() != Availability.Reason.PLATFORM)
            .map(e -> e.getKey() + " (" + e.getValue().reason() + ")")
            .sorted()
            .collect(Collectors.joining(", "));
    return method
        + ": "
        + operators.size()
        + (operators.size() == 1 ? " operator" : " operators")
        + (runners.isEmpty() ? "" : ", " + runners)
        + (absent.isEmpty() ? "" : "; unavailable: " + absent);
  }
}
