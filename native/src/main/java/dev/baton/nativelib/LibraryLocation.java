package dev.baton.nativelib;

import java.nio.file.Path;
import java.util.List;

/** The answer to "where is this library": found and fit, or why not. Immutable. */
public sealed interface LibraryLocation {

  /**
   * The location, or the failure as an exception.
   *
   * @return this, never null
   * @throws NativeLibraryException if this is a {@link NotLocated}
   */
  Located orThrow();

  /**
   * A file that passed its preflight and may be opened.
   *
   * @param path absolute path, never null
   * @param how where it came from, such as {@code java.library.path}; never null
   */
  record Located(Path path, String how) implements LibraryLocation {
    @Override
    public Located orThrow() {
      return this;
    }

    /**
     * Loads the library with its symbols kept local.
     *
     * @return the open library, never null
     * @throws NativeLibraryException if the loader refuses it or native access is denied
     */
    public NativeLibrary open() {
      return NativeLibrary.open(path);
    }
  }

  /**
   * No usable file.
   *
   * @param kind the most telling of the failures: a file that was found but is unfit goes before a
   *     folder that lacks it; never null
   * @param message what happened and what was expected, never null
   * @param remedy what the user can do, one sentence, never null
   * @param tried every place, in the order of the search; never null
   */
  record NotLocated(FailureKind kind, String message, String remedy, List<Attempt> tried)
      implements LibraryLocation {
    public NotLocated {
      tried = List.copyOf(tried);
    }

    @Override
    public Located orThrow() {
      throw toException();
    }

    /** This failure as an exception, never null. */
    public NativeLibraryException toException() {
      return new NativeLibraryException(kind, message, remedy, tried);
    }

    /** Several lines for a person: message, each place that was tried, remedy; never null. */
    public String report() {
      StringBuilder text = new StringBuilder(message);
      for (Attempt attempt : tried) {
        text.append("\n  tried ").append(attempt);
      }
      return text.append('\n').append(remedy).toString();
    }
  }
}
