package dev.baton.runtime.profile;

import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.runtime.Placement;
import java.util.List;

/**
 * Where the time of a load and of some runs went, and the memory. All times are nanoseconds by
 * {@link System#nanoTime}.
 *
 * @param threads that a run may use
 * @param load in the order of their beginnings; of plans for ever new shapes, the first thousands
 * @param steps what events name by index; plans of other shapes have steps of their own
 * @param runs those recorded, one after the other; runs that failed are left out
 * @param fallenBack subgraphs that run in Java because their delegate failed: the time of their
 *     steps is Java's
 */
public record Profile(
    String method,
    Placement placement,
    int threads,
    List<LoadPhase> load,
    List<Step> steps,
    List<Run> runs,
    MemoryUse memory,
    List<String> fallenBack) {
  /** Runner of steps that copy a result to where it is wanted. */
  public static final String HOST = "host";

  public Profile {
    load = List.copyOf(load);
    steps = List.copyOf(steps);
    runs = List.copyOf(runs);
    fallenBack = List.copyOf(fallenBack);
  }

  /**
   * An operator of the graph.
   *
   * @param position among the operators of the placement
   * @param arithmetic operations on numbers, as in {@link Step}
   */
  public record Operation(String name, Origin origin, int position, long arithmetic) {}

  /**
   * What a plan executes as one.
   *
   * @param index position in {@link #steps}
   * @param name of a subgraph, or the operators and where they come from
   * @param runner a delegate's name, a provider of Java kernels, or {@link #HOST}
   * @param subgraph as in the placement; empty in Java
   * @param operations what it computes; for a subgraph, all of it
   * @param inputs types of tensors that come in, constants excepted, with the sizes of the run
   * @param outputs types of tensors that go out
   * @param bytesRead of the inputs, and of the constants as they are stored
   * @param bytesWritten of the outputs; what a subgraph keeps within itself is in neither
   * @param multiplyAdds of products, each counted as one
   * @param arithmetic operations on numbers: two for a multiply and add, one for each element that
   *     another operator computes
   */
  public record Step(
      int index,
      String name,
      String runner,
      String subgraph,
      List<Operation> operations,
      List<TensorType> inputs,
      List<TensorType> outputs,
      long bytesRead,
      long bytesWritten,
      long multiplyAdds,
      long arithmetic) {
    public Step {
      operations = List.copyOf(operations);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }

    /** Names of its operators, joined; {@code copy} if there are none. */
    public String operator() {
      return operations.isEmpty() ? "copy" : joined(operations);
    }
  }

  private static String joined(List<Operation> operations) {
    return String.join(" + ", operations.stream().map(Operation::name).toList());
  }

  /** A run. */
  public record Run(long startNanos, long nanos, List<Event> events) {
    public Run {
      events = List.copyOf(events);
    }
  }

  /**
   * A step was run.
   *
   * @param step index in {@link #steps}
   * @param parts what the delegate told of, in its order
   */
  public record Event(int step, long startNanos, long nanos, List<Part> parts) {
    public Event {
      parts = List.copyOf(parts);
    }
  }

  /**
   * A part of a step: a delegate's operator; or, where the delegate has failed, a step of the Java
   * twin.
   *
   * @param id the delegate's number of it; −1 if it has none
   * @param operations of the step that it works for, alone or with other parts; empty if that is
   *     not known
   */
  public record Part(int id, String name, long startNanos, long nanos, List<Operation> operations) {
    public Part {
      operations = List.copyOf(operations);
    }

    /** Names of its operators, joined; empty if they are not known. */
    public String operator() {
      return joined(operations);
    }

    /** A part of which nobody knows what it computes. */
    public Part(int id, String name, long startNanos, long nanos) {
      this(id, name, startNanos, nanos, List.of());
    }
  }
}
