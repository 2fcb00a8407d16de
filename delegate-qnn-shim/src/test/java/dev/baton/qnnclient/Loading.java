package dev.baton.qnnclient;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.OpenContext;
import dev.baton.qnn.QnnDelegate;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A program of a user's whose output is data: it loads the library, and prints two braces, or why
 * it cannot.
 */
public final class Loading {
  private Loading() {}

  private record Nothing(Map<String, String> options) implements OpenContext {
    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Optional<Path> cacheDirectory() {
      return Optional.empty();
    }
  }

  /** Run in a JVM of its own. */
  public static void main(String[] args) throws Exception {
    try {
      new QnnDelegate().open(new Nothing(Map.of())).close();
      System.out.println("{}");
    } catch (DelegateException e) {
      System.out.println(e.kind() + ": " + e.getMessage() + " " + e.remedy());
    }
  }
}
