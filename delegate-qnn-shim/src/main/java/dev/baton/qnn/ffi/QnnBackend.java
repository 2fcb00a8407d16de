package dev.baton.qnn.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A library at work: the owner of devices. Safe for use by several threads. */
public final class QnnBackend extends SharedHandle {
  private final QnnLibrary library;
  private final long handle;
  private final Map<Integer, QnnDevice> devices = new HashMap<>();

  QnnBackend(QnnLibrary library) throws QnnException {
    this.library = library;
    this.handle =
        library.create(
            BackendFunction.BACKEND_CREATE,
            (h, out) -> (long) h.invokeExact(library.log(), 0L, out));
  }

  public QnnLibrary library() {
    return library;
  }

  long handle() {
    return handle;
  }

  /**
   * A device, made if nobody has it; the caller closes it.
   *
   * @param socModel the vendor's number of the SoC; 0 for the one that is here
   * @throws QnnException if there is none
   */
  public synchronized QnnDevice device(int socModel) throws QnnException {
    QnnDevice device = devices.get(socModel);
    if (device == null || !device.retain()) {
      device = new QnnDevice(this, socModel);
      devices.put(socModel, device);
    }
    return device;
  }

  /**
   * Why the library would not run a node; empty if it would. Asks before anything is made of it:
   * some backends take any node and fail when the graph is compiled.
   */
  public Optional<String> refusal(QnnNode node) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment description = node.write(node.parameterTensors(), arena);
      library.call(
          BackendFunction.BACKEND_VALIDATE, h -> (long) h.invokeExact(handle, description));
      return Optional.empty();
    } catch (QnnException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  void free() {
    library.free(BackendFunction.BACKEND_FREE, h -> (long) h.invokeExact(handle));
  }
}
