package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Arguments that PyTorch refuses too. A shape stands for a tensor. */
class RefusedArgumentsTest {
  private static void refused(String operator, String says, List<@Nullable Object> arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Kernel kernel = Objects.requireNonNull(Kernels.reference().find(operator));
      KernelHarness harness = new KernelHarness(arena, operator, kernel);
      List<@Nullable Object> given = new ArrayList<>();
      for (Object argument : arguments) {
        given.add(argument instanceof Shape s ? harness.tensor(DType.FLOAT, s) : argument);
      }
      var e = assertThrows(KernelException.class, () -> harness.run(given));
      assertTrue(e.getMessage().contains(says), e::getMessage);
    }
  }

  @Test
  void aRunningMeanWithoutAVariance() {
    refused(
        "aten::native_batch_norm",
        "without a running variance",
        Arrays.asList(Shape.of(2, 3, 4), null, null, Shape.of(3), null, false, 0.1, 1e-5));
  }

  @Test
  void moreScoresOfExpertsThanAnArrayHolds() {
    List<@Nullable Object> arguments = new ArrayList<>(List.of(Shape.of(1 << 15, 8)));
    arguments.addAll(Collections.nCopies(4, Shape.of(1)));
    arguments.addAll(List.of(1, 1 << 16, 8, 8, 8, 8, "softmax", 1.0));
    refused("llama::quantized_moe_ffn", "of 65536 experts", arguments);
  }

  @Test
  void planesOfMoreElementsThanAnIntCounts() {
    Kernel kernel =
        Objects.requireNonNull(Kernels.reference().find("aten::max_pool2d_with_indices"));
    try (Arena arena = Arena.ofConfined()) {
      KernelHarness harness = new KernelHarness(arena, "aten::max_pool2d_with_indices", kernel);
      Operand nothing = harness.tensor(DType.DOUBLE, Shape.of(0, 1, 50_000, 50_000));
      List<Object> arguments = List.of(nothing, List.of(2), List.of(), List.of(0), List.of(1));
      var e =
          assertThrows(
              ArithmeticException.class,
              () -> harness.run(Stream.concat(arguments.stream(), Stream.of(false)).toList()));
      assertTrue(KernelException.isRefusal(e));
    }
  }

  @Test
  void tapsOfMoreThanAnIntCounts() {
    Kernel kernel = Objects.requireNonNull(Kernels.reference().find("aten::col2im"));
    try (Arena arena = Arena.ofConfined()) {
      KernelHarness harness = new KernelHarness(arena, "aten::col2im", kernel);
      Operand columns = harness.tensor(DType.FLOAT, Shape.of(1, 1));
      List<Integer> side = List.of(1 << 16, 1 << 16);
      var e =
          assertThrows(
              ArithmeticException.class,
              () ->
                  harness.run(
                      List.of(columns, side, side, List.of(1, 1), List.of(0, 0), List.of(1, 1))));
      assertTrue(String.valueOf(e.getMessage()).contains("overflow"), e::getMessage);
    }
  }
}
