package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Operator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CustomOperatorsTest {
  private static final class Mine extends CustomOperators {
    Mine(String... schemas) {
      super("mine");
      for (String schema : schemas) {
        define(schema, call -> List.of(call.type("x")), call -> () -> {});
      }
    }
  }

  @Test
  void filesSpellAnOperatorByItsNameOrItsOutVariant() {
    Mine mine = new Mine("my::d(Tensor x) -> Tensor", "my::d.Scalar(Tensor x, Scalar y) -> Tensor");
    assertEquals(
        List.of("my::d", "my::d.Scalar"), mine.operators().stream().map(Operator::name).toList());
    Kernels kernels = Kernels.of(List.of(mine));
    for (String name : List.of("my::d", "my::d.out")) {
      assertEquals("my::d", kernels.spelling(name).orElseThrow().operator().name());
    }
    for (String name : List.of("my::d.Scalar", "my::d.Scalar_out")) {
      assertEquals("my::d.Scalar", kernels.spelling(name).orElseThrow().operator().name());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "my::inc_(Tensor(a!) x) -> Tensor(a!); alias marks",
        "my::inc(Tensor x, Tensor(a!)[] y) -> (); alias marks",
        "my::d.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!); alias marks",
        "my::part(Tensor(a) x) -> Tensor(a); alias marks",
        "my::d(Tensor x, Scalar x) -> Tensor; two parameters",
        "d(Tensor x) -> Tensor; namespace",
        "my::d; signature"
      })
  void whatIsNotFunctionalIsRefused(String schema, String says) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new Mine(schema));
    assertTrue(e.getMessage().contains(says), e.getMessage());
    assertTrue(e.getMessage().contains(schema), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "my::d, my::d, twice",
    "my::d, my::d.out, my::d.out would be both my::d and my::d.out",
    "my::d.out, my::d, my::d.out would be both my::d.out and my::d",
    "my::d.x, my::d.x_out, my::d.x_out would be both"
  })
  void namesThatMeanTwoOperatorsAreRefused(String first, String second, String says) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new Mine(first + "(Tensor x) -> Tensor", second + "(Tensor x) -> Tensor"));
    assertTrue(e.getMessage().contains(says), e.getMessage());
  }
}
