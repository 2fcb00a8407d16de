package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeFunction;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/**
 * Pages of the system's memory: zero at first, aligned to pages, and real only where touched.
 * Unlike memory of an arena they are given back to the system one by one, and are not written
 * before XNNPACK writes them.
 */
final class Pages {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS =
      System.getProperty("os.name", "").startsWith("Mac") ? 0x1000 : 0x20;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTNEED = 4;

  /** No Linux of today has larger pages, huge ones apart. */
  private static final long LARGEST_PAGE = 64 << 10;

  static final long HUGE_PAGE = 2 << 20;
  private static final boolean LINUX = System.getProperty("os.name", "").equals("Linux");
  private static final long FAILED = -1;

  private static final NativeFunction MMAP =
      new NativeFunction(
          Linker.nativeLinker().defaultLookup(),
          "libc",
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final NativeFunction MUNMAP =
      new NativeFunction(
          Linker.nativeLinker().defaultLookup(),
          "libc",
          "munmap",
          FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

  private static final NativeFunction MADVISE =
      new NativeFunction(
          Linker.nativeLinker().defaultLookup(),
          "libc",
          "madvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private Pages() {}

  /** Whether this system has them. */
  static boolean isSupported() {
    return MMAP.available() && MUNMAP.available();
  }

  /**
   * @return the address, or 0 if there is no memory
   */
  static long map(long bytes, boolean writable) {
    long address;
    try {
      address =
          (long)
              MMAP.handle()
                  .invokeExact(
                      0L,
                      bytes,
                      writable ? PROT_READ | PROT_WRITE : PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS,
                      -1,
                      0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (address == FAILED) {
      return 0;
    }
    XnnLibrary.LIVE.incrementAndGet();
    if (writable && bytes >= HUGE_PAGE && LINUX) {
      advise(address, bytes, MADV_HUGEPAGE); // 512 times fewer first touches
    }
    return address;
  }

  /**
   * Gives back the memory of a part of what {@link #map} gave, whose contents are lost; its
   * addresses stay. Systems other than Linux keep the memory.
   */
  static void discard(long address, long bytes) {
    long first = Math.ceilDiv(address, LARGEST_PAGE) * LARGEST_PAGE;
    long end = (address + bytes) / LARGEST_PAGE * LARGEST_PAGE;
    if (LINUX && first < end) {
      advise(first, end - first, MADV_DONTNEED);
    }
  }

  private static void advise(long address, long bytes, int advice) {
    try {
      int _ = (int) MADVISE.handle().invokeExact(address, bytes, advice);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Gives back what {@link #map} gave, whole. */
  static void unmap(long address, long bytes) {
    int failure;
    try {
      failure = (int) MUNMAP.handle().invokeExact(address, bytes);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (failure != 0) {
      throw new IllegalStateException("munmap refuses what mmap gave");
    }
    XnnLibrary.LIVE.decrementAndGet();
  }
}
