package dev.baton.xnnpack.ffi;

import java.util.List;
import java.util.function.Predicate;

/**
 * Of when an XNNPACK is. It has no versions, and no function that tells one; but functions came to
 * its header over the years.
 */
final class XnnVersion {
  /**
   * @param date on which the header got the function
   */
  private record Milestone(String date, String symbol) {}

  private static final List<Milestone> MILESTONES =
      List.of(
          new Milestone("2024-09-24", "xnn_define_binary"),
          new Milestone("2024-10-15", "xnn_define_static_reduce"),
          new Milestone("2024-10-25", "xnn_define_unary"),
          new Milestone("2024-11-04", "xnn_define_static_reduce_v2"),
          new Milestone("2024-11-15", "xnn_define_static_slice_v2"),
          new Milestone("2025-01-23", "xnn_define_static_slice_v3"),
          new Milestone("2025-03-14", "xnn_define_concatenate"),
          new Milestone("2025-03-26", "xnn_define_fuse_dims"),
          new Milestone("2025-04-03", "xnn_define_blockwise_quantized_tensor_value_v2"),
          new Milestone("2025-06-05", "xnn_define_static_broadcast"),
          new Milestone("2025-11-14", "xnn_define_channelwise_quantized_tensor_value_v3"),
          new Milestone("2026-03-27", "xnn_define_static_constant_pad_v2"),
          new Milestone("2026-07-10", "xnn_is_f16_native_supported"));

  private XnnVersion() {}

  /** Between which dates a library is that exports what it does, in words. */
  static String of(Predicate<String> exports) {
    int after = MILESTONES.size() - 1;
    while (after >= 0 && !exports.test(MILESTONES.get(after).symbol())) {
      after--;
    }
    if (after < 0) {
      return "before " + MILESTONES.get(0).date();
    }
    String from = MILESTONES.get(after).date();
    return after + 1 < MILESTONES.size()
        ? from + " to " + MILESTONES.get(after + 1).date()
        : from + " or later";
  }
}
