package dev.baton.qnnclient;

import dev.baton.delegate.OpenContext;
import dev.baton.qnn.QnnDelegate;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A program of a user's whose output is data: it loads the library, and prints two braces. */
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
    new QnnDelegate().open(new Nothing(Map.of())).close();
    System.out.println("{}");
  }
}
