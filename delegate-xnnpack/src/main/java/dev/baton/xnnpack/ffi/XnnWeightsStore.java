package dev.baton.xnnpack.ffi;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Packed weights that graphs share: what one has packed, others find. Bytes stay while a graph
 * holds them. Safe for use by several threads.
 */
public final class XnnWeightsStore {
  /** Bytes in pages, or in a mapped file, that several entries may lie in. */
  interface Memory {
    void release();
  }

  /** A file in memory, unmapped when the last entry in it goes. */
  public static final class Mapping implements Memory {
    private final Arena arena;
    private int users = 1;

    /**
     * @param arena closed when nobody uses the file any more
     */
    public Mapping(Arena arena) {
      this.arena = arena;
      XnnLibrary.LIVE.incrementAndGet();
    }

    private synchronized void retain() {
      users++;
    }

    /** Ends one use; the maker's is the first. */
    @Override
    public synchronized void release() {
      users--;
      if (users == 0) {
        arena.close();
        XnnLibrary.LIVE.decrementAndGet();
      }
    }
  }

  /** The result of one packing. */
  static final class Entry {
    final XnnPackingKey key;
    final int seed;
    final long address;
    final long bytes;

    /** XNNPACK asked for it before it packed, and will ask again. */
    final boolean askedFor;

    private final Memory memory;
    private int holders;

    private Entry(
        XnnPackingKey key, int seed, long address, long bytes, boolean askedFor, Memory memory) {
      this.key = key;
      this.seed = seed;
      this.address = address;
      this.bytes = bytes;
      this.askedFor = askedFor;
      this.memory = memory;
    }
  }

  private final Map<XnnPackingKey, List<Entry>> entries = new HashMap<>();
  private final Slabs slabs = new Slabs();

  /** Where weights are packed to. */
  Slabs slabs() {
    return slabs;
  }

  /** What was packed from a key by the algorithm of a seed, held once more; null if nothing was. */
  synchronized @Nullable Entry hold(XnnPackingKey key, int seed) {
    Entry found = find(key, seed);
    if (found != null) {
      found.holders++;
    }
    return found;
  }

  private @Nullable Entry find(XnnPackingKey key, int seed) {
    for (Entry entry : entries.getOrDefault(key, List.of())) {
      if (entry.seed == seed) {
        return entry;
      }
    }
    return null;
  }

  /** True if XNNPACK will find the key, for an algorithm that it has used before. */
  synchronized boolean isPacked(XnnPackingKey key) {
    return entries.getOrDefault(key, List.of()).stream().anyMatch(e -> e.askedFor);
  }

  /** Adds what was packed, held once; or gives what another has added meanwhile, also held. */
  synchronized Entry put(
      XnnPackingKey key, int seed, long address, long bytes, boolean askedFor, Memory memory) {
    Entry known = hold(key, seed);
    if (known != null) {
      return known;
    }
    Entry entry = new Entry(key, seed, address, bytes, askedFor, memory);
    entry.holders = 1;
    entries.computeIfAbsent(key, _ -> new ArrayList<>()).add(entry);
    return entry;
  }

  /** As {@link #put}, of bytes in a file, which entries keep mapped. */
  Entry put(XnnPackingKey key, int seed, long address, long bytes, Mapping file) {
    Entry entry = put(key, seed, address, bytes, true, file);
    if (entry.memory == file) {
      file.retain();
    }
    return entry;
  }

  /** Ends one hold. */
  void release(Entry entry) {
    synchronized (this) {
      entry.holders--;
      if (entry.holders > 0) {
        return;
      }
      List<Entry> same = entries.get(entry.key);
      if (same != null) {
        same.remove(entry);
        if (same.isEmpty()) {
          entries.remove(entry.key);
        }
      }
    }
    entry.memory.release();
  }

  /** Number of packings held. */
  public synchronized int size() {
    return entries.values().stream().mapToInt(List::size).sum();
  }
}
