package io.github.fornada.process.payload;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The class loaders of values that are sent, by numbers that mean the same in both processes: a
 * class is identified by its name and its loader. 0 stands for the loaders that every process has,
 * and for the loader of this library. For any other loader, such as that of a plug-in, the worker
 * has a loader that requests classes from the parent under the same number.
 */
public final class Loaders {
  /** Separates the number of a loader from the name of a class. */
  private static final char MARK = ':';

  // All guarded by IDS. Weak, because sending a class must not keep its loader alive.
  // By identity, because a loader may have an equals of its own.
  private static final WeakIdentityMap<ClassLoader, Long> IDS = new WeakIdentityMap<>();
  private static final Map<Long, WeakReference<ClassLoader>> BY_ID = new HashMap<>();

  /** In a worker: the loaders that stand for loaders of the parent. Guarded by IDS. */
  private static final WeakIdentityMap<ClassLoader, Boolean> OF_PARENT = new WeakIdentityMap<>();

  /** In a worker: creates the loader that stands for a loader of the parent. */
  private static volatile @Nullable LongFunction<ClassLoader> maker;

  /** In a worker: the loader for classes that were sent without a number. */
  private static volatile @Nullable ClassLoader main;

  private Loaders() {}

  /** Makes this JVM's loaders those of a worker. */
  public static void serve(ClassLoader ofAllElse, LongFunction<ClassLoader> maker) {
    Loaders.main = ofAllElse;
    Loaders.maker = maker;
  }

  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  private static boolean isDefault(@Nullable ClassLoader loader) {
    return loader == null
        || loader == Loaders.class.getClassLoader()
        || loader == ClassLoader.getSystemClassLoader()
        || loader == ClassLoader.getPlatformClassLoader()
        || loader == main;
  }

  /** Returns the number of a loader; 0 if every process has its classes. */
  public static long idOf(@Nullable ClassLoader loader) {
    if (loader == null || isDefault(loader)) {
      return 0;
    }
    synchronized (IDS) {
      Long known = IDS.get(loader);
      if (known != null) {
        return known;
      }
      long id;
      do {
        // A random number, because a worker with a pool of its own passes on numbers of its parent
        // too.
        id = ThreadLocalRandom.current().nextLong();
      } while (id == 0 || BY_ID.containsKey(id));
      put(loader, id);
      return id;
    }
  }

  /** Under lock. */
  private static void put(ClassLoader loader, long id) {
    BY_ID.values().removeIf(known -> known.refersTo(null));
    IDS.put(loader, id);
    BY_ID.put(id, new WeakReference<>(loader));
  }

  /** Returns the loader with this number; null if it is not known, or was collected. */
  public static @Nullable ClassLoader byId(long id) {
    if (id == 0) {
      return null;
    }
    synchronized (IDS) {
      WeakReference<ClassLoader> known = BY_ID.get(id);
      ClassLoader loader = known == null ? null : known.get();
      LongFunction<ClassLoader> make = maker;
      if (loader == null && make != null) {
        loader = make.apply(id);
        OF_PARENT.put(loader, true);
        put(loader, id);
      }
      return loader;
    }
  }

  /** Returns whether this JVM is a worker and its parent does not have this loader. */
  static boolean isOfThisWorkerOnly(@Nullable ClassLoader loader) {
    if (maker == null || loader == null || isDefault(loader)) {
      return false;
    }
    synchronized (IDS) {
      return OF_PARENT.get(loader) == null;
    }
  }

  /** Returns all loaders that have a number and were not collected. */
  public static List<ClassLoader> known() {
    synchronized (IDS) {
      return IDS.keys();
    }
  }

  /** Returns the class with this name, from the loader with this number if that is known. */
  static Class<?> find(String name, long id, ClassLoader otherwise) throws ClassNotFoundException {
    ClassLoader loader = byId(id);
    return Class.forName(name, false, loader == null ? otherwise : loader);
  }

  /** Returns the text to write for a class. */
  static String text(String name, @Nullable ClassLoader loader) {
    long id = idOf(loader);
    return id == 0 ? name : Long.toHexString(id) + MARK + name;
  }

  /** Finds the class that a text stands for. */
  static Class<?> find(String text, ClassLoader otherwise) throws ClassNotFoundException {
    int mark = text.indexOf(MARK);
    return Class.forName(text.substring(mark + 1), false, of(text, otherwise));
  }

  /** Returns the loader that a text names, if that is known. */
  static ClassLoader of(String text, ClassLoader otherwise) {
    int mark = text.indexOf(MARK);
    ClassLoader loader = mark < 0 ? null : byId(Long.parseUnsignedLong(text, 0, mark, 16));
    return loader == null ? otherwise : loader;
  }
}
