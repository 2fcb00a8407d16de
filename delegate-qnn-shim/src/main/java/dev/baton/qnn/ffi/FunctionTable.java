package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeAccess;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Function pointers of a library, bound at their first use. Safe for use by several threads. */
final class FunctionTable {
  /** A call by an exact invocation of the handle. */
  interface Call {
    long by(MethodHandle handle) throws Throwable;
  }

  private final MemorySegment provider;
  private final long offset;
  private final int entries;
  private final AtomicReferenceArray<MethodHandle> handles;

  /**
   * @param provider the structure, to the end of its table
   * @param offset of the table in it
   */
  FunctionTable(MemorySegment provider, long offset, int entries) {
    this.provider = provider;
    this.offset = offset;
    this.entries = entries;
    this.handles = new AtomicReferenceArray<>(entries);
  }

  /** The structure that holds the table, as far as it is known. */
  MemorySegment provider() {
    return provider;
  }

  boolean has(TableEntry function) {
    return function.slot() < entries && address(function) != 0;
  }

  private long address(TableEntry function) {
    return provider.get(JAVA_LONG, offset + function.slot() * JAVA_LONG.byteSize());
  }

  /**
   * @param parameterTable bytes of the structure that a function takes by value
   * @throws QnnException if the table does not have it
   */
  MethodHandle handle(TableEntry function, long parameterTable) throws QnnException {
    if (!has(function)) {
      throw new QnnException(function, QnnException.NOT_OFFERED, "");
    }
    MethodHandle handle = handles.get(function.slot());
    if (handle == null) {
      handle =
          NativeAccess.downcall(
              MemorySegment.ofAddress(address(function)), function.descriptor(parameterTable));
      handles.set(function.slot(), handle);
    }
    return handle;
  }

  /** Calls, and gives the error code; 0 is success. */
  static int code(MethodHandle handle, Call call) {
    try {
      return (int) (call.by(handle) & 0xffff);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native function threw a checked exception", e);
    }
  }
}
