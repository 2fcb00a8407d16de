package dev.baton.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An operator of the vocabulary: its name and its signature, in PyTorch's terms. Two operators are
 * equal if name and signature are.
 */
public final class Operator {
  private final String name;
  private final List<Parameter> parameters;
  private final int resultCount;

  /**
   * @param name namespace, name and overload: {@code aten::add.Tensor}, {@code aten::relu}
   * @param parameters in order; keyword-only ones are not told apart
   * @param resultCount number of results of a call; −1 if its arguments tell (a result of type
   *     {@code Tensor[]})
   */
  public Operator(String name, List<Parameter> parameters, int resultCount) {
    this.name = Objects.requireNonNull(name);
    this.parameters = List.copyOf(parameters);
    this.resultCount = resultCount;
  }

  /** Namespace, name and overload: {@code aten::add.Tensor}, {@code aten::relu}. */
  public String name() {
    return name;
  }

  /** In order; keyword-only ones are not told apart. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Number of results of a call; −1 if its arguments tell (a result of type {@code Tensor[]}). */
  public int resultCount() {
    return resultCount;
  }

  /**
   * @throws IllegalArgumentException if there is no such parameter
   */
  public int indexOf(String parameter) {
    for (int i = 0; i < parameters.size(); i++) {
      if (parameters.get(i).name().equals(parameter)) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        name
            + " has no parameter '"
            + parameter
            + "'; it has "
            + parameters.stream().map(Parameter::name).toList());
  }

  /** True if the operator has the parameter. */
  public boolean has(String parameter) {
    return parameters.stream().anyMatch(p -> p.name().equals(parameter));
  }

  /**
   * Reads a signature in PyTorch's notation: {@code aten::add.Tensor(Tensor self, Tensor other, *,
   * Scalar alpha=1) -> Tensor}.
   *
   * @throws IllegalArgumentException if the text is no signature
   */
  public static Operator parse(String schema) {
    int open = schema.indexOf('(');
    int close = schema.lastIndexOf(") ->");
    if (open < 0 || close < open) {
      throw new IllegalArgumentException("not an operator signature: " + schema);
    }
    List<Parameter> parameters = new ArrayList<>();
    for (String part : split(schema.substring(open + 1, close))) {
      if (!part.equals("*")) {
        parameters.add(parameter(part));
      }
    }
    String results = schema.substring(close + 4).strip();
    int count =
        results.equals("()")
            ? 0
            : results.contains("[]")
                ? -1
                : split(
                        results.startsWith("(")
                            ? results.substring(1, results.length() - 1)
                            : results)
                    .size();
    return new Operator(schema.substring(0, open).strip(), parameters, count);
  }

  /** Parts between the commas that are inside no bracket. */
  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i == text.length() ? ',' : text.charAt(i);
      if (c == '(' || c == '[') {
        depth++;
      } else if (c == ')' || c == ']') {
        depth--;
      } else if (c == ',' && depth == 0) {
        String part = text.substring(start, i).strip();
        if (!part.isEmpty()) {
          parts.add(part);
        }
        start = i + 1;
      }
    }
    return parts;
  }

  private static Parameter parameter(String text) {
    int equals = text.indexOf('=');
    String declaration = equals < 0 ? text : text.substring(0, equals);
    int space = declaration.lastIndexOf(' ');
    if (space < 0) {
      throw new IllegalArgumentException("not a parameter: " + text);
    }
    String type = declaration.substring(0, space).replaceAll("\\([a-z!*| ]*\\)", "");
    return new Parameter(
        declaration.substring(space + 1),
        type,
        equals < 0
            ? (type.endsWith("?") ? Argument.none() : null)
            : literal(text.substring(equals + 1), type));
  }

  private static Argument literal(String text, String type) {
    if (text.equals("None")) {
      return Argument.none();
    }
    if (text.equals("True") || text.equals("False")) {
      return Argument.of(text.equals("True"));
    }
    if (text.startsWith("[")) {
      return new Argument.Items(
          split(text.substring(1, text.length() - 1)).stream()
              .map(item -> literal(item, type))
              .toList());
    }
    return switch (text) {
      case "contiguous_format" -> Argument.of(0);
      case "Mean" -> Argument.of(1);
      default -> {
        if (text.startsWith("\"") || text.startsWith("'")) {
          yield new Argument.Text(text.substring(1, text.length() - 1));
        }
        boolean list = type.contains("[") && type.endsWith("]");
        Argument number =
            text.matches("-?[0-9]+") && !type.startsWith("float")
                ? Argument.of(Long.parseLong(text))
                : Argument.of(Double.parseDouble(text));
        yield list ? new Argument.Items(List.of(number)) : number;
      }
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Operator o
        && name.equals(o.name)
        && parameters.equals(o.parameters)
        && resultCount == o.resultCount;
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
