package dev.baton.runtime.execute;

import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Packer;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.memory.CountedArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Constants of a method in the forms that kernels want, each packed once for all executions. Safe
 * for use by several threads; whoever asks for one that another thread packs waits for it.
 */
final class PackedConstants implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  /** A constant in a form. */
  static final class Packed {
    private final MemorySegment memory;
    private final Function<Arena, Operand> constant;
    private final Packer packer;
    private boolean done;

    private Packed(MemorySegment memory, Function<Arena, Operand> constant, Packer packer) {
      this.memory = memory;
      this.constant = constant;
      this.packer = packer;
    }

    /** Zeros until it is packed. */
    MemorySegment memory() {
      return memory;
    }

    long byteSize() {
      return memory.byteSize();
    }

    synchronized boolean isDone() {
      return done;
    }

    /** Packs unless that is done; the pages of a mapped file are then let go. */
    synchronized MemorySegment get(Parallel parallel) {
      if (!done) {
        try (Arena temporary = new CountedArena("constants")) {
          Operand operand = constant.apply(temporary);
          packer.pack(operand, memory, parallel);
          if (operand.data().isMapped() && operand.data().isReadOnly()) {
            operand.data().unload();
          }
        }
        done = true;
      }
      return memory;
    }
  }

  private final CountedArena arena = new CountedArena("packed constants");
  private final Map<Object, Map<String, Packed>> packed = new IdentityHashMap<>();

  /**
   * Room for a constant in a form.
   *
   * @param key the same object for the same constant
   * @param constant gives it, contiguous; in the arena if it has to be copied for that, which is
   *     closed as soon as it is packed
   */
  Packed of(Object key, Function<Arena, Operand> constant, Packer packer) {
    synchronized (packed) {
      return packed
          .computeIfAbsent(key, k -> new HashMap<>())
          .computeIfAbsent(
              packer.form(),
              form ->
                  new Packed(
                      arena.allocate(Math.max(packer.byteSize(), 1), ALIGNMENT), constant, packer));
    }
  }

  long byteSize() {
    return arena.byteSize();
  }

  /** Frees everything; no execution may be open. */
  @Override
  public void close() {
    arena.close();
  }
}
