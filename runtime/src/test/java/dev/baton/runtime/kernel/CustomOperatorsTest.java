package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Operator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CustomOperatorsTest {
  /** Operators of which none is run. */
  private static final class Defined extends CustomOperators {
    Defined(String... schemas) {
      super("test");
      for (String schema : schemas) {
        define(schema, call -> List.of(), call -> () -> {});
      }
    }
  }

  private static String refused(String... schemas) {
    return assertThrows(IllegalArgumentException.class, () -> new Defined(schemas)).getMessage();
  }

  @Test
  void functionalSignaturesAreTaken() {
    Defined defined =
        new Defined(
            "my::add.Tensor(Tensor x, int n=1) -> Tensor",
            "my::add.Scalar(Tensor x, Scalar y) -> Tensor",
            "my::scale(float by, Tensor? x=None) -> (Tensor, Tensor)",
            "my::count(int[] sizes) -> Tensor");
    assertEquals(
        List.of("my::add.Tensor", "my::add.Scalar", "my::scale", "my::count"),
        defined.operators().stream().map(Operator::name).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "my::inc(Tensor(a!) x) -> Tensor(a!)",
        "my::inc(Tensor(a!) x) -> ()",
        "my::inc.Tensor(int n, Tensor(a!)[] x) -> ()",
        "my::d.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)",
        "my::part(Tensor(a) x) -> Tensor(a)"
      })
  void whatChangesAnArgumentOrViewsItIsRefused(String schema) {
    String message = refused(schema);
    assertTrue(message.contains("functional") && message.contains(schema), message);
  }

  @Test
  void parametersHaveNamesOfTheirOwn() {
    String message = refused("my::f(Tensor x, int x) -> Tensor");
    assertTrue(message.contains("'x'"), message);
  }

  @Test
  void aNameStandsForOneOperator() {
    String d = "my::d(Tensor x) -> Tensor";
    String out = "my::d.out(Tensor x, int n) -> Tensor";
    assertTrue(refused(d, d).contains("twice"));
    assertTrue(refused(d, out).contains("same name"));
    assertTrue(refused(out, d).contains("same name"));
    assertTrue(refused("f(Tensor x) -> Tensor").contains("namespace"));
  }
}
