package dev.baton.runtime.execute;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that forgets what was longest not asked for. */
final class LatestUsed<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1;
  private final int limit;

  LatestUsed(int limit) {
    super(16, 0.75f, true);
    this.limit = limit;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > limit;
  }
}
