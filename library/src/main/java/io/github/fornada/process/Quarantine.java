package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.SlowClasses;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.HandedOver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The items of a pool that have cost too many workers and are not run again. Items are quarantined
 * only if the pool has retries: one death may be an accident, and without retries the user decides
 * what is run again.
 *
 * <p>A function or an item that can change is recognized by {@linkplain SentForm what was sent}:
 * the object may be used again with other content. One that cannot change is recognized by its
 * {@code equals}. That is user code: it is called outside of any lock, on a thread that it may
 * block without end, and the caller waits for a second at most. If it takes longer, only the same
 * object is recognized.
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

  /** How long a batch may be delayed by the code that writes its items. */
  private static final Duration PATIENCE = Duration.ofSeconds(1); // Guess

  /** The classes whose {@code equals}, or what writes them, took too long. */
  private static final SlowClasses SLOW = new SlowClasses(Duration.ofSeconds(10)); // Guess

  private final int retries;
  private final Handover handover;

  /**
   * Oldest first. There are few, if any, so a search through all of them, without a lock, is cheap.
   */
  private final CopyOnWriteArrayList<Entry> entries = new CopyOnWriteArrayList<>();

  /**
   * An item in quarantine.
   *
   * @param function what its function is recognized by
   * @param item what the item is recognized by
   */
  private record Entry(
      int hash, Object function, @Nullable Object item, DeathCertificate certificate) {}

  Quarantine(int retries, Handover handover) {
    this.retries = retries;
    this.handover = handover;
  }

  /**
   * Notes that an item has cost its worker. After its last attempt it is quarantined if it has cost
   * enough workers.
   *
   * @return the item's own death certificate
   */
  DeathCertificate note(Batch<?, ?> batch, int i, DeathCertificate death) {
    DeathCertificate own = certify(death, batch, i, true);
    if (own.quarantined()) {
      Object function = functionKey(batch);
      @Nullable Object[] item = {itemKeys(batch, i, i + 1)[0]};
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

  /**
   * Returns the certificate of a death with the item that the worker was running.
   *
   * @param mayBeKept whether the item is quarantined if it has cost enough workers
   */
  DeathCertificate certify(DeathCertificate death, Batch<?, ?> batch, int i, boolean mayBeKept) {
    int workers = batch.workersLost() + 1;
    boolean isKept = mayBeKept && batch.attempt() > retries && workers >= MIN_WORKERS;
    return ExitDiagnosis.of(death, batch.label(i), workers, isKept);
  }

  /**
   * Returns whether {@link #refuses} may call code of the user for this batch, and wait for it, or
   * reads much.
   */
  boolean asks(Batch<?, ?> batch) {
    if (entries.isEmpty()) {
      return false;
    }
    if (suspect(functionKey(batch)) != null) {
      return true;
    }
    for (int i = 0; i < batch.size(); i++) {
      Object item = batch.item(i);
      boolean isCopied = batch.handedOver(i) instanceof HandedItem copy && copy.file() == null;
      if (!isCopied && !BoundedText.isPlain(item)) {
        return true;
      }
    }
    return false;
  }

  /** Ends those items of a batch that are in quarantine. Returns whether there were any. */
  <R> boolean refuses(Batch<?, R> batch) {
    if (entries.isEmpty()) {
      return false;
    }
    @Nullable Object[] items = itemKeys(batch, 0, batch.size());
    boolean any = false;
    @Nullable Entry[] found = find(functionKey(batch), items);
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

  /** Returns what a function is recognized by, whatever carriers it has. */
  private static Object functionKey(Batch<?, ?> batch) {
    TaskFunction<?, ?> own = batch.userFunction();
    if (Immutables.contains(own)) {
      return own;
    }
    return batch.function() instanceof HandedFunction<?, ?> written
        ? written // equal to one of the same bytes
        : KnownFunctions.key(batch);
  }

  /** Returns what items are recognized by. Waits for code of theirs for a second or so in all. */
  private @Nullable Object[] itemKeys(Batch<?, ?> batch, int from, int to) {
    var keys = new @Nullable Object[to - from];
    long began = System.nanoTime();
    for (int i = from; i < to; i++) {
      Object item = batch.item(i);
      HandedOver copy = batch.handedOver(i);
      if (copy == null && (item == null || Immutables.contains(item))) {
        keys[i - from] = item;
        continue;
      }
      if (copy == null
          && Payloads.largeArray(item) == null
          && System.nanoTime() - began < PATIENCE.toNanos()
          && !SLOW.contains(item.getClass())) {
        if (handover.itemElsewhere(item) instanceof HandedItem made) {
          batch.handedOver(i, made); // it would be made when it is sent
          copy = made;
        } else {
          SLOW.add(item.getClass());
        }
      }
      SentForm sent = copy instanceof HandedItem made ? made.sentForm() : SentForm.of(item);
      keys[i - from] = sent == null ? new Object() : sent; // equal to nothing
    }
    return keys;
  }

  /** Returns the entry of each item, at the item's index; null for items without one. */
  private @Nullable Entry[] find(Object function, @Nullable Object[] items) {
    return asked(
        function, items, () -> find(function, items, false), () -> find(function, items, true));
  }

  // compares identities where {@code byIdentity} is asked for
  @SuppressWarnings("ReferenceEquality")
  private @Nullable Entry[] find(Object function, @Nullable Object[] items, boolean byIdentity) {
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
      Object function, @Nullable Object[] items, Supplier<V> byEquality, Supplier<V> byIdentity) {
    Class<?> found = suspect(function);
    for (int i = 0; i < items.length && found == null; i++) {
      found = suspect(items[i]);
    }
    if (found == null) {
      return byEquality.get();
    }
    Class<?> suspect = found;
    V none = byIdentity.get();
    if (SLOW.contains(suspect)) {
      return none;
    }
    return BoundedText.call(byEquality, none, none, () -> SLOW.add(suspect));
  }

  /** Returns the class of an object whose equality may be user code, else null. */
  private static @Nullable Class<?> suspect(@Nullable Object key) {
    return key == null
            || key instanceof SentForm
            || key instanceof HandedFunction<?, ?>
            || BoundedText.isPlain(key)
            || hasIdentity(key)
        ? null
        : key.getClass();
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

  private static int hash(Object function, @Nullable Object item) {
    try {
      return 31 * function.hashCode() + (item == null ? 0 : item.hashCode());
    } catch (RuntimeException | StackOverflowError e) {
      return identityHash(function, item);
    }
  }

  private static int identityHash(Object function, @Nullable Object item) {
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
