package dev.baton.runtime.program;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Some bytes are no program that can be read: damaged, of another format, newer than this reader,
 * or beyond the {@link ReadBudget}. The message holds all the parts: source, place, problem,
 * remedy.
 */
public final class ProgramFormatException extends dev.baton.runtime.BatonException {
  private static final long serialVersionUID = 1;

  static final String DAMAGED =
      "The file is damaged or was not written by ExecuTorch: fetch it or export it again.";
  static final String NEWER_OR_DAMAGED =
      "The file was written by a newer ExecuTorch than this reader knows, or is damaged: update Baton, or export again.";

  private static final int MAX_QUOTED = 100;

  private static final long NOWHERE = -1;

  private final String source;
  private final @Nullable String method;
  private final @Nullable String element;
  private final long byteOffset;
  private final String problem;
  private final @Nullable String remedy;

  private ProgramFormatException(
      String source,
      @Nullable String method,
      @Nullable String element,
      long byteOffset,
      String problem,
      @Nullable String remedy) {
    super(message(source, method, element, byteOffset, problem, remedy));
    this.source = source;
    this.method = method;
    this.element = element;
    this.byteOffset = byteOffset;
    this.problem = problem;
    this.remedy = remedy;
  }

  /** About the file as a whole. */
  static ProgramFormatException ofFile(String source, String problem, @Nullable String remedy) {
    return new ProgramFormatException(source, null, null, NOWHERE, problem, remedy);
  }

  /** About bytes at an offset. */
  static ProgramFormatException atByte(
      String source,
      @Nullable String element,
      long byteOffset,
      String problem,
      @Nullable String remedy) {
    return new ProgramFormatException(source, null, element, byteOffset, problem, remedy);
  }

  /** About what the tables say. */
  static ProgramFormatException at(
      String source,
      @Nullable String method,
      String element,
      String problem,
      @Nullable String remedy) {
    return new ProgramFormatException(source, method, element, NOWHERE, problem, remedy);
  }

  private static String message(
      String source,
      @Nullable String method,
      @Nullable String element,
      long byteOffset,
      String problem,
      @Nullable String remedy) {
    StringBuilder text = new StringBuilder(source);
    if (method != null) {
      text.append(", method ").append(quoted(method));
    }
    if (element != null) {
      text.append(", ").append(element);
    }
    if (byteOffset != NOWHERE) {
      text.append(", at byte ").append(byteOffset);
    }
    text.append(": ").append(problem).append('.');
    if (remedy != null) {
      text.append(' ').append(remedy);
    }
    return text.toString();
  }

  /** Text of a file, which may be long or hold anything, for a message. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("'");
    for (int i = 0; i < Math.min(text.length(), MAX_QUOTED); i++) {
      char c = text.charAt(i);
      quoted.append(Character.isISOControl(c) ? "\\x%02x".formatted((int) c) : c);
    }
    return quoted.append(text.length() > MAX_QUOTED ? "…'" : "'").toString();
  }

  /** The file's path as it was given, or a description of the memory. */
  public String source() {
    return source;
  }

  /** The method, or null if the problem lies outside of methods or before their names are known. */
  public @Nullable String method() {
    return method;
  }

  /**
   * What in the method or file, for example {@code value 12}, {@code instruction 3 of chain 0}, or,
   * where the tables themselves are broken, the field's path in the schema; null if the file as a
   * whole.
   */
  public @Nullable String element() {
    return element;
  }

  /** Where in the file, if the problem is one of bytes. */
  public OptionalLong byteOffset() {
    return byteOffset == NOWHERE ? OptionalLong.empty() : OptionalLong.of(byteOffset);
  }

  /** What was found and what was expected, without the place and without a full stop. */
  public String problem() {
    return problem;
  }

  /** What to do, one sentence or two, or null if there is nothing to advise. */
  public @Nullable String remedy() {
    return remedy;
  }
}
