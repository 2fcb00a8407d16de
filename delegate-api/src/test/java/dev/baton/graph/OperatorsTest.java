package dev.baton.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class OperatorsTest {
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
