package dev.baton.devtools.debug;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.cases.Npy;
import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.Argument;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Parameter;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes some operators of a graph as a program of their own, with what came into them as inputs,
 * in the sizes of one run, and what the reference says as expected outputs: a case folder.
 */
final class SubModelWriter {
  private final ProgramBuilder.Method method;
  private final Map<Value, Argument> scalars;
  private final Function<Value, Tensor> tensors;
  private final Map<Value, Slot> slots = new IdentityHashMap<>();

  private SubModelWriter(
      ProgramBuilder.Method method, Map<Value, Argument> scalars, Function<Value, Tensor> tensors) {
    this.method = method;
    this.scalars = scalars;
    this.tensors = tensors;
  }

  /**
   * What to write.
   *
   * @param nodes in the order of their graph
   * @param inputs tensors that come in, constants excepted
   * @param outputs tensors that go out
   * @param scalars values of scalars among the arguments
   * @param tensors what the reference has for a tensor that comes in or that a node gives
   */
  record Part(
      List<Node> nodes,
      List<Value> inputs,
      List<Value> outputs,
      Map<Value, Argument> scalars,
      Function<Value, Tensor> tensors) {}

  /** The program file. */
  static byte[] program(Part part) {
    return new ProgramBuilder()
        .constantsInSegment()
        .method("forward", m -> new SubModelWriter(m, part.scalars(), part.tensors()).write(part))
        .toBytes();
  }

  /**
   * Writes a case, but for what {@link #describe} writes.
   *
   * @param folder made if it is not there
   */
  static void write(Part part, Path folder) throws IOException {
    Files.createDirectories(folder.resolve("inputs"));
    Files.createDirectories(folder.resolve("expected"));
    Files.write(folder.resolve("model.pte"), program(part));
    for (int i = 0; i < part.inputs().size(); i++) {
      Npy.write(folder.resolve("inputs/" + i + ".npy"), part.tensors().apply(part.inputs().get(i)));
    }
    for (int i = 0; i < part.outputs().size(); i++) {
      Npy.write(
          folder.resolve("expected/" + i + ".npy"), part.tensors().apply(part.outputs().get(i)));
    }
  }

  /**
   * Writes the description of a case.
   *
   * @param tolerance of the largest magnitude of an output
   */
  static void describe(Part part, Path folder, double tolerance) throws IOException {
    Files.writeString(
        folder.resolve("case.json"),
        String.format(
            Locale.ROOT,
            "{\"method\": \"forward\", \"tolerance\": %.3g, \"description\": %s}%n",
            tolerance,
            JSON.std.asString(
                String.join(", ", part.nodes().stream().map(Node::toString).toList()))));
  }

  private void write(Part part) {
    for (Value input : part.inputs()) {
      Tensor tensor = tensors.apply(input);
      slots.put(input, method.input(tensor.dtype(), sizes(tensor)));
    }
    for (Node node : part.nodes()) {
      write(node);
    }
    for (Value output : part.outputs()) {
      Slot slot = slots.get(output);
      if (slot != null) {
        method.output(slot);
      }
    }
  }

  private static int[] sizes(Tensor tensor) {
    return Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
  }

  private void write(Node node) {
    String name = fileName(node);
    Operators.Spelling spelling =
        Operators.spelling(name)
            .orElseThrow(() -> new BatonException(node + " has no name in program files"));
    List<Slot> all = new ArrayList<>();
    for (String parameter : spelling.arguments()) {
      Parameter declared = node.operator().parameters().get(node.operator().indexOf(parameter));
      all.add(slot(node.argument(parameter), declared.type(), node));
    }
    for (Value result : node.results()) {
      Tensor like = tensors.apply(result);
      Slot slot = method.tensor(like.dtype(), sizes(like));
      slots.put(result, slot);
      all.add(slot);
    }
    if (name.startsWith("executorch_prim::")) { // the runtime's own: they give nothing back
      Slot out = all.removeLast();
      method.kernelGiving(name, out, all.toArray(Slot[]::new));
    } else {
      method.kernel(name, all.toArray(Slot[]::new));
    }
  }

  /** The first that changes nothing in place. */
  private static String fileName(Node node) {
    return Operators.fileNames(node.operator()).stream()
        .filter(n -> Operators.spelling(n).map(s -> s.mutated().isEmpty()).orElse(false))
        .findFirst()
        .orElse(node.name());
  }

  private Slot slot(Argument argument, String type, Node node) {
    return switch (argument) {
      case Argument.None none -> method.none();
      case Argument.Int i when type.startsWith("float") -> method.real(i.value());
      case Argument.Int i when type.startsWith("bool") -> method.bool(i.value() != 0);
      case Argument.Int i -> method.integer(i.value());
      case Argument.Real r -> method.real(r.value());
      case Argument.Bool b -> method.bool(b.value());
      case Argument.Text t -> method.text(t.value());
      case Argument.Items list -> list(list.items(), type, node);
      case Value v -> value(v, type, node);
    };
  }

  private Slot value(Value value, String type, Node node) {
    if (!value.isTensor()) {
      Argument known = scalars.get(value);
      if (known == null) {
        throw new BatonException(
            node + " takes a scalar that is known only while its block runs: it cannot be cut out");
      }
      return slot(known, type, node);
    }
    return slots.computeIfAbsent(
        value,
        v -> {
          if (!v.isConstant()) {
            throw new IllegalStateException(v + " comes from nowhere");
          }
          Tensor data = Tensor.copyOf(v.constant());
          return method.constant(
              data.dtype(), data.data().toArray(ValueLayout.JAVA_BYTE), sizes(data));
        });
  }

  private Slot list(List<Argument> items, String type, Node node) {
    if (type.startsWith("Tensor?")) {
      @Nullable Slot[] all = new @Nullable Slot[items.size()];
      for (int i = 0; i < all.length; i++) {
        all[i] = items.get(i) instanceof Value v ? value(v, type, node) : null;
      }
      return method.optionalTensors(all);
    }
    if (type.startsWith("Tensor")) {
      return method.tensors(
          items.stream().map(i -> value((Value) i, type, node)).toArray(Slot[]::new));
    }
    List<Argument> plain = items.stream().map(i -> plain(i, node)).toList();
    if (type.startsWith("float") || type.startsWith("Scalar")) {
      return method.reals(plain.stream().mapToDouble(SubModelWriter::number).toArray());
    }
    if (type.startsWith("bool")) {
      boolean[] truths = new boolean[plain.size()];
      for (int i = 0; i < truths.length; i++) {
        truths[i] = number(plain.get(i)) != 0;
      }
      return method.bools(truths);
    }
    return method.integers(plain.stream().mapToLong(i -> (long) number(i)).toArray());
  }

  private Argument plain(Argument item, Node node) {
    Argument known = item instanceof Value v ? scalars.get(v) : item;
    if (known == null) {
      throw new BatonException(
          node + " takes a scalar that is known only while its block runs: it cannot be cut out");
    }
    return known;
  }

  private static double number(Argument argument) {
    return switch (argument) {
      case Argument.Int i -> i.value();
      case Argument.Real r -> r.value();
      case Argument.Bool b -> b.value() ? 1 : 0;
      default -> throw new IllegalStateException(argument + " is no number");
    };
  }
}
