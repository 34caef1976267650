package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.TaskFunction;
import io.github.fornada.spi.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The items of a pool that have cost their workers in every try that was left, and may cost no
 * more. Only where retries were asked for: one death may be an accident, and without retries the
 * user decides what is run again.
 *
 * <p>An item is known again by its function's and its own {@code equals}. Those are the user's
 * code: see {@link SafeEquality}.
 */
final class Quarantine {
  /** The number of items remembered; the oldest are forgotten first. */
  private static final int MOST = 1000; // Guess

  /** The number of workers that an item must have cost to be quarantined. */
  private static final int LEAST_WORKERS = 2;

  private final int retries;

  /** Oldest first. Few, if any: looking through them all needs no lock. */
  private final CopyOnWriteArrayList<Entry> entries = new CopyOnWriteArrayList<>();

  private record Entry(
      int hash, TaskFunction<?, ?> function, @Nullable Object item, DeathCertificate certificate) {}

  Quarantine(int retries) {
    this.retries = retries;
  }

  /**
   * Notes that an item has cost its worker: after its last try it is quarantined if it has cost
   * enough of them.
   *
   * @return the item's own death certificate
   */
  DeathCertificate note(Batch<?, ?> batch, int i, DeathCertificate death) {
    int workers = batch.workersLost() + 1;
    boolean isKept = batch.attempt() > retries && workers >= LEAST_WORKERS;
    DeathCertificate own = ExitDiagnosis.of(death, batch.label(i), workers, isKept);
    if (isKept) {
      TaskFunction<?, ?> function = batch.userFunction();
      Object item = batch.item(i);
      if (find(function, item) == null) {
        entries.add(new Entry(hash(function, item), function, item, own));
        if (entries.size() > MOST) {
          var _ = entries.removeFirst();
        }
      }
    }
    return own;
  }

  /** Ends those items of a batch that are in quarantine. Returns whether there were any. */
  <R> boolean refuses(Batch<?, R> batch) {
    boolean any = false;
    if (!entries.isEmpty()) {
      for (int i = 0; i < batch.size(); i++) {
        if (!batch.isEnded(i)) {
          any |= refuses(batch, i);
        }
      }
    }
    return any;
  }

  private <R> boolean refuses(Batch<?, R> batch, int i) {
    Object item = batch.item(i);
    TaskFunction<?, ?> function = batch.userFunction();
    Entry entry = find(function, item);
    if (entry == null) {
      return false;
    }
    String label = batch.label(i);
    DeathCertificate certificate =
        ExitDiagnosis.of(entry.certificate, label, entry.certificate.workersLost(), true);
    return batch.refuse(i, Outcomes.quarantined(label, certificate));
  }

  @SuppressWarnings("ReferenceEquality") // the same item is found whatever its methods do
  private @Nullable Entry find(TaskFunction<?, ?> function, @Nullable Object item) {
    for (Entry entry : entries) {
      if (entry.item == item && entry.function == function) {
        return entry;
      }
    }
    int hash = hash(function, item);
    for (Entry entry : entries) {
      if (entry.hash == hash
          && SafeEquality.isSame(entry.function, function)
          && SafeEquality.isSame(entry.item, item)) {
        return entry;
      }
    }
    return null;
  }

  private static int hash(TaskFunction<?, ?> function, @Nullable Object item) {
    return 31 * SafeEquality.hash(function) + SafeEquality.hash(item);
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
