package dev.baton.xnnpack.ffi;

import dev.baton.xnnpack.ffi.XnnWeightsStore.Entry;
import dev.baton.xnnpack.ffi.XnnWeightsStore.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The packed weights of one graph, as XNNPACK asks for them when a runtime is made. The first
 * runtime packs; later ones find all of it, and so do graphs of the same store that hold the same
 * weights. Runtimes are made one after another; closed after they are.
 *
 * <p>XNNPACK knows weights by address. What a node packs is therefore looked up by the addresses of
 * its filter and bias, which are told apart while a runtime is made: {@link Making}. Where weights
 * would have to be copied to have an address at all, and are packed already, they get the address
 * of empty pages; a runtime for which XNNPACK then packs after all is thrown away and made again.
 */
public final class XnnPackedWeights implements AutoCloseable {
  private static final long NOT_FOUND = -1;
  private static final long ALIGNMENT = 64;

  /** A node that packs. */
  private record Packing(XnnNode.Weights weights, XnnPackingKey key) {}

  /** What a pair of filter and bias is packed to; without a key, nobody shares it. */
  private record Slot(@Nullable XnnPackingKey key, boolean empty) {}

  private record Addresses(long filter, long bias) {}

  /** Packed weights as they can be stored. */
  public record Stored(int key, int seed, MemorySegment bytes) {}

  private final XnnGraph graph;
  private final XnnWeightsStore store;
  private final List<Packing> packings = new ArrayList<>();
  private final List<XnnPackingKey> keys;
  private final Set<Entry> held = new HashSet<>();
  private final XnnWeightsProvider provider;
  private @Nullable Making making;
  private long packedBytes;
  private boolean closed;

  public XnnPackedWeights(XnnGraph graph, XnnWeightsStore store) {
    this.graph = graph;
    this.store = store;
    for (XnnNode node : graph.nodes()) {
      XnnNode.Weights weights = node.weights();
      XnnPackingKey key = weights == null ? null : XnnPackingKey.of(graph, weights);
      if (weights != null && key != null) {
        packings.add(new Packing(weights, key));
      }
    }
    this.keys = packings.stream().map(Packing::key).distinct().toList();
    this.provider = new XnnWeightsProvider(this);
  }

  /** Whether this host can do this. */
  public static boolean isSupported() {
    return Pages.isSupported();
  }

  /** Bytes of the weights that are packed, before they are. */
  public long unpackedBytes() {
    return keys.stream().mapToLong(XnnPackingKey::byteSize).sum();
  }

  /**
   * Tells these weights, and how they are packed, from any others.
   *
   * @param threads with the caller's
   * @param contents gives the digest of bytes that stay where they are; called by these threads
   */
  public void digest(ContentDigest into, int threads, ToLongFunction<MemorySegment> contents) {
    long[] each = new long[keys.size()];
    Threads.forEach(
        IntStream.range(0, each.length).boxed().toList(),
        threads,
        i -> {
          ContentDigest digest = new ContentDigest();
          keys.get(i).digest(digest, contents);
          each[i] = digest.value();
        });
    into.update("packings " + each.length);
    into.update(MemorySegment.ofArray(each));
  }

  /**
   * Gives weights that were packed before, of the same library on the same CPU.
   *
   * @param key position among the distinct nodes that pack, as {@link #stored} gave it
   * @param bytes in the file, aligned to 64
   */
  public synchronized void offer(int key, int seed, MemorySegment bytes, Mapping file) {
    add(store.put(keys.get(key), seed, bytes.address(), bytes.byteSize(), file));
  }

  /**
   * Packs what is not packed yet on several threads, so that a runtime made before the result is
   * closed finds it.
   *
   * @param threads with the caller's
   */
  public XnnPackingAhead packAhead(XnnLibrary library, int threads) {
    List<XnnGraph> parts = threads < 2 ? List.of() : XnnPackingAhead.parts(graph, unpacked());
    XnnPackingAhead ahead = new XnnPackingAhead(library, store, parts, threads);
    synchronized (this) {
      packedBytes += ahead.packedBytes();
    }
    return ahead;
  }

