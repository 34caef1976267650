package io.github.fornada.process.payload;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map whose keys are told apart by identity, so that none of their methods is called, and do not
 * keep their keys alive. Values must not refer to their key. Not thread-safe.
 */
final class WeakIdentityMap<K, V> {
  private final Map<Key<K>, V> map = new HashMap<>();
  private final ReferenceQueue<K> collected = new ReferenceQueue<>();

  private static final class Key<K> extends WeakReference<K> {
    private final int hash;

    Key(K key, @Nullable ReferenceQueue<K> queue) {
      super(key, queue);
      hash = System.identityHashCode(key);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // that is what this class is for
    public boolean equals(@Nullable Object other) {
      if (this == other) {
        return true;
      }
      Object mine = get();
      return mine != null && other instanceof Key<?> key && key.get() == mine;
    }
  }

  @Nullable V get(K key) {
    removeCollected();
    return map.get(new Key<>(key, null));
  }

  void put(K key, V value) {
    removeCollected();
    map.put(new Key<>(key, collected), value);
  }

  /** Returns the keys that are still there. */
  List<K> keys() {
    var keys = new ArrayList<K>(map.size());
    for (Key<K> each : map.keySet()) {
      K key = each.get();
      if (key != null) {
        keys.add(key);
      }
    }
    return keys;
  }

  private void removeCollected() {
    for (Reference<? extends K> gone = collected.poll(); gone != null; gone = collected.poll()) {
      map.remove(gone);
    }
  }
}
