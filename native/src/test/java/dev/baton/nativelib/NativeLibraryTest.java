package dev.baton.nativelib;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private static final Path ZIP = HostLibraries.named("zip");

  /** {@code jint ZIP_CRC32(jint crc, const jbyte *buffer, jint length)}. */
  private static final FunctionDescriptor CRC32 =
      FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);

  private static int crc(MethodHandle handle) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      return (int) handle.invokeExact(0, arena.allocateFrom("123456789"), 9);
    }
  }

  @Test
  void callsAFunction() throws Throwable {
    try (NativeLibrary zip = NativeLibrary.open(ZIP)) {
      assertEquals(ZIP, zip.path());
      assertTrue(zip.symbolAvailable("ZIP_CRC32"));
      assertFalse(zip.symbolAvailable("ZIP_Nothing"));
      NativeFunction function = zip.function("ZIP_CRC32", CRC32);
      assertTrue(function.available());
      assertSame(function.handle(), function.handle());
      assertEquals(0xCBF43926, crc(function.handle()));
    }
  }

  @Test
  void aMissingFunctionFailsWhenUsedAndSaysSo() {
    try (NativeLibrary zip = NativeLibrary.open(ZIP)) {
      NativeFunction function = zip.function("ZIP_Nothing", CRC32);
      assertFalse(function.available());
      for (int i = 0; i < 2; i++) {
        NativeLibraryException e = assertThrows(NativeLibraryException.class, function::handle);
        assertEquals(FailureKind.UNFIT, e.kind());
        assertTrue(e.getMessage().contains("ZIP_Nothing"), e.getMessage());
        assertTrue(e.getMessage().contains(ZIP.toString()), e.getMessage());
      }
    }
  }

  @Test
  void twoUsersShareTheMappingAndTheFirstCloseHarmsNobody() throws Throwable {
    NativeLibrary first = NativeLibrary.open(ZIP);
    try (NativeLibrary second = NativeLibrary.open(ZIP, NativeLibrary.Visibility.GLOBAL)) {
      assertEquals(
          first.find("ZIP_CRC32").orElseThrow().address(),
          second.find("ZIP_CRC32").orElseThrow().address());
      MethodHandle ofFirst = first.function("ZIP_CRC32", CRC32).handle();
      NativeFunction unbound = first.function("ZIP_CRC32", CRC32);
      first.close();
      first.close();
      assertThrows(IllegalStateException.class, () -> crc(ofFirst));
      assertThrows(IllegalStateException.class, () -> first.find("ZIP_CRC32"));
      assertThrows(IllegalStateException.class, unbound::handle);
      assertEquals(0xCBF43926, crc(second.function("ZIP_CRC32", CRC32).handle()));
    }
  }

  @Test
  void aCloseDuringACallIsRefused() throws Throwable {
    var libc =
        HostEnvironment.loadedFiles(Path.of("/")).stream()
            .filter(file -> file.endsWith("libc.so.6"))
            .findFirst();
    if (libc.isEmpty()) {
      return; // no glibc
    }
    FunctionDescriptor order = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
    FunctionDescriptor sort = FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    try (NativeLibrary library = NativeLibrary.open(libc.get());
        Arena arena = Arena.ofConfined()) {
      List<String> refusals = new ArrayList<>();
      MethodHandle closing =
          MethodHandles.lookup()
              .findStatic(
                  NativeLibraryTest.class,
                  "compareAndClose",
                  order.toMethodType().insertParameterTypes(0, NativeLibrary.class, List.class))
              .bindTo(library)
              .bindTo(refusals);
      MemorySegment pair = arena.allocateFrom(JAVA_INT, 2, 1);
      library
          .function("qsort", sort)
          .handle()
          .invokeExact(pair, 2L, 4L, NativeAccess.upcall(closing, order, arena));
      assertEquals(1, refusals.size());
      assertTrue(library.symbolAvailable("qsort"));
    }
  }

  @SuppressWarnings("unused") // called by way of native code
  private static int compareAndClose(
      NativeLibrary library, List<String> refusals, MemorySegment a, MemorySegment b) {
    try {
      library.close();
    } catch (IllegalStateException e) {
      refusals.add(String.valueOf(e.getMessage()));
    }
    return 0;
  }

  @Test
  void refusalsCarryTheWordsOfTheLoader(@TempDir Path folder) throws Exception {
    Path garbage = Files.write(folder.resolve("garbage.so"), new byte[4096]);
    NativeLibraryException e =
        assertThrows(NativeLibraryException.class, () -> NativeLibrary.open(garbage));
    assertEquals(FailureKind.UNFIT, e.kind());
    assertTrue(e.getMessage().contains(garbage.toString()), e.getMessage());
    if (HostPlatform.current().libc() == HostPlatform.Libc.GLIBC) {
      assertTrue(e.getMessage().contains("invalid ELF header"), e.getMessage());
    }

    byte[] bytes = Files.readAllBytes(ZIP);
    Path half = Files.write(folder.resolve("half.so"), Arrays.copyOf(bytes, bytes.length / 2));
    NativeLibraryException truncated =
        assertThrows(NativeLibraryException.class, () -> NativeLibrary.open(half));
    assertTrue(truncated.getMessage().contains("truncated: needs"), truncated.getMessage());

    NativeLibraryException absent =
        assertThrows(
            NativeLibraryException.class, () -> NativeLibrary.open(folder.resolve("none.so")));
    assertEquals(FailureKind.ABSENT, absent.kind());
  }

  @Test
  void aPatchedArchitectureIsRefusedBeforeAndByTheLoader(@TempDir Path folder) throws Exception {
    if (!HostPlatform.current().os().usesElf()) {
      return;
    }
    byte[] bytes = Files.readAllBytes(ZIP);
    bytes[18] = (byte) 164;
    Path patched = Files.write(folder.resolve("patched.so"), bytes);
    NativeLibraryException e =
        assertThrows(NativeLibraryException.class, () -> NativeLibrary.open(patched));
    assertTrue(e.getMessage().contains("hexagon"), e.getMessage());
  }

  @Test
  void callbacksAndFunctionPointersNeedNoAccessOfTheCaller() throws Throwable {
    FunctionDescriptor twice = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    MethodHandle target =
        MethodHandles.lookup().findStatic(NativeLibraryTest.class, "twice", twice.toMethodType());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pointer = NativeAccess.upcall(target, twice, arena);
      assertEquals(42L, (long) NativeAccess.downcall(pointer, twice).invokeExact(21L));
      assertEquals(42L, (long) NativeAccess.downcall(twice).invokeExact(pointer, 21L));
      MemorySegment unsized = MemorySegment.ofAddress(arena.allocate(JAVA_LONG).address());
      assertEquals(8, NativeAccess.reinterpret(unsized, 8).byteSize());
      assertEquals(8, NativeAccess.reinterpret(unsized, 8, arena, null).byteSize());
    }
  }

  @SuppressWarnings("unused") // called by way of native code
  private static long twice(long value) {
    return 2 * value;
  }

  @Test
  void bindsThroughAnyLookup() throws Throwable {
    NativeFunction abs =
        new NativeFunction(
            Linker.nativeLinker().defaultLookup(),
            "the C library",
            "abs",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT),
            Linker.Option.critical(false));
    assertEquals(3, (int) abs.handle().invokeExact(-3));
    assertEquals("abs", abs.name());
  }
}
