package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A device, which keeps its backend. Safe for use by several threads. */
public final class QnnDevice extends SharedHandle {
  private static final int NOT_SUPPORTED = 1000;
  private static final int NONE = 0;

  private final QnnBackend backend;
  private final long handle;

  QnnDevice(QnnBackend backend, int socModel) throws QnnException {
    this.backend = backend;
    this.handle = create(backend.library(), socModel);
    if (!backend.retain()) {
      throw new IllegalStateException("the backend is freed");
    }
  }

  private static long create(QnnLibrary library, int socModel) throws QnnException {
    if (!library.has(BackendFunction.DEVICE_CREATE)) {
      return NONE;
    }
    try {
      if (socModel != 0 && library.backendId() == QnnLibrary.HTP) {
        try (Arena arena = Arena.ofConfined()) {
          return create(library, socConfiguration(socModel, arena));
        } catch (QnnException e) {
          if (e.code() != QnnException.DEVICE_CONFIGURATION) {
            throw e;
          }
          // This library does not know the SoC; the binary itself says what it needs.
        }
      }
      return create(library, MemorySegment.NULL);
    } catch (QnnException e) {
      if (e.code() == NOT_SUPPORTED) {
        return NONE; // a backend without devices, such as the CPU's
      }
      throw e;
    }
  }

  private static long create(QnnLibrary library, MemorySegment configurations) throws QnnException {
    return library.create(
        BackendFunction.DEVICE_CREATE,
        (h, out) -> (long) h.invokeExact(library.log(), configurations.address(), out));
  }

  private static MemorySegment socConfiguration(int socModel, Arena arena) {
    MemorySegment soc = arena.allocate(Layouts.SOC_BYTES, 8);
    soc.set(JAVA_INT, Layouts.SOC_MODEL, socModel);
    soc.set(JAVA_INT, Layouts.SOC_MODEL_OTHER, socModel);
    return Configurations.custom(soc, arena);
  }

  QnnLibrary library() {
    return backend.library();
  }

  public QnnBackend backend() {
    return backend;
  }

  long handle() {
    return handle;
  }

  @Override
  void free() {
    if (handle != NONE) {
      library().free(BackendFunction.DEVICE_FREE, h -> (long) h.invokeExact(handle));
    }
    backend.close();
  }
}
