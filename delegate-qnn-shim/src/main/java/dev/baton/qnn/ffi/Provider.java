package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.NativeLibrary;
import dev.baton.nativelib.NativeLibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/** The structure that a library offers by its one exported function. */
final class Provider {
  private static final long HEADER_BYTES = Layouts.PROVIDER_TABLE;

  private Provider() {}

  /**
   * Opens a library, for the life of the process: it starts threads of its own.
   *
   * @return the address of the structure
   * @throws NativeLibraryException if the loader refuses the file, or it offers nothing
   */
  @SuppressWarnings("MustBeClosedChecker") // stays loaded
  static MemorySegment open(Path path, String symbol) {
    StandardOutput.divert();
    MethodHandle getProviders =
        NativeLibrary.open(path)
            .function(symbol, FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS))
            .handle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocate(JAVA_LONG);
      MemorySegment count = arena.allocate(JAVA_INT);
      int code = FunctionTable.code(getProviders, h -> (long) h.invokeExact(list, count));
      if (code != 0 || count.get(JAVA_INT, 0) < 1 || list.get(JAVA_LONG, 0) == 0) {
        throw unfit(
            path,
            symbol + " returned " + code + " and " + count.get(JAVA_INT, 0) + " providers",
            "Use an undamaged copy of the library.");
      }
      MemorySegment first = NativeMemory.at(list.get(JAVA_LONG, 0), JAVA_LONG.byteSize());
      return NativeMemory.at(first.get(JAVA_LONG, 0), HEADER_BYTES);
    }
  }

  static ApiVersion version(MemorySegment provider, long field) {
    return new ApiVersion(
        provider.get(JAVA_INT, field),
        provider.get(JAVA_INT, field + 4),
        provider.get(JAVA_INT, field + 8));
  }

  static NativeLibraryException unfit(Path path, String what, String remedy) {
    return new NativeLibraryException(
        FailureKind.UNFIT,
        "The library " + path + " cannot be used: " + what + ".",
        remedy,
        List.of());
  }
}
