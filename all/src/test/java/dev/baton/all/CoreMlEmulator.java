package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** The emulator of {@code native/coreml-emulator}, where {@link #PROPERTY} says that it is. */
final class CoreMlEmulator {
  static final String PROPERTY = "baton.coreml.emulator";

  static final Path MODELS = Path.of(System.getProperty("baton.models"));

  private CoreMlEmulator() {}

  static Path library() {
    return Path.of(System.getProperty(PROPERTY));
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(library(), Arena.global());
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
  }

  /** The next so many calls of a function fail. */
  static void fail(String function, int status, int calls) {
    try (Arena arena = Arena.ofConfined()) {
      function(
              "bcml_emulator_fail",
              FunctionDescriptor.ofVoid(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
          .invoke(arena.allocateFrom(function), status, calls);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Milliseconds that a compilation takes; negative if it does not say how far it has come. */
  static void compileTime(int milliseconds) {
    try {
      function("bcml_emulator_compile_time", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
          .invoke(milliseconds);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Nothing of the emulator is left; a compilation that was given up may end a little later. */
  static void assertNothingLives() {
    try {
      MethodHandle live =
          function("bcml_emulator_live", FunctionDescriptor.of(ValueLayout.JAVA_INT));
      for (int i = 0; i < 100 && (int) live.invoke() != 0; i++) {
        Thread.sleep(20);
      }
      assertEquals(0, (int) live.invoke());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The payload of a case. */
  static byte[] payload(String name) {
    try {
      byte[] file = Files.readAllBytes(MODELS.resolve(name).resolve("model.pte"));
      try (Program program = Program.of(MemorySegment.ofArray(file), ReadBudget.defaults())) {
        return program
            .method("forward")
            .delegates()
            .get(0)
            .payload()
            .toArray(ValueLayout.JAVA_BYTE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
