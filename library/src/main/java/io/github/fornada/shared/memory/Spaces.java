package io.github.fornada.shared.memory;

import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The spaces of this process: of pools that it has opened, and of the pool it is a worker of. */
public final class Spaces {
  /** By the pool, or a handle of it. Guarded by itself. */
  private static final Map<Object, Space> BY_POOL =
      Collections.synchronizedMap(new WeakHashMap<>());

  private static final Map<String, Space> BY_FOLDER = new ConcurrentHashMap<>();

  /** By the address. A pool that is collected without having ended takes its space with it. */
  private static final Map<String, WeakReference<Space>> IN_MEMORY = new ConcurrentHashMap<>();

  /** The space of the pool that this process is a worker of. Written once. */
  private static volatile @Nullable Space worker;

  private Spaces() {}

  /** Called when a pool with worker processes is opened. */
  public static void add(Object pool, Space space) {
    BY_POOL.put(pool, space);
    String folder = space.folder();
    if (folder != null) {
      BY_FOLDER.put(folder, space);
    }
  }

  /** Called in a worker, before it runs any code of the user. */
  public static void isWorker(Path folder, long number, Space.Host host) {
    Space space = Space.ofWorker(folder, number, host);
    worker = space;
    BY_FOLDER.put(folder.toString(), space);
  }

  /** Loads what {@link #isWorker} needs, and does nothing else. */
  public static void warmUp(Path folder) {
    var _ = Space.ofWorker(folder, 0, Space.NOBODY);
  }

  /** Returns the space of a pool; null if there is none yet. */
  public static @Nullable Space known(Object pool) {
    return BY_POOL.get(pool);
  }

  /** Returns the space of a pool; one in this process's memory if the pool has no other. */
  public static Space of(Object pool) {
    return BY_POOL.computeIfAbsent(pool, key -> local());
  }

  private static Space local() {
    IN_MEMORY.values().removeIf(each -> each.get() == null);
    Space space = Space.local();
    IN_MEMORY.put(space.address(), new WeakReference<>(space));
    return space;
  }

  /** Returns the space with this address; one that cannot be used if this process has none. */
  public static Space at(String address) {
    Space known = BY_FOLDER.get(address);
    if (known == null) {
      WeakReference<Space> local = IN_MEMORY.get(address);
      known = local == null ? null : local.get();
    }
    return known == null ? Space.foreign(Path.of(address)) : known;
  }

  /** Called when a pool has ended. */
  public static void end(Object pool) {
    Space space = BY_POOL.remove(pool);
    if (space != null) {
      BY_FOLDER.remove(space.address());
      IN_MEMORY.remove(space.address());
      space.end();
    }
  }

  /** Called when another process has freed the object with this file. */
  public static void forget(String file) {
    Path path = Path.of(file);
    Space space = BY_FOLDER.get(String.valueOf(path.getParent()));
    if (space != null) {
      space.forget(String.valueOf(path.getFileName()));
    }
  }

  /** Called in a worker that is about to exit. */
  public static void stepAside() {
    Space own = worker;
    if (own != null) {
      own.stepAside();
    }
  }
}
