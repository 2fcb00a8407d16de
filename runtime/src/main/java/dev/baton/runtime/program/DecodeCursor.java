package dev.baton.runtime.program;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the decoder is, so that a failure can say it without each step carrying its place along.
 */
final class DecodeCursor {
  private static final int NO_INDEX = -1;

  private final String source;
  private @Nullable String method;
  private String kind = "tables";
  private int index = NO_INDEX;

  DecodeCursor(String source) {
    this.source = source;
  }

  void method(@Nullable String name) {
    method = name;
  }

  void at(String kind) {
    at(kind, NO_INDEX);
  }

  void at(String kind, int index) {
    this.kind = kind;
    this.index = index;
  }

  /** Decodes {@code count} elements, with the cursor at each. */
  <T> List<T> list(String kind, int count, IntFunction<T> decode) {
    List<T> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      at(kind, i);
      items.add(decode.apply(i));
    }
    return items;
  }

  String required(@Nullable String text, String what) {
    if (text == null || text.isEmpty()) {
      throw fail(what + " is missing or empty");
    }
    return text;
  }

  <T> T required(@Nullable T part, String what) {
    if (part == null) {
      throw fail(what + " is missing");
    }
    return part;
  }

  int inRange(long index, int count, String what) {
    if (index < 0 || index >= count) {
      throw fail("%s %d does not exist, there are %d".formatted(what, index, count));
    }
    return (int) index;
  }

  <E extends Enum<E>> E coded(E[] byCode, int code, String what) {
    if (code < 0 || code >= byCode.length) {
      throw unknown(what, code);
    }
    return byCode[code];
  }

  ProgramFormatException unknown(String what, int code) {
    return fail(what + " " + code + " is unknown", ProgramFormatException.NEWER_OR_DAMAGED);
  }

  ProgramFormatException fail(String problem) {
    return fail(problem, ProgramFormatException.DAMAGED);
  }

  ProgramFormatException fail(String problem, String remedy) {
    String element = index == NO_INDEX ? kind : kind + " " + index;
    return ProgramFormatException.at(source, method, element, problem, remedy);
  }
}