  private List<XnnNode.Weights> unpacked() {
    Map<XnnPackingKey, XnnNode.Weights> unpacked = new LinkedHashMap<>();
    for (Packing packing : packings) {
      if (!store.isPacked(packing.key)) {
        unpacked.putIfAbsent(packing.key, packing.weights);
      }
    }
    return List.copyOf(unpacked.values());
  }

  /** Number of keys that {@link #offer} takes. */
  public int keyCount() {
    return keys.size();
  }

  /** What XNNPACK will ask for again, valid until this is closed. */
  public synchronized List<Stored> stored() {
    List<Stored> stored = new ArrayList<>();
    for (Entry entry : held) {
      int key = keys.indexOf(entry.key);
      if (key >= 0 && entry.askedFor) {
        stored.add(new Stored(key, entry.seed, XnnWeightsProvider.at(entry.address, entry.bytes)));
      }
    }
    return stored;
  }

  /** Bytes that this graph has packed so far, be they in use or not. */
  public synchronized long packedBytes() {
    return packedBytes;
  }

  /** Bytes of packed weights that this graph holds, alone or with others. */
  public synchronized long heldBytes() {
    return held.stream().mapToLong(e -> e.bytes).sum();
  }

  private void add(Entry entry) {
    if (!held.add(entry)) {
      store.release(entry); // one hold is enough
    }
  }

  long provider() {
    return provider.address();
  }

  /** Begins to make a runtime; the caller holds the lock until it has closed the result. */
  Making begin(Arena temporary, boolean withEmptyPages) {
    if (closed) {
      throw new IllegalStateException("the weights are closed");
    }
    Making begun = new Making(temporary, withEmptyPages);
    making = begun;
    return begun;
  }

  /** A runtime being made. Used by the thread that makes it. */
  final class Making implements AutoCloseable {
    private final Map<Integer, Long> addresses = new HashMap<>();
    private final Map<Addresses, Slot> slots = new HashMap<>();
    private final Map<Long, Long> aliases = new HashMap<>();
    private final Map<Long, Slabs.Piece> reserved = new HashMap<>();
    private final Set<Addresses> askedFor = new HashSet<>();
    private final Set<Integer> empty = new HashSet<>();
    private final long emptyPages;
    private final long emptyBytes;
    private boolean packedEmptyPages;

    private Making(Arena temporary, boolean withEmptyPages) {
      if (withEmptyPages) {
        findUnneeded();
      }
      long bytes = 0;
      for (int id : empty) {
        bytes += size(graph.data(id));
      }
      emptyBytes = bytes;
      emptyPages = bytes == 0 ? 0 : Pages.map(bytes, false);
      if (emptyPages == 0) {
        empty.clear();
      }
      long next = emptyPages;
      for (int id = 0; id < graph.values().size(); id++) {
        XnnValue.StaticData data = graph.values().get(id).data();
        if (empty.contains(id)) {
          addresses.put(id, next);
          next += size(graph.data(id));
        } else if (data != null) {
          addresses.put(id, data.address(temporary));
        }
      }
      packings.forEach(this::addSlot);
    }

    private static long size(XnnValue.StaticData data) {
      return Math.ceilDiv(Math.max(data.byteSize(), 1), ALIGNMENT) * ALIGNMENT;
    }

    /** Finds the data that need not exist, since all that is made of it is packed. */
    private void findUnneeded() {
      Set<Integer> needed = new HashSet<>();
      Set<Integer> packed = new HashSet<>();
      for (Packing packing : packings) {
        Set<Integer> to = store.isPacked(packing.key) ? packed : needed;
        to.add(packing.weights.filter());
        to.add(packing.weights.bias());
      }
      packed.removeAll(needed);
      packed.remove(XnnNode.NONE);
      packed.removeIf(id -> !graph.data(id).isCopied());
      empty.addAll(packed);
    }

    private void addSlot(Packing packing) {
      int filter = packing.weights.filter();
      int bias = packing.weights.bias();
      Slot slot = new Slot(packing.key, empty.contains(filter) || empty.contains(bias));
      // Two nodes may pack the same bytes in two ways, which XNNPACK's seed need not tell apart.
      slots.merge(
          new Addresses(address(filter), address(bias)),
          slot,
          (a, b) -> a.equals(b) ? a : new Slot(null, a.empty || b.empty));
    }

