package dev.baton.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OperatorsTest {
  /** Required operators that no program of inference holds, or that are no operators of tensors. */
  private static final Set<String> LEFT_OUT =
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
          "aten::sym_stride.int",
          // Tells the exporter how ExecuTorch was built.
          "llama::_quantized_moe_ffn_active");

  /** What ExecuTorch runs and PyTorch exports, written by {@code list_operators.py}. */
  @Test
  void everyRequiredOperatorIsKnown() throws IOException {
    Set<String> missing = new TreeSet<>();
    try (InputStream in = OperatorsTest.class.getResourceAsStream("required-operators.txt")) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(name -> !name.startsWith("#"))
          .filter(name -> Operators.spelling(name).isEmpty())
          .forEach(missing::add);
    }
    assertEquals(new TreeSet<>(LEFT_OUT), missing);
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
