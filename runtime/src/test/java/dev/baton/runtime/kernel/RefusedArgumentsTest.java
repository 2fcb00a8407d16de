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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Arguments that PyTorch refuses too. A shape stands for a tensor. */
class RefusedArgumentsTest {
  private static void refused(String operator, String says, List<@Nullable Object> arguments) {
    RuntimeException e = thrown(operator, arguments);
    assertTrue(e instanceof KernelException, e::toString);
    assertTrue(String.valueOf(e.getMessage()).contains(says), e::getMessage);
  }

  private static RuntimeException thrown(String operator, List<@Nullable Object> arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Kernel kernel = Objects.requireNonNull(Kernels.reference().find(operator));
      KernelHarness harness = new KernelHarness(arena, operator, kernel);
      List<@Nullable Object> given = new ArrayList<>();
      for (Object argument : arguments) {
        given.add(argument instanceof Shape s ? harness.tensor(DType.FLOAT, s) : argument);
      }
      return assertThrows(RuntimeException.class, () -> harness.run(given));
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

  private static final long MOST = Long.MAX_VALUE;

  /** Places that are beyond a tensor, and would be inside if their sum were taken in 64 bits. */
  static Stream<Arguments> placesThatOverflow() {
    Shape square = Shape.of(3, 3);
    Shape line = Shape.of(1, 3);
    Shape cache = Shape.of(1, 4, 2, 3);
    Shape value = Shape.of(1, 2, 2, 3);
    List<Long> least = List.of(-MOST, -MOST);
    return Stream.of(
        Arguments.of("aten::narrow_copy", List.of(square, 0, MOST - 1, 2)),
        Arguments.of("aten::as_strided_copy", List.of(square, List.of(1, 2), List.of(1, 2), MOST)),
        Arguments.of("aten::reflection_pad1d", List.of(line, least)),
        Arguments.of("aten::constant_pad_nd", List.of(line, least, 0)),
        Arguments.of("executorch_prim::et_copy_index", List.of(square, Shape.of(3), MOST)),
        Arguments.of("llama::update_cache", List.of(value, cache, MOST)),
        Arguments.of(
            "llama::custom_sdpa", Arrays.asList(value, cache, cache, MOST, null, 0.0, true, null)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("placesThatOverflow")
  void aPlaceThatOverflows(String operator, List<@Nullable Object> arguments) {
    RuntimeException e = thrown(operator, arguments);
    assertTrue(e instanceof KernelException || e instanceof ArithmeticException, e::toString);
  }

  @Test
  void parametersThatDoNotFit() {
    Shape rows = Shape.of(3, 4);
    refused("aten::unflatten.int", "no sizes", List.of(Shape.of(4, 1), 1, List.of()));
    refused(
        "aten::im2col",
        "padding is absent",
        List.of(Shape.of(1, 5, 5), List.of(2, 2), List.of(1, 1), List.of(), List.of(1, 1)));
    refused(
        "quantized_decomposed::quantize_per_tensor",
        "quant_max is 128",
        List.of(rows, 0.1, 0, -128, 128, DType.INT8.code()));
  }
}