    /** The address of a value's data; 0 if it has none. */
    long address(int id) {
      return addresses.getOrDefault(id, 0L);
    }

    private Addresses known(long filter, long bias) {
      return new Addresses(aliases.getOrDefault(filter, filter), aliases.getOrDefault(bias, bias));
    }

    /** The address of packed weights, or {@link #NOT_FOUND}. */
    private long lookUp(int seed, long filter, long bias) {
      Addresses known = known(filter, bias);
      askedFor.add(known);
      Slot slot = slots.get(known);
      if (slot == null || slot.key == null || !store.isPacked(slot.key)) {
        return NOT_FOUND;
      }
      Entry found = store.hold(slot.key, seed);
      if (found == null) {
        return NOT_FOUND;
      }
      add(found);
      return found.address;
    }

    private long reserve(long bytes) {
      Slabs.Piece piece = store.slabs().take(bytes);
      if (piece == null) {
        return 0;
      }
      reserved.put(piece.address(), piece);
      return piece.address();
    }

    /**
     * The address where packed weights stay. Versions before 2026 also insert what a convolution
     * has looked up and found, at no address.
     */
    private long insert(int seed, long filter, long bias, long packed, long bytes) {
      Slabs.Piece piece = reserved.get(packed);
      if (piece == null) {
        return lookUp(seed, filter, bias);
      }
      Addresses known = known(filter, bias);
      Slot slot = slots.get(known);
      packedEmptyPages |= slot != null && slot.empty;
      if (slot == null || slot.key == null || slot.empty) {
        return packed;
      }
      packedBytes += bytes;
      slot.key.filter().data().doneWith();
      Entry entry = store.put(slot.key, seed, packed, bytes, askedFor.contains(known), piece);
      boolean knownBefore = entry.address != packed;
      if (knownBefore && !isSame(entry, packed, bytes)) {
        store.release(entry);
        return packed;
      }
      reserved.remove(packed);
      if (knownBefore) {
        piece.release();
      }
      add(entry);
      return entry.address;
    }

    private static boolean isSame(Entry entry, long packed, long bytes) {
      return XnnWeightsProvider.at(entry.address, entry.bytes)
              .mismatch(XnnWeightsProvider.at(packed, bytes))
          < 0;
    }

    /** True if the runtime may be used. */
    boolean isSound() {
      return !packedEmptyPages;
    }

    /** Packed weights that nobody shares, for the runtime to close. */
    Runnable unshared() {
      List<Slabs.Piece> own = List.copyOf(reserved.values());
      reserved.clear();
      return () -> own.forEach(Slabs.Piece::release);
    }

    @Override
    public void close() {
      making = null;
      reserved.values().forEach(Slabs.Piece::release);
      if (emptyPages != 0) {
        Pages.unmap(emptyPages, emptyBytes);
      }
    }
  }

  // What XNNPACK calls, on the thread that makes a runtime; nothing may be thrown.

  long lookUp(int seed, long filter, long bias) {
    Making now = making;
    try {
      return now == null ? NOT_FOUND : now.lookUp(seed, filter, bias);
    } catch (RuntimeException | Error e) {
      return NOT_FOUND;
    }
  }

  long reserve(long bytes) {
    Making now = making;
    try {
      return now == null ? 0 : now.reserve(bytes);
    } catch (RuntimeException | Error e) {
      return 0;
    }
  }

  long insert(int seed, long filter, long bias, long packed, long bytes) {
    Making now = making;
    try {
      return now == null ? packed : now.insert(seed, filter, bias, packed, bytes);
    } catch (RuntimeException | Error e) {
      return packed;
    }
  }

  void alias(long alias, long original) {
    Making now = making;
    if (now != null) {
      now.aliases.put(alias, now.aliases.getOrDefault(original, original));
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      provider.close();
      held.forEach(store::release);
      held.clear();
    }
  }
}
