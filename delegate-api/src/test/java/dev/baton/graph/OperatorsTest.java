package dev.baton.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OperatorsTest {
  /** Sections of the list that are ExecuTorch's, with the number of operators that it registers. */
  private static final Map<String, Integer> EXECUTORCH =
      Map.of(
          "portable", 209,
          "portable, custom", 2,
          "copies between devices", 2,
          "quantized", 19,
          "primitive", 28,
          "language models", 22);

  /** Tells the exporter how ExecuTorch was built. */
  private static final Set<String> NOT_OF_EXECUTORCH = Set.of("llama::_quantized_moe_ffn_active");

  /** Operators of PyTorch's core that ExecuTorch does not run either. */
  private static final Set<String> NOT_OF_CORE =
      Set.of(
          // Gradients, of which ExecuTorch runs those of convolutions and max pools alone.
          "aten::_adaptive_avg_pool2d_backward",
          "aten::avg_pool2d_backward",
          "aten::embedding_dense_backward",
          "aten::native_group_norm_backward",
          "aten::native_layer_norm_backward",
          // Views, which files hold as copies: aten::alias_copy and so on.
          "aten::alias",
          "aten::as_strided",
          "aten::diagonal",
          "aten::split_with_sizes",
          "aten::squeeze.dims",
          // Strides and storage, which files do not have.
          "aten::empty_strided",
          "aten::resize_",
          "aten::sym_is_contiguous",
          "aten::sym_storage_offset",
          "aten::sym_stride.int");

  /** Section → its operators, of the list that {@code list_operators.py} writes. */
  private static Map<String, Set<String>> required() throws IOException {
    Map<String, Set<String>> sections = new TreeMap<>();
    Set<String> section = new TreeSet<>();
    try (InputStream in = OperatorsTest.class.getResourceAsStream("required-operators.txt")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        Matcher title = Pattern.compile("# (.*): (\\d+)").matcher(line);
        if (title.matches()) {
          section = sections.computeIfAbsent(title.group(1), t -> new TreeSet<>());
        } else if (!line.startsWith("#")) {
          section.add(line);
        }
      }
    }
    return sections;
  }

  private static Set<String> missing(Collection<String> names) {
    Set<String> missing = new TreeSet<>(names);
    missing.removeIf(name -> Operators.spelling(name).isPresent());
    return missing;
  }

  /** Everything that ExecuTorch 1.5.1 registers, from its lists and its sources. */
  @Test
  void everyOperatorOfExecuTorchIsKnown() throws IOException {
    Map<String, Set<String>> required = required();
    for (Map.Entry<String, Integer> section : EXECUTORCH.entrySet()) {
      Set<String> names = required.getOrDefault(section.getKey(), Set.of());
      assertEquals(section.getValue(), names.size(), section.getKey());
      Set<String> missing = missing(names);
      missing.removeAll(NOT_OF_EXECUTORCH);
      assertEquals(Set.of(), missing, section.getKey());
    }
  }

  /** What PyTorch says that every backend is to have. */
  @Test
  void theCoreOperatorsAreKnown() throws IOException {
    Set<String> names = new TreeSet<>();
    required().forEach((title, own) -> names.addAll(title.startsWith("core") ? own : Set.of()));
    assertTrue(names.size() > 190, "core operators: " + names.size());
    assertEquals(new TreeSet<>(NOT_OF_CORE), missing(names));
  }

  @Test
  void everyLineIsASignature() {
    for (String name : Operators.names()) {
      Operator operator = Operators.get(name);
      assertEquals(name, operator.name());
      assertTrue(operator.resultCount() != 0, name);
    }
    assertTrue(Operators.names().size() > 350);
  }

  @Test
  void anOutVariantIsReadAsItsFunctionalTwin() {
    var spelling = Operators.spelling("aten::mean.out").orElseThrow();
    assertEquals("aten::mean.dim", spelling.operator().name());
    assertEquals(List.of("self", "dim", "keepdim", "dtype"), spelling.arguments());
    assertEquals(List.of(), spelling.mutated());
  }

  @Test
  void theOutTensorsDtypeIsAParameterOfTheTwin() {
    var spelling = Operators.spelling("aten::full.out").orElseThrow();
    assertEquals(List.of("size", "fill_value"), spelling.arguments());
    assertTrue(spelling.operator().has("dtype"));
  }

  @Test
  void mutatedArgumentsAreMarked() {
    var spelling = Operators.spelling("llama::sdpa_with_kv_cache.out").orElseThrow();
    assertEquals(List.of(3, 4), spelling.mutated());
    assertEquals(3, spelling.operator().resultCount());
    assertEquals(List.of(0), Operators.spelling("aten::index_put_").orElseThrow().mutated());
  }

  @Test
  void defaultsAreLiterals() {
    Operator add = Operators.get("aten::add.Tensor");
    assertEquals(Argument.of(1), add.parameters().get(2).defaultValue());
    Operator pool = Operators.get("aten::max_pool2d_with_indices");
    assertEquals(Argument.ints(1), pool.parameters().get(pool.indexOf("dilation")).defaultValue());
    assertEquals(2, pool.resultCount());
    assertEquals(-1, Operators.get("aten::split_with_sizes_copy").resultCount());
  }

  @Test
  void anUnknownNameIsEmpty() {
    assertFalse(Operators.find("aten::no_such_thing").isPresent());
    assertFalse(Operators.spelling("aten::no_such_thing.out").isPresent());
  }
}
