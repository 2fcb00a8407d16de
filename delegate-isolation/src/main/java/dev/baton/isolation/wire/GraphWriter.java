package dev.baton.isolation.wire;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Packing;
import dev.baton.graph.Parameter;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Writes a view of a graph: its inputs, its nodes in order, its outputs. A value is described where
 * it first comes, and known by the number of values before it afterwards.
 */
public final class GraphWriter {
  static final int NONE = 0;
  static final int INT = 1;
  static final int REAL = 2;
  static final int BOOL = 3;
  static final int TEXT = 4;
  static final int ITEMS = 5;
  static final int KNOWN_VALUE = 6;
  static final int OUTER_VALUE = 7;
  static final int CONSTANT = 8;

  private final Writer out;
  private final Constants constants;
  private final Map<Value, Integer> values = new IdentityHashMap<>();

  private GraphWriter(Writer out, Constants constants) {
    this.out = out;
    this.constants = constants;
  }

  /**
   * @param constants receives the bytes that the graph refers to
   * @throws WireException if the graph holds something that cannot be sent
   */
  public static void write(GraphView view, Writer out, Constants constants) {
    new GraphWriter(out, constants).write(view);
  }

  private void write(GraphView view) {
    out.put(
        view.inputs(),
        (w, value) -> {
          number(value);
          Types.write(w, value.type());
        });
    out.put(view.nodes(), (w, node) -> write(node));
    out.put(
        view.outputs(),
        (w, value) -> {
          Integer known = values.get(value);
          if (known == null) {
            throw new WireException("the output " + value + " comes from nowhere");
          }
          w.put(known);
        });
  }

  private void number(Value value) {
    values.put(value, values.size());
  }

  private void write(Node node) {
    write(node.operator());
    out.put(node.arguments(), (w, argument) -> write(argument));
    out.put(
        node.results(),
        (w, value) -> {
          number(value);
          Types.write(w, value.type());
        });
    Origin origin = node.origin();
    out.put(origin.instruction()).put(origin.payload()).put(origin.index());
  }

  /** An operator of the vocabulary by its name, another one with its signature. */
  private void write(Operator operator) {
    boolean shared =
        Operators.find(operator.name())
            .filter(o ->
                o.resultCount() == operator.resultCount()
                    && o.parameters().equals(operator.parameters()))
            .isPresent();
    out.put(operator.name()).put(shared);
    if (!shared) {
      out.put(operator.resultCount());
      out.put(operator.parameters(), (w, parameter) -> write(parameter));
    }
  }

  private void write(Parameter parameter) {
    Argument orElse = parameter.defaultValue();
    out.put(parameter.name()).put(parameter.type()).put(orElse != null);
    if (orElse != null) {
      write(orElse);
    }
  }

  private void write(Argument argument) {
    switch (argument) {
      case Argument.None n -> out.put(NONE);
      case Argument.Int i -> out.put(INT).put(i.value());
      case Argument.Real r -> out.put(REAL).put(r.value());
      case Argument.Bool b -> out.put(BOOL).put(b.value());
      case Argument.Text t -> out.put(TEXT).put(t.value());
      case Argument.Items list -> {
        out.put(ITEMS);
        out.put(list.items(), (w, item) -> write(item));
      }
      case Value value -> write(value);
    }
  }

  private void write(Value value) {
    Integer known = values.get(value);
    if (known != null) {
      out.put(KNOWN_VALUE).put(known);
      return;
    }
    number(value);
    if (value.isConstant()) {
      out.put(CONSTANT);
      write(value.constant());
    } else {
      out.put(OUTER_VALUE);
      Types.write(out, value.type());
    }
  }

  /** As the contiguous constant that it is a permutation of, and the permutation. */
  private void write(Constant constant) {
    Shape shape = constant.type().shape();
    long[] strides = constant.strides();
    List<Integer> order =
        IntStream.range(0, shape.rank())
            .boxed()
            .sorted((a, b) ->
                strides[a] != strides[b]
                    ? Long.compare(strides[b], strides[a])
                    : Boolean.compare(shape.size(a) == 1, shape.size(b) == 1))
            .toList();
    Shape stored = Shape.of(order.stream().mapToInt(shape::size).toArray());
    long rows = stored.rank() == 0 || stored.size(-1) == 0 ? 1 : stored.numel() / stored.size(-1);
    long bytes =
        constant.packing() == Packing.INT4_NIBBLES && stored.numel() > 0
            ? rows * (((stored.rank() == 0 ? 1 : stored.size(-1)) + 1L) / 2)
            : constant.type().byteSize();
    MemorySegment data = constant.data();
    out.put(constant.packing()).put(constant.type().dtype().code()).put(stored);
    for (int d = 0; d < shape.rank(); d++) {
      out.put(order.indexOf(d));
    }
    out.put(constants.add(data.asSlice(0, Math.min(bytes, data.byteSize()))));
  }
}
