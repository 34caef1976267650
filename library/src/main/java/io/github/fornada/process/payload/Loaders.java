package io.github.fornada.process.payload;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The class loaders of values that travel, by numbers that mean the same in both processes: a class
 * is told by its name and by its loader. 0 stands for the loaders that every process has by itself,
 * and for that of this library. All others, of plug-ins for instance, have a loader of their own in
 * the worker, which asks for its classes under that number.
 */
public final class Loaders {
  /** Ends the number of a loader before the name of a class. */
  private static final char MARK = ':';

  // All guarded by IDS. Weak: to send a class must not keep its loader alive.
  private static final Map<ClassLoader, Long> IDS = new WeakHashMap<>();
  private static final Map<Long, WeakReference<ClassLoader>> BY_ID = new HashMap<>();

  /** In a worker: those that stand for loaders of the parent's. Guarded by IDS. */
  private static final Set<ClassLoader> OF_PARENT = Collections.newSetFromMap(new WeakHashMap<>());

  /** In a worker: what makes the loader that stands for one of the parent's. */
  private static volatile @Nullable LongFunction<ClassLoader> maker;

  /** In a worker: the loader for all that came without a number. */
  private static volatile @Nullable ClassLoader main;

  private Loaders() {}

  /** This JVM is a worker: tells how its loaders are made. */
  public static void serve(ClassLoader ofAllElse, LongFunction<ClassLoader> maker) {
    Loaders.main = ofAllElse;
    Loaders.maker = maker;
  }

  @SuppressWarnings("ReferenceEquality") // loaders are told apart by identity
  private static boolean isDefault(@Nullable ClassLoader loader) {
    return loader == null
        || loader == Loaders.class.getClassLoader()
        || loader == ClassLoader.getSystemClassLoader()
        || loader == ClassLoader.getPlatformClassLoader()
        || loader == main;
  }

  /** Returns the number of a loader; 0 if every process has its classes by itself. */
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
        // At random: a worker with a pool of its own passes on numbers of its parent's too.
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

  /** Returns the loader of this number; null if it is not known, or is gone. */
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
        OF_PARENT.add(loader);
        put(loader, id);
      }
      return loader;
    }
  }

  /** Whether this is a worker, and its parent has nothing of this loader's. */
  static boolean isOfThisWorkerOnly(@Nullable ClassLoader loader) {
    if (maker == null || isDefault(loader)) {
      return false;
    }
    synchronized (IDS) {
      return !OF_PARENT.contains(loader);
    }
  }

  /** Returns all that were given a number and are still there. */
  public static List<ClassLoader> known() {
    synchronized (IDS) {
      return new ArrayList<>(IDS.keySet());
    }
  }

  /** Returns the class of this name, by the loader of this number if that is known. */
  static Class<?> find(String name, long id, ClassLoader otherwise) throws ClassNotFoundException {
    ClassLoader loader = byId(id);
    return Class.forName(name, false, loader == null ? otherwise : loader);
  }

  /** What to write for a class. */
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
