package dev.baton.xnnpack;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads goldens.txt: programs, and what PyTorch computed with them. */
final class Cases {
  /** Data of a tensor. */
  record Data(Shape shape, float[] values) {}

  /**
   * @param less results when dim 0 of each input is one less; empty if that was not computed
   */
  record Case(String name, List<String> program, List<Data> results, List<Data> less) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** A case as a graph, with the data of its inputs. */
  record Built(Graph graph, List<Data> inputs) {}

  private Cases() {}

  static List<Case> all() {
    try (InputStream in = Cases.class.getResourceAsStream("goldens.txt")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Arrays.stream(text.split("\n\n"))
          .map(block -> block.lines().filter(line -> !line.startsWith("#")).toList())
          .filter(lines -> !lines.isEmpty())
          .map(Cases::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Case named(String name) {
    return all().stream().filter(c -> c.name.equals(name)).findFirst().orElseThrow();
  }

  private static Case read(List<String> lines) {
    List<String> program = new ArrayList<>();
    List<Data> results = new ArrayList<>();
    List<Data> less = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] words = line.split(" ");
      if (words[0].equals("less")) {
        less.add(data(words));
      } else {
        program.add(line);
        if (words[0].equals("result")) {
          results.add(data(words));
        }
      }
    }
    return new Case(lines.get(0).substring("case ".length()), program, results, less);
  }

  private static Data data(String[] words) {
    float[] values = new float[words.length - 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(words[i + 3]);
    }
    return new Data(shape(words[2]), values);
  }

  private static Shape shape(String text) {
    return text.equals("scalar")
        ? Shape.SCALAR
        : Shape.of(Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray());
  }

  /** The data that {@code goldens.py} makes by the same formula. */
  static float[] formula(String kind, long count, int seed) {
    float[] values = new float[(int) count];
    for (int i = 0; i < count; i++) {
      float value = (float) ((Math.floorMod(7919L * i + 104729L * seed, 2001) - 1000) / 500.0);
      values[i] = kind.startsWith("positive") ? Math.abs(value) + 0.1f : value;
    }
    return values;
  }

  /**
   * @param arena of the constants
   * @param dynamic whether sizes are said to vary
   */
  static Built build(Case c, Arena arena, boolean dynamic) {
    Graph.Builder builder = new Graph.Builder();
    Map<String, Value> values = new HashMap<>();
    List<Data> inputs = new ArrayList<>();
    List<Value> results = new ArrayList<>();
    for (String line : c.program) {
      String[] words = line.split(" ");
      if (words[0].equals("result")) {
        results.add(values.get(words[1]));
      } else if (words[2].matches("input|positive|const|positive_const")) {
        Shape shape = shape(words[3]);
        float[] data = formula(words[2], shape.numel(), Integer.parseInt(words[4]));
        if (words[2].endsWith("const")) {
          values.put(words[0], builder.constant(constant(arena, data, shape.sizes())));
        } else {
          values.put(words[0], builder.input(new TensorType(DType.FLOAT, shape, dynamic)));
          inputs.add(new Data(shape, data));
        }
      } else {
        call(builder, line, values, dynamic);
      }
    }
    return new Built(builder.build(results), inputs);
  }

  static Constant constant(Arena arena, float[] data, int... sizes) {
    MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_FLOAT, data);
    return Constant.of(bytes, TensorType.of(DType.FLOAT, sizes));
  }

  private static void call(
      Graph.Builder builder, String line, Map<String, Value> values, boolean dynamic) {
    int equals = line.indexOf(" = ");
    int open = line.indexOf('(', equals);
    Map<String, TensorType> results = new LinkedHashMap<>();
    for (String result : line.substring(0, equals).split(", ")) {
      int colon = result.indexOf(':');
      String type = result.substring(colon + 1);
      boolean index = type.startsWith("int64:");
      results.put(
          result.substring(0, colon),
          new TensorType(
              index ? DType.INT64 : DType.FLOAT,
              shape(index ? type.substring("int64:".length()) : type),
              dynamic));
    }
    List<Argument> arguments = new ArrayList<>();
    for (String item : split(line.substring(open + 1, line.length() - 1))) {
      arguments.add(argument(item, values));
    }
    Node node =
        builder.node(
            Operators.get(line.substring(equals + 3, open)),
            arguments,
            List.copyOf(results.values()),
            Origin.HOST);
    int i = 0;
    for (String name : results.keySet()) {
      values.put(name, node.results().get(i++));
    }
  }

  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i <= text.length(); i++) {
      char ch = i == text.length() ? ',' : text.charAt(i);
      depth += ch == '[' ? 1 : ch == ']' ? -1 : 0;
      if (ch == ',' && depth == 0) {
        if (!text.substring(start, i).isBlank()) {
          parts.add(text.substring(start, i).strip());
        }
        start = i + 1;
      }
    }
    return parts;
  }

  private static Argument argument(String text, Map<String, Value> values) {
    if (text.startsWith("[")) {
      return new Argument.Items(
          split(text.substring(1, text.length() - 1)).stream()
              .map(item -> argument(item, values))
              .toList());
    }
    if (values.containsKey(text)) {
      return values.get(text);
    }
    if (text.startsWith("\"")) {
      return new Argument.Text(text.substring(1, text.length() - 1));
    }
    return switch (text) {
      case "None" -> Argument.none();
      case "True" -> Argument.of(true);
      case "False" -> Argument.of(false);
      default ->
          text.contains(".")
              ? Argument.of(Double.parseDouble(text))
              : Argument.of(Long.parseLong(text));
    };
  }
}
