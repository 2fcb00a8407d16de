package dev.baton.devtools.report;

import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.profile.MemoryUse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of one method of a model on one machine. Nodes, values and steps are known
 * by their position in the lists here. Times are nanoseconds, sizes are bytes.
 *
 * @param version of this form, {@link #VERSION}
 * @param model name of the program, as whoever made the report calls it
 * @param blocks stretches without jumps, in the order in which a run first meets them
 * @param values inputs, constants and results, of all blocks
 * @param nodes operators, in the order of the placement
 * @param subgraphs what delegates run
 * @param unavailable delegates that were asked and cannot work here
 * @param steps what recorded runs executed; empty without
 * @param fallenBack subgraphs that ran in Java because their delegate failed
 * @param errors against a reference; null if nobody compared
 */
public record ModelReport(
    int version,
    String model,
    String method,
    Machine machine,
    List<Block> blocks,
    List<Value> values,
    List<Node> nodes,
    List<Subgraph> subgraphs,
    List<Unavailable> unavailable,
    List<Step> steps,
    Runs runs,
    List<String> fallenBack,
    List<Phase> load,
    Memory memory,
    @Nullable Errors errors) {
  /** The form that this version writes and reads. */
  public static final int VERSION = 1;

  public ModelReport {
    blocks = copy(blocks);
    values = copy(values);
    nodes = copy(nodes);
    subgraphs = copy(subgraphs);
    unavailable = copy(unavailable);
    steps = copy(steps);
    fallenBack = copy(fallenBack);
    load = copy(load);
  }

  /** Lists that a file leaves out are empty. */
  private static <T> List<T> copy(@Nullable List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }

  /**
   * Where it was made.
   *
   * @param threads that a run may use
   */
  public record Machine(String system, String java, int threads) {}

  /**
   * A stretch of the method without jumps.
   *
   * @param reads variables that its values come from
   * @param writes variables that it gives values to
   */
  public record Block(List<Access> reads, List<Access> writes) {
    public Block {
      reads = copy(reads);
      writes = copy(writes);
    }
  }

  /**
   * A value is a variable's.
   *
   * @param variable its name; of the same name in all blocks
   * @param kind {@code input}, {@code output}, {@code state} or {@code local}
   */
  public record Access(int value, String variable, String kind) {}

  /**
   * A value of a graph.
   *
   * @param kind {@code input}, {@code constant} or {@code result}
   * @param type dtype and shape as text, at the upper bound
   * @param bytes at the upper bound; of a constant, as it is stored; 0 of a scalar
   * @param producer node that gives it; −1 for inputs and constants
   * @param index which of the producer's results
   */
  public record Value(int block, String kind, String type, long bytes, int producer, int index) {}

  /**
   * An operator.
   *
   * @param operator functional name, such as {@code aten::convolution}
   * @param instruction in the file that it comes from; −1 if the host made it
   * @param payload that it was lifted from; empty if it was an operator of the program
   * @param payloadIndex position in the payload; −1 outside of one
   * @param runner a delegate's name; {@code reference} or another provider of Java kernels; {@code
   *     plan} for what is computed when shapes are known; {@code none} if nobody can
   * @param subgraph name of its subgraph; empty in Java
   * @param declines why each delegate that was asked before does not run it
   * @param source where the author wrote it; null if nobody knows
   */
  public record Node(
      int block,
      String operator,
      int instruction,
      String payload,
      int payloadIndex,
      String runner,
      String subgraph,
      List<Argument> arguments,
      List<Integer> results,
      List<Decline> declines,
      @Nullable NodeSource source) {
    public Node {
      arguments = copy(arguments);
      results = copy(results);
      declines = copy(declines);
    }
  }

  /**
   * An argument of a node.
   *
   * @param text a literal, or what stands for its values
   * @param values that it is, or holds
   */
  public record Argument(String name, String text, List<Integer> values) {
    public Argument {
      values = copy(values);
    }
  }

  /**
   * A delegate's reason.
   *
   * @param kind as {@code Decline.Kind} names it
   */
  public record Decline(String delegate, String kind, String detail) {}

  /**
   * A subgraph or opaque payload on a delegate.
   *
   * @param runner the delegate with what is around it: {@code xnnpack (isolated)}
   * @param operators 0 for an opaque payload
   * @param inputBytes that cross its border inwards in a run
   * @param outputBytes outwards
   * @param memoryBytes what the delegate holds for it, packed weights first of all
   */
  public record Subgraph(
      String name,
      String delegate,
      String runner,
      int operators,
      long inputBytes,
      long outputBytes,
      long memoryBytes) {}

  /** A delegate that cannot work here, and what to do about it. */
  public record Unavailable(String delegate, String reason, String message, String remedy) {}

  /**
   * What a plan executes as one, in all runs.
   *
   * @param subgraph empty in Java
   * @param nodes that it computes; none where it copies a result
   * @param inputs types as they were in the run
   * @param arithmetic operations on numbers: two for a multiply and add
   * @param parts what the delegate told of, or the Java twin's steps, in their order
   */
  public record Step(
      String name,
      String runner,
      String subgraph,
      List<Integer> nodes,
      List<String> inputs,
      List<String> outputs,
      long bytesRead,
      long bytesWritten,
      long arithmetic,
      Times times,
      List<Part> parts) {
    public Step {
      nodes = copy(nodes);
      inputs = copy(inputs);
      outputs = copy(outputs);
      parts = copy(parts);
    }
  }

  /**
   * A part of a step.
   *
   * @param nodes that it works for, alone or with other parts; empty if they are not known
   */
  public record Part(String name, List<Integer> nodes, Times times) {
    public Part {
      nodes = copy(nodes);
    }
  }

  /**
   * Times of one run; where something runs several times in it, their sum.
   *
   * @param p50 median of the runs
   * @param p90 nine tenths of the runs were as fast
   * @param share of a run, 0 to 1, the median of the runs
   */
  public record Times(long p50, long p90, double mean, double share) {
    static final Times NONE = new Times(0, 0, 0, 0);
  }

  /**
   * The runs that were recorded.
   *
   * @param nanos of each
   * @param timeline of the run that took the median
   */
  public record Runs(List<Long> nanos, long p50, long p90, double mean, List<Event> timeline) {
    public Runs {
      nanos = copy(nanos);
      timeline = copy(timeline);
    }
  }

  /**
   * A step was run.
   *
   * @param start since the beginning of the run
   */
  public record Event(int step, long start, long nanos, List<PartEvent> parts) {
    public Event {
      parts = copy(parts);
    }
  }

  /** Within a step. */
  public record PartEvent(String name, long start, long nanos) {}

  /**
   * A phase of the load; phases lie within others by their times.
   *
   * @param kind as {@code LoadPhase.Kind} names it, in small letters
   * @param start since the first phase began
   */
  public record Phase(String kind, String what, long start, long nanos) {}

  /**
   * Bytes.
   *
   * @param use by purpose, now
   * @param filePlan what the file plans for activations, inputs, outputs and state
   * @param plans of the arena, for each block whose shapes are known
   */
  public record Memory(MemoryUse use, long filePlan, List<MemoryPlan> plans) {
    public Memory {
      plans = copy(plans);
    }
  }

  /**
   * How far results are from a reference's.
   *
   * @param reference what the run was compared with, for people
   */
  public record Errors(String reference, List<NodeError> nodes) {
    public Errors {
      nodes = copy(nodes);
    }
  }
}
