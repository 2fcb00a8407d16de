package dev.baton.nativelib;

import java.nio.file.Path;

/**
 * Whether this process could load a file, told from its headers. What cannot be told counts as fit.
 */
public sealed interface Preflight {

  /**
   * Nothing speaks against loading the file.
   *
   * @param image its headers, never null
   */
  record Fit(NativeImage image) implements Preflight {}

  /**
   * Loading would fail.
   *
   * @param kind never null
   * @param message what is wrong and what was expected, one sentence without the file's path, never
   *     null
   * @param remedy what the user can do, one sentence, never null
   */
  record Unfit(FailureKind kind, String message, String remedy) implements Preflight {}

  /**
   * Compares a file with this host and with what is asked of it. Loads nothing. Safe for any number
   * of threads.
   *
   * <p>Checked are format, architecture, length, needed libraries and their versions (direct ones,
   * as this system's loader would find them), required symbols and CPU features, and whether the
   * file's mount forbids execution.
   *
   * @param path the file, never null
   * @param spec what is required of it, never null
   * @return never null; trouble in reading is {@link Unfit}
   */
  static Preflight check(Path path, LibrarySpec spec) {
    return HostCheck.check(
        path, spec.symbols(), spec.cpuFeatures(HostPlatform.current()), HostEnvironment.current());
  }
}
