package dev.baton.nativelib;

/**
 * One place that was tried for a library.
 *
 * @param where the place, such as {@code system property baton.xnnpack.library} or a path; never
 *     null
 * @param kind how it failed, never null
 * @param why why it failed, one sentence, never null
 */
public record Attempt(String where, FailureKind kind, String why) {
  @Override
  public String toString() {
    return where + ": " + why;
  }
}
