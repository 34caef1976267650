package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The items of a pool that have cost too many workers and are not run again. Items are quarantined
 * only if the pool has retries: one death may be an accident, and without retries the user decides
 * what is run again.
 *
 * <p>An item is recognized by its function's and its own {@code equals}. Those are user code: they
 * are called outside of any lock, on a thread that they may block without end, and the caller waits
 * for a second at most. If they take longer, only the same object is recognized.
 */
final class Quarantine {
  /** The number of items remembered; the oldest are forgotten first. */
  private static final int MAX_ITEMS = 1000; // Guess

  /** The number of workers that an item must have cost to be quarantined. */
  private static final int MIN_WORKERS = 2;

  /** Whether objects of a class have no equality but that of {@link Object}. */
  private static final ClassValue<Boolean> IDENTITY =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          try {
            return type.getMethod("equals", Object.class).getDeclaringClass() == Object.class
                && type.getMethod("hashCode").getDeclaringClass() == Object.class;
          } catch (NoSuchMethodException | LinkageError e) {
            return false;
          }
        }
      };

  /**
   * Until when the {@code equals} of a class is not called, by {@link System#nanoTime}; 0 if it
   * never took too long.
   */
  private static final ClassValue<AtomicLong> SLOW_UNTIL =
      new ClassValue<>() {
        @Override
        protected AtomicLong computeValue(Class<?> type) {
          return new AtomicLong();
        }
      };

  /** How long the {@code equals} of a class is not called after it took too long. */
  private static final Duration SLOW = Duration.ofSeconds(10); // Guess

  private final int retries;

  /**
   * Oldest first. There are few, if any, so a search through all of them, without a lock, is cheap.
   */
  private final CopyOnWriteArrayList<Entry> entries = new CopyOnWriteArrayList<>();

  private record Entry(
      int hash, TaskFunction<?, ?> function, @Nullable Object item, DeathCertificate certificate) {}

  Quarantine(int retries) {
    this.retries = retries;
  }

  /**
   * Notes that an item has cost its worker. After its last attempt it is quarantined if it has cost
   * enough workers.
   *
   * @return the item's own death certificate
   */
  DeathCertificate note(Batch<?, ?> batch, int i, DeathCertificate death) {
    int workers = batch.workersLost() + 1;
    boolean isKept = batch.attempt() > retries && workers >= MIN_WORKERS;
    DeathCertificate own = ExitDiagnosis.of(death, batch.label(i), workers, isKept);
    if (isKept) {
      TaskFunction<?, ?> function = batch.userFunction();
      @Nullable Object[] item = {batch.item(i)};
      Integer hash =
          asked(
              function, item, () -> hash(function, item[0]), () -> identityHash(function, item[0]));
      if (find(function, item)[0] == null) {
        entries.add(new Entry(hash, function, item[0], own));
        if (entries.size() > MAX_ITEMS) {
          var _ = entries.removeFirst();
        }
      }
    }
    return own;
  }

  /** Ends those items of a batch that are in quarantine. Returns whether there were any. */
  <R> boolean refuses(Batch<?, R> batch) {
    if (entries.isEmpty()) {
      return false;
    }
    var items = new @Nullable Object[batch.size()];
    for (int i = 0; i < items.length; i++) {
      items[i] = batch.item(i);
    }
    boolean any = false;
    @Nullable Entry[] found = find(batch.userFunction(), items);
    for (int i = 0; i < items.length; i++) {
      Entry entry = found[i];
      if (entry != null && !batch.isEnded(i)) {
        any |= refuse(batch, i, entry);
      }
    }
    return any;
  }

  private static <R> boolean refuse(Batch<?, R> batch, int i, Entry entry) {
    String label = batch.label(i);
    DeathCertificate certificate =
        ExitDiagnosis.of(entry.certificate, label, entry.certificate.workersLost(), true);
    return batch.refuse(i, Outcomes.quarantined(label, certificate));
  }

  /** Returns the entry of each item, at the item's index; null for items without one. */
  private @Nullable Entry[] find(TaskFunction<?, ?> function, @Nullable Object[] items) {
    return asked(
        function, items, () -> find(function, items, false), () -> find(function, items, true));
  }

  // compares identities where {@code byIdentity} is asked for
  @SuppressWarnings("ReferenceEquality")
  private @Nullable Entry[] find(
      TaskFunction<?, ?> function, @Nullable Object[] items, boolean byIdentity) {
    var found = new @Nullable Entry[items.length];
    for (int i = 0; i < items.length; i++) {
      Object item = items[i];
      int hash = byIdentity ? 0 : hash(function, item);
      for (Entry entry : entries) {
        if (byIdentity
            ? entry.function == function && entry.item == item
            : entry.hash == hash && isSame(entry.function, function) && isSame(entry.item, item)) {
          found[i] = entry;
          break;
        }
      }
    }
    return found;
  }

  /**
   * Returns the result of {@code byEquality} if that runs no user code or is quick, and otherwise
   * that of {@code byIdentity}.
   */
  private <V> V asked(
      TaskFunction<?, ?> function,
      @Nullable Object[] items,
      Supplier<V> byEquality,
      Supplier<V> byIdentity) {
    Class<?> suspect = hasIdentity(function) ? null : function.getClass();
    for (int i = 0; i < items.length && suspect == null; i++) {
      Object item = items[i];
      suspect =
          item == null || BoundedText.isPlain(item) || hasIdentity(item) ? null : item.getClass();
    }
    if (suspect == null) {
      return byEquality.get();
    }
    AtomicLong slowUntil = SLOW_UNTIL.get(suspect);
    long until = slowUntil.get();
    if (until != 0 && until - System.nanoTime() > 0) {
      return byIdentity.get();
    }
    V none = byIdentity.get();
    return BoundedText.call(
        byEquality,
        none,
        none,
        () -> slowUntil.set(System.nanoTime() + SLOW.toNanos() | 1)); // never 0
  }

  /** Returns whether an object is equal to itself only, so that its equality is no user code. */
  private static boolean hasIdentity(Object object) {
    return IDENTITY.get(object.getClass());
  }

  @SuppressWarnings("ReferenceEquality") // if equals throws, only the same object is recognized
  private static boolean isSame(@Nullable Object a, @Nullable Object b) {
    try {
      return a == b || (a != null && a.equals(b));
    } catch (RuntimeException | StackOverflowError e) {
      return false;
    }
  }

  private static int hash(TaskFunction<?, ?> function, @Nullable Object item) {
    try {
      return 31 * function.hashCode() + (item == null ? 0 : item.hashCode());
    } catch (RuntimeException | StackOverflowError e) {
      return identityHash(function, item);
    }
  }

  private static int identityHash(TaskFunction<?, ?> function, @Nullable Object item) {
    return 31 * System.identityHashCode(function) + System.identityHashCode(item);
  }

  List<DeathCertificate> list() {
    var all = new ArrayList<DeathCertificate>();
    entries.forEach(entry -> all.add(entry.certificate));
    return all;
  }

  void clear() {
    entries.clear();
  }
}
