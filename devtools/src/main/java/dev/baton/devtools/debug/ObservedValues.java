package dev.baton.devtools.debug;

import dev.baton.graph.Argument;
import dev.baton.graph.Value;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies of what the steps of some calls gave. Used by one thread. */
final class ObservedValues implements AutoCloseable {
  /**
   * A tensor of a call.
   *
   * @param visit the how many-th block of the call, from 0
   * @param operator −1 for an input of the block
   */
  record Key(int call, int visit, int operator, int result) {}

  /** A visit of a block in a call. */
  record Visit(int call, int visit) {}

  private final Arena arena = Arena.ofShared();
  private final long maxBytes;
  private final Map<Key, Tensor> tensors = new HashMap<>();
  private final Map<Visit, Map<Value, Argument>> scalars = new HashMap<>();
  private final Map<Visit, Integer> blocks = new HashMap<>();
  private long bytes;

  ObservedValues(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void began(Visit visit, int block, Map<Value, Argument> known) {
    scalars.put(visit, known);
    blocks.put(visit, block);
  }

  void put(Key key, RunObserver.Observed observed) {
    long size = observed.data().byteSize();
    bytes += size;
    if (bytes > maxBytes) {
      throw new BatonException(
          "the values between operators take more than "
              + maxBytes
              + " bytes: give fewer calls or smaller inputs, or raise the bound");
    }
    MemorySegment copy = arena.allocate(Math.max(1, size), 64).asSlice(0, size);
    copy.copyFrom(observed.data());
    tensors.put(key, Tensor.of(observed.type().dtype(), copy, shape(observed)));
  }

  static Tensor view(RunObserver.Observed observed) {
    return Tensor.of(observed.type().dtype(), observed.data(), shape(observed));
  }

  private static long[] shape(RunObserver.Observed observed) {
    return Arrays.stream(observed.type().shape().sizes()).asLongStream().toArray();
  }

  /** Valid until this is closed; null if no step gave it. */
  @Nullable Tensor get(Key key) {
    return tensors.get(key);
  }

  Map<Value, Argument> scalars(Visit visit) {
    return scalars.getOrDefault(visit, Map.of());
  }

  /** The block that was visited; −1 if there was no such visit. */
  int block(Visit visit) {
    return blocks.getOrDefault(visit, -1);
  }

  int count() {
    return tensors.size();
  }

  @Override
  public void close() {
    arena.close();
  }
}
