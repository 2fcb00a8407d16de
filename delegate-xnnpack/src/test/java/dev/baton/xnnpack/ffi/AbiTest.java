package dev.baton.xnnpack.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The binding against what C headers say. */
class AbiTest {
  static Stream<Abi> versions() {
    return Abi.VERSIONS.stream().map(Abi::of);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void functions(Abi abi) {
    for (XnnFunction function : XnnFunction.values()) {
      abi.find("function", function.symbol())
          .ifPresent(c -> assertEquals(c, function.signature(), function::symbol));
    }
  }

  @Test
  void someVersionHasEachFunction() {
    for (XnnFunction function : XnnFunction.values()) {
      assertTrue(
          versions().anyMatch(abi -> abi.find("function", function.symbol()).isPresent()),
          function::symbol);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void constants(Abi abi) {
    Map.of(
            "XNN_FLAG_BASIC_PROFILING", XnnTimes.BASIC_PROFILING,
            "xnn_profile_info_num_operators", XnnTimes.COUNT,
            "xnn_profile_info_operator_name", XnnTimes.NAMES,
            "xnn_profile_info_operator_timing", XnnTimes.TIMES)
        .forEach((name, value) -> assertEquals(Optional.of(value), abi.constant(name), name));
    Map.of(
            "XNN_FLAG_KEEP_DIMS", XnnNode.KEEP_DIMS,
            "XNN_FLAG_TRANSPOSE_WEIGHTS", XnnNode.TRANSPOSE_WEIGHTS,
            "XNN_FLAG_ALIGN_CORNERS", XnnNode.ALIGN_CORNERS,
            "XNN_VALUE_FLAG_EXTERNAL_INPUT", XnnValue.Role.INPUT.flag,
            "XNN_VALUE_FLAG_EXTERNAL_OUTPUT", XnnValue.Role.OUTPUT.flag,
            "XNN_INVALID_VALUE_ID", XnnNode.NONE,
            "XNN_MAX_TENSOR_DIMS", XnnRuntime.MOST_DIMS)
        .forEach((name, value) -> assertEquals(Optional.of(value), abi.constant(name), name));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void datatypes(Abi abi) {
    for (XnnType.Code code : XnnType.Code.values()) {
      abi.constant("xnn_datatype_" + code.name().toLowerCase(Locale.ROOT))
          .ifPresent(value -> assertEquals(value, code.value, code::name));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void statuses(Abi abi) {
    for (XnnException.Status status : XnnException.Status.values()) {
      if (status != XnnException.Status.UNKNOWN) {
        assertEquals(Optional.of(status.ordinal()), abi.constant(status.symbol()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void structs(Abi abi) {
    assertEquals(
        Optional.of(String.valueOf(XnnRuntime.EXTERNAL_VALUE_SIZE)),
        abi.find("struct", "xnn_external_value"));
    assertEquals(Optional.of("0 4"), abi.find("field", "xnn_external_value.id"));
    assertEquals(
        Optional.of(XnnRuntime.EXTERNAL_VALUE_ADDRESS + " 8"),
        abi.find("field", "xnn_external_value.data"));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void binaryCodes(Abi abi) {
    assertTrue(agrees(abi, "binary", XnnCodes.BINARY));
  }

  /** The library finds its list by the first that computes a square. */
  @ParameterizedTest
  @MethodSource("versions")
  void unaryCodes(Abi abi) {
    List<String> first =
        XnnCodes.UNARY.stream()
            .filter(
                codes -> abi.constant("xnn_unary_square").orElseThrow() == codes.indexOf("square"))
            .findFirst()
            .orElseThrow();
    assertTrue(agrees(abi, "unary", first), first::toString);
    for (XnnNode.UnaryOperator operator : XnnNode.UnaryOperator.values()) {
      assertEquals(
          abi.constant("xnn_unary_" + operator.symbol()).isPresent(),
          first.contains(operator.symbol()),
          operator::symbol);
    }
  }

  /** The library finds its list by the first whose operators all compute what they should. */
  @ParameterizedTest
  @MethodSource("versions")
  void reduceCodes(Abi abi) {
    List<String> first =
        XnnCodes.REDUCE.stream()
            .filter(codes ->
                Arrays.stream(XnnNode.ReduceOperator.values())
                    .map(XnnNode.ReduceOperator::symbol)
                    .filter(codes::contains)
                    .allMatch(name ->
                        abi.constant("xnn_reduce_" + name).orElse(-1) == codes.indexOf(name)))
            .findFirst()
            .orElseThrow();
    assertTrue(agrees(abi, "reduce", first), first::toString);
    assertNotEquals(List.of(), first);
  }

  private static boolean agrees(Abi abi, String kind, List<String> codes) {
    return codes.stream()
        .allMatch(name ->
            abi.constant("xnn_" + kind + "_" + name).equals(Optional.of(codes.indexOf(name))));
  }
}
