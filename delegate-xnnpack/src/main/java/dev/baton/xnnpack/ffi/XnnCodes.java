package dev.baton.xnnpack.ffi;

import java.util.List;

/**
 * Enum codes of an XNNPACK version. The header renumbered them over time, and no function tells the
 * version, so {@link XnnLibrary} finds out which list fits by computing something.
 *
 * @param unary C names of {@code enum xnn_unary_operator} from code 0, without {@code xnn_unary_}
 * @param reduce C names of {@code enum xnn_reduce_operator} from code 0, without {@code
 *     xnn_reduce_}
 */
record XnnCodes(List<String> unary, List<String> reduce) {
  /** Of {@code enum xnn_unary_operator}, newest first: March 2025, February 2025, October 2024. */
  static final List<List<String>> UNARY =
      List.of(
          names(
              "abs approxgelu bankers_rounding ceiling clamp convert cosine elu exp floor gelu"
                  + " hardswish leaky_relu log negate reciprocal_square_root sigmoid sine"
                  + " square_root square tanh"),
          names(
              "abs approxgelu bankers_rounding ceiling clamp convert elu exp floor gelu hardswish"
                  + " leaky_relu log negate reciprocal_square_root sigmoid square_root square tanh"
                  + " bitwise_not cosine count_leading_zeros cube_root popcount sign sine"),
          names(
              "convert clamp abs bankers_rounding ceiling elu exp floor gelu hardswish leaky_relu"
                  + " log negate sigmoid square square_root reciprocal_square_root tanh cube_root"
                  + " cosine sine"));

  /** Of {@code enum xnn_reduce_operator}, newest first: 5 and 3 September, March 2025, 2024. */
  static final List<List<String>> REDUCE =
      List.of(
          names("sum sum_squared mean mean_squared max min"),
          names("sum sum_squared mean max min"),
          names("sum mean max min"),
          names("sum mean"));

  /** Of {@code enum xnn_binary_operator}: the same in every version. */
  static final List<String> BINARY =
      names("add subtract multiply divide maximum minimum copysign squared_difference prelu");

  private static List<String> names(String list) {
    return List.of(list.split(" "));
  }
}
