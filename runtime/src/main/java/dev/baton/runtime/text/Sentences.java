package dev.baton.runtime.text;

import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What went wrong and what helps, as sentences one after the other. */
public final class Sentences {
  private Sentences() {}

  /** Joins parts, each of which ends with a full stop from now on; empty ones are left out. */
  public static String join(String... parts) {
    return Stream.of(parts)
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .map(part -> endsSentence(part.charAt(part.length() - 1)) ? part : part + ".")
        .collect(Collectors.joining(" "));
  }

  private static boolean endsSentence(char last) {
    return last == '.' || last == '!' || last == '?';
  }

  /** What a failure says, and its remedy if it has one. */
  public static String of(Throwable failure) {
    return join(
        String.valueOf(failure.getMessage()),
        failure instanceof DelegateException typed ? typed.remedy() : "");
  }

  /** Why a delegate cannot work, and the remedy. */
  public static String of(Availability unavailable) {
    return join(unavailable.message(), unavailable.remedy());
  }
}
