package dev.example.openvino.ir;

import dev.baton.delegate.Decline;
import dev.baton.graph.DType;
import java.util.Locale;

/** A node that is not written, and why. Carries no stack: it is an answer. */
final class Declined extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Decline reason;

  Declined(Decline.Kind kind, String detail) {
    super(detail, null, false, false);
    this.reason = Decline.of(kind, detail);
  }

  Decline reason() {
    return reason;
  }

  static Declined argument(String detail) {
    return new Declined(Decline.Kind.ARGUMENT, detail);
  }

  static Declined shape(String detail) {
    return new Declined(Decline.Kind.SHAPE, detail);
  }

  static Declined varies(String detail) {
    return new Declined(Decline.Kind.DYNAMIC_SHAPE, detail);
  }

  static String name(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }
}
