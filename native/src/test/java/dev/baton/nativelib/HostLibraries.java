package dev.baton.nativelib;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Real libraries that every host has: those of the JDK that runs the test. */
final class HostLibraries {
  private HostLibraries() {}

  static Path named(String stem) {
    Path home = Path.of(System.getProperty("java.home"));
    String file = HostPlatform.current().os().libraryFileName(stem);
    return List.of(home.resolve("lib").resolve(file), home.resolve("bin").resolve(file)).stream()
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }
}
