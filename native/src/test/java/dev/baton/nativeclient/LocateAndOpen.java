package dev.baton.nativeclient;

import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibrarySpec;
import dev.baton.nativelib.NativeLibrary;
import dev.baton.nativelib.NativeLibraryException;
import java.nio.file.Path;

/**
 * A user of the module in a JVM of its own: prints what becomes of the library in its first
 * argument.
 */
final class LocateAndOpen {
  private LocateAndOpen() {}

  public static void main(String[] arguments) {
    Path path = Path.of(arguments[0]);
    LibrarySpec spec = LibrarySpec.named("zip").libraryName("zip").build();
    switch (LibraryFinder.locate(spec, path)) {
      case LibraryLocation.Located located -> System.out.println("LOCATED " + located.path());
      case LibraryLocation.NotLocated failure ->
          System.out.println(failure.kind() + " " + failure.remedy());
    }
    try (NativeLibrary library = NativeLibrary.open(path)) {
      System.out.println("OPEN " + library.symbolAvailable("ZIP_CRC32"));
    } catch (NativeLibraryException e) {
      System.out.println(e.kind() + " " + e.remedy());
    }
  }
}
