package dev.baton.graph;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The vocabulary: every operator that a graph may hold, by its functional name, and how program
 * files spell it. The facts are in {@code operators.txt}, one line an operator; a line is parsed
 * when it is first asked for.
 */
public final class Operators {
  /**
   * How a program file calls an operator.
   *
   * @param operator the functional operator
   * @param arguments the parameter that each leading argument of the call is for
   * @param mutated positions in {@code arguments} that receive the first results: the call changes
   *     them in place; the other results go to the arguments that follow the last
   */
  public record Spelling(Operator operator, List<String> arguments, List<Integer> mutated) {
    public Spelling {
      arguments = List.copyOf(arguments);
      mutated = List.copyOf(mutated);
    }
  }

  private static final Map<String, String> LINES = new HashMap<>();
  private static final Map<String, String> SPELLINGS = new HashMap<>();
  private static final Map<String, Operator> PARSED = new ConcurrentHashMap<>();

  static {
    try (InputStream in = Operators.class.getResourceAsStream("operators.txt")) {
      if (in == null) {
        throw new IllegalStateException("operators.txt is not beside " + Operators.class.getName());
      }
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(Operators::index);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Operators() {}

  private static void index(String line) {
    String name = line.substring(0, line.indexOf('('));
    LINES.put(name, line);
    for (int at = line.indexOf(" ; "); at >= 0; at = line.indexOf(" ; ", at + 3)) {
      SPELLINGS.put(line.substring(at + 3, line.indexOf('(', at)), line);
    }
  }

  /** The operator of a functional name, such as {@code aten::add.Tensor}. */
  public static Optional<Operator> find(String name) {
    Operator known = PARSED.get(name);
    String line = known == null ? LINES.get(name) : null;
    if (line != null) {
      int end = line.indexOf(" ; ");
      known = Operator.parse(end < 0 ? line : line.substring(0, end));
      PARSED.put(name, known);
    }
    return Optional.ofNullable(known);
  }

  /**
   * @throws IllegalArgumentException if the vocabulary has no such operator
   */
  public static Operator get(String name) {
    return find(name)
        .orElseThrow(
            () -> new IllegalArgumentException("no operator '" + name + "' in the vocabulary"));
  }

  /**
   * How a program file's operator name, such as {@code aten::add.out}, is to be read; empty if the
   * vocabulary does not know it.
   */
  public static Optional<Spelling> spelling(String fileName) {
    String line = SPELLINGS.get(fileName);
    if (line == null) {
      return find(fileName)
          .map(o ->
              new Spelling(o, o.parameters().stream().map(Parameter::name).toList(), List.of()));
    }
    int open = line.indexOf('(', line.indexOf(" ; " + fileName + "("));
    List<String> arguments = new ArrayList<>();
    List<Integer> mutated = new ArrayList<>();
    for (String argument : line.substring(open + 1, line.indexOf(')', open)).split(", ")) {
      if (argument.endsWith("!")) {
        mutated.add(arguments.size());
        argument = argument.substring(0, argument.length() - 1);
      }
      if (!argument.isEmpty()) {
        arguments.add(argument);
      }
    }
    return Optional.of(new Spelling(get(line.substring(0, line.indexOf('('))), arguments, mutated));
  }

  /**
   * Names by which program files call an operator, to be read by {@link #spelling}: those of {@code
   * operators.txt} in its order, then the functional name itself.
   */
  public static List<String> fileNames(Operator operator) {
    List<String> names = new ArrayList<>();
    String line = LINES.getOrDefault(operator.name(), "");
    for (int at = line.indexOf(" ; "); at >= 0; at = line.indexOf(" ; ", at + 3)) {
      names.add(line.substring(at + 3, line.indexOf('(', at)));
    }
    names.add(operator.name());
    return names;
  }

  /** The functional names of the whole vocabulary. */
  public static Collection<String> names() {
    return Collections.unmodifiableSet(LINES.keySet());
  }
}
