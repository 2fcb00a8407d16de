package dev.baton.xnnpack;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.StoredBytes;
import dev.baton.xnnpack.ffi.ContentDigest;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Digests of bytes of files, remembered as long as the process lives: who loads a program again
 * need not read its weights again. Safe for use by several threads.
 */
final class KnownDigests {
  private static final int MOST = 1 << 14;

  /** Least recently used first. */
  private static final Map<StoredBytes, Long> KNOWN =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<StoredBytes, Long> eldest) {
          return size() > MOST;
        }
      };

  private KnownDigests() {}

  /** The digest of bytes that do not change while the context's program is open. */
  static long of(MemorySegment bytes, CompileContext context) {
    StoredBytes stored = context.stored(bytes).orElse(null);
    Long known = stored == null ? null : get(stored);
    if (known != null) {
      return known;
    }
    ContentDigest digest = new ContentDigest();
    digest.update(bytes);
    if (stored != null) {
      put(stored, digest.value());
    }
    return digest.value();
  }

  private static @Nullable Long get(StoredBytes stored) {
    synchronized (KNOWN) {
      return KNOWN.get(stored);
    }
  }

  private static void put(StoredBytes stored, long digest) {
    synchronized (KNOWN) {
      KNOWN.put(stored, digest);
    }
  }
}
