package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.HostPlatform;
import dev.baton.nativelib.NativeAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The library prints comments and progress to C's {@code stdout}, some of them when the process
 * ends. That is a variable, which glibc lets programs set: it is made to be {@code stderr} before
 * the library is loaded. File descriptor 1 stays what it is, so what Java prints is not touched;
 * other native code of the process that prints by C's streams is.
 */
final class StandardOutput {
  private static boolean diverted;

  private StandardOutput() {}

  /** Does nothing at the second call, and where the C library is another than glibc. */
  static synchronized void divert() {
    if (diverted || HostPlatform.current().libc() != HostPlatform.Libc.GLIBC) {
      return;
    }
    diverted = true;
    // The first in the search order: the launcher may hold a copy, which counts then.
    MemorySegment out = find("stdout");
    MemorySegment error = find("stderr");
    if (out.address() != 0 && error.address() != 0) {
      long stream = NativeAccess.reinterpret(error, JAVA_LONG.byteSize()).get(JAVA_LONG, 0);
      NativeAccess.reinterpret(out, JAVA_LONG.byteSize()).set(JAVA_LONG, 0, stream);
    }
  }

  private static MemorySegment find(String symbol) {
    MemorySegment dlsym = Linker.nativeLinker().defaultLookup().findOrThrow("dlsym");
    MethodHandle handle =
        NativeAccess.downcall(dlsym, FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      return (MemorySegment) handle.invokeExact(MemorySegment.NULL, arena.allocateFrom(symbol));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native function threw a checked exception", e);
    }
  }
}
