package io.github.fornada.shared.memory;

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

  /** Returns the space of a pool; null if there is none yet. */
  public static @Nullable Space known(Object pool) {
    return BY_POOL.get(pool);
  }

  /** Returns the space of a pool; one in this process's memory if the pool has no other. */
  public static Space of(Object pool) {
    return BY_POOL.computeIfAbsent(pool, key -> Space.local());
  }

  /** Returns the space with this folder; one that cannot be used if this process has none. */
  public static Space in(String folder) {
    Space known = BY_FOLDER.get(folder);
    return known == null ? Space.foreign(Path.of(folder)) : known;
  }

  /** Called when a pool has ended. */
  public static void end(Object pool) {
    Space space = BY_POOL.remove(pool);
    if (space != null) {
      String folder = space.folder();
      if (folder != null) {
        BY_FOLDER.remove(folder);
      }
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
