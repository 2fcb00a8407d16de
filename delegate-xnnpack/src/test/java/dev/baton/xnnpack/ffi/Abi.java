package dev.baton.xnnpack.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What the C headers of a version declare, as {@code native/xnnpack/probe} printed it.
 *
 * @param facts by kind and name, without those that are absent there
 */
public record Abi(String version, Map<String, String> facts) {
  /** The version of the library that tests run on, unless the property says another. */
  private static final String DEFAULT = "maven-2.21.0";

  /** System property with the version of the library that the property of the delegate names. */
  private static final String PROPERTY = "baton.xnnpack.abi";

  static final List<String> VERSIONS = List.of("debian-20241108", DEFAULT, "executorch-1.5.1");

  private static final String ABSENT = "absent";

  /** The version of the library that tests run on. */
  public static Abi current() {
    return of(System.getProperty(PROPERTY, DEFAULT));
  }

  public boolean isDefault() {
    return version.equals(DEFAULT);
  }

  static Abi of(String version) {
    Map<String, String> facts = new HashMap<>();
    try (InputStream in = Abi.class.getResourceAsStream(version + ".txt")) {
      String text =
          new String(
              Objects.requireNonNull(in, () -> "no facts of " + version).readAllBytes(),
              StandardCharsets.US_ASCII);
      text.lines()
          .map(line -> line.split(" ", 3))
          .forEach(words -> facts.put(words[0] + " " + words[1], words[2]));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return new Abi(version, facts);
  }

  /** What is said of a name; empty if the version does not have it. */
  Optional<String> find(String kind, String name) {
    String fact = facts.get(kind + " " + name);
    if (fact == null) {
      throw new AssertionError(
          "Nothing is known of the %s %s in %s: add it to native/jextract/xnnpack.args, and write the facts of all versions anew by native/xnnpack/probe."
              .formatted(kind, name, version));
    }
    return fact.equals(ABSENT) ? Optional.empty() : Optional.of(fact);
  }

  Optional<Integer> constant(String name) {
    return find("constant", name).map(value -> (int) Long.parseLong(value));
  }

  /** The library has what the headers say, by the codes that they say. */
  public void assertIsOf(XnnLibrary library) {
    for (XnnFunction function : XnnFunction.values()) {
      assertEquals(
          find("function", function.symbol()).isPresent(),
          library.has(function),
          () -> function.symbol() + " of " + library.path());
    }
    for (XnnNode.UnaryOperator operator : XnnNode.UnaryOperator.values()) {
      assertEquals(
          constant("xnn_unary_" + operator.symbol()).orElse(-1),
          library.code(operator),
          () -> operator + " of " + library.path());
    }
    for (XnnNode.ReduceOperator operator : XnnNode.ReduceOperator.values()) {
      assertEquals(
          constant("xnn_reduce_" + operator.symbol()).orElse(-1),
          library.code(operator),
          () -> operator + " of " + library.path());
    }
  }
}
