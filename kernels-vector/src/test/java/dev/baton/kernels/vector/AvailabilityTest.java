package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.runtime.kernel.Kernels;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Present where the JVM has the Vector API, and named with its remedy where it has not. */
class AvailabilityTest {
  private static Kernels.Provided relu(Kernels kernels) {
    Kernels.Provided relu = provided(kernels, DType.FLOAT);
    assertNotNull(relu);
    return relu;
  }

  private static Kernels.@Nullable Provided provided(Kernels kernels, DType dtype) {
    Graph.Builder builder = new Graph.Builder();
    TensorType type = TensorType.of(dtype, 4);
    return kernels.provided(
        builder.node(
            Operators.get("aten::relu"), List.of(builder.input(type)), List.of(type), Origin.HOST));
  }

  @Test
  void whatAFastKernelDoesNotTakeIsTheReferences() {
    Kernels.Provided doubles = provided(Kernels.load(), DType.DOUBLE);
    assertNotNull(doubles);
    assertEquals("reference", doubles.provider());
  }

  @Test
  void serviceIsFound() {
    Kernels kernels = Kernels.load();
    assertEquals("vector", relu(kernels).provider());
    assertEquals("reference", kernels.provided("aten::sort").provider());
    assertTrue(kernels.problems().isEmpty(), kernels.problems().toString());
  }

  @Test
  void aPropertyForcesTheReference() {
    System.setProperty("baton.kernels", "reference");
    try {
      assertEquals("reference", relu(Kernels.load()).provider());
    } finally {
      System.clearProperty("baton.kernels");
    }
  }

  @Test
  @Tag("absent")
  void withoutTheApiTheReasonIsGiven() {
    Kernels kernels = Kernels.load();
    assertEquals("reference", relu(kernels).provider());
    assertEquals(1, kernels.problems().size());
    assertTrue(
        kernels.problems().get(0).contains("--add-modules jdk.incubator.vector"),
        kernels.problems().get(0));
  }
}
