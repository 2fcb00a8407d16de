package dev.baton.xnnpack.ffi;

import org.jspecify.annotations.Nullable;

/**
 * Pages for packed weights, cut from large mappings: side by side the weights lie in huge pages
 * almost wholly, which each alone would only in part, and first touches are a good part of packing.
 * Safe for use by several threads.
 */
final class Slabs {
  /** Address space, not memory: that is touched only as it is needed. */
  private static final long SLAB_BYTES = 32 << 20;

  private static final long ALIGNMENT = 64;

  private @Nullable Slab current;

  /** A mapping, unmapped when its last piece is released. */
  private static final class Slab {
    final long address;
    final long bytes;
    long taken;
    int pieces;

    Slab(long address, long bytes) {
      this.address = address;
      this.bytes = bytes;
    }
  }

  /** A part of a slab, zero at first, until it is released. */
  final class Piece implements XnnWeightsStore.Memory {
    private final Slab slab;
    private final long address;
    private final long bytes;

    private Piece(Slab slab, long address, long bytes) {
      this.slab = slab;
      this.address = address;
      this.bytes = bytes;
    }

    /** Aligned to 64. */
    long address() {
      return address;
    }

    /** Called once. */
    @Override
    public void release() {
      end(this);
    }
  }

  /** Bytes that nobody else has; null if there is no memory. */
  synchronized @Nullable Piece take(long bytes) {
    long needed = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    Slab slab = current;
    if (slab == null || slab.bytes - slab.taken < needed) {
      long mapped = Math.max(SLAB_BYTES, Math.ceilDiv(needed, Pages.HUGE_PAGE) * Pages.HUGE_PAGE);
      long address = Pages.map(mapped, true);
      if (address == 0) {
        return null;
      }
      slab = new Slab(address, mapped);
      current = slab;
    }
    Piece piece = new Piece(slab, slab.address + slab.taken, needed);
    slab.taken += needed;
    slab.pieces++;
    return piece;
  }

  private synchronized void end(Piece piece) {
    Slab slab = piece.slab;
    slab.pieces--;
    if (slab.pieces > 0) {
      Pages.discard(piece.address, piece.bytes);
      return;
    }
    if (current == slab) {
      current = null;
    }
    Pages.unmap(slab.address, slab.bytes);
  }
}
