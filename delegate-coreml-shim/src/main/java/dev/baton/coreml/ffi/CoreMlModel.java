package dev.baton.coreml.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.graph.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A loaded model. One prediction runs at a time, as Core ML asks; callers wait for each other.
 * Closed after its states.
 */
public final class CoreMlModel implements AutoCloseable {
  static final int MAX_RANK = 8;
  private static final int NAME_BYTES = 1024;

  private final CoreMlLibrary library;
  private final MemorySegment handle;
  private boolean closed;

  CoreMlModel(CoreMlLibrary library, MemorySegment handle) {
    this.library = library;
    this.handle = handle;
  }

  CoreMlLibrary library() {
    return library;
  }

  /** Valid while this is locked. */
  synchronized MemorySegment handle() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    return handle;
  }

  /** The model's inputs, outputs or states, by name. */
  public synchronized List<Feature> features(Feature.Kind kind) throws CoreMlException {
    MemorySegment model = handle();
    List<Feature> features = new ArrayList<>();
    int code = kind.ordinal();
    try (Arena arena = Arena.ofConfined()) {
      int count = (int) library.count.handle().invokeExact(model, code);
      if (count < 0) {
        throw new CoreMlException(library.count.name(), Status.EXCEPTION, "");
      }
      MemorySegment name = arena.allocate(NAME_BYTES);
      MemorySegment type = arena.allocate(JAVA_INT);
      MemorySegment rank = arena.allocate(JAVA_INT);
      MemorySegment flexible = arena.allocate(JAVA_INT);
      MemorySegment dims = arena.allocate(JAVA_LONG, MAX_RANK);
      for (int i = 0; i < count; i++) {
        Status status =
            Status.of(
                (int)
                    library
                        .feature
                        .handle()
                        .invokeExact(
                            model, code, i, name, (long) NAME_BYTES, type, rank, dims, flexible));
        if (status != Status.OK) {
          throw new CoreMlException(library.feature.name(), status, "");
        }
        int[] sizes = new int[Math.clamp(rank.get(JAVA_INT, 0), 0, MAX_RANK)];
        for (int d = 0; d < sizes.length; d++) {
          sizes[d] = Math.toIntExact(dims.getAtIndex(JAVA_LONG, d));
        }
        features.add(
            new Feature(name.getString(0), Feature.dtype(type.get(JAVA_INT, 0)), Shape.of(sizes)));
      }
    } catch (CoreMlException e) {
      throw e;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new CoreMlException(
          library.feature.name(), Status.MISMATCH, String.valueOf(e.getMessage()));
    } catch (Throwable e) {
      throw CoreMlLibrary.unexpected(e);
    }
    return features;
  }

  /** What the model keeps from prediction to prediction: zeros. */
  public synchronized CoreMlState newState() throws CoreMlException {
    MemorySegment model = handle();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(ADDRESS);
      CoreMlLibrary.check(library.stateNew, (h, e, n) -> (int) h.invokeExact(model, place, e, n));
      return new CoreMlState(library, place.get(ADDRESS, 0));
    }
  }

  /** Waits for a prediction. Closing again does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      CoreMlLibrary.release(library.free, handle);
    }
  }
}
