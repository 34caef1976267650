package io.github.fornada.advice.sense;

import io.github.fornada.advice.decide.LockSite;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The locks that threads were seen to wait for. Guarded by the sampler's lock. */
final class LockWaits {
  /** The maximum number of locks that a reading lists. */
  private static final int LISTED = 8; // Guess

  /** The maximum number of locks that are remembered; those not waited for lately go first. */
  private static final int KEPT = 256; // Guess

  /** How many readings a lock is remembered in which nobody waits for it. */
  private static final int UNUSED_READINGS = 50; // Guess

  /**
   * One lock.
   *
   * @param type the class of the lock object
   * @param identity its identity hash code; two locks may share it, but seldom do
   */
  record Key(String type, int identity) {}

  /** What is known of one lock. */
  static final class Site {
    /** The waiting for it since the last reading. */
    private double nanos;

    /** The looks since the last reading in which somebody waited for it, and the latest of them. */
    private long waitedLooks;

    private long lastLook = -1;
    private int unused;
    final Votes<String> places = new Votes<>();
    final Votes<String> holders = new Votes<>();
    final Votes<String> holderPlaces = new Votes<>();

    /** Notes that a thread waits for it in this look. */
    void waited(double waited, long look) {
      nanos += waited;
      if (look != lastLook) {
        lastLook = look;
        waitedLooks++;
      }
    }
  }

  private final Map<Key, Site> sites = new HashMap<>();

  Site of(Key key) {
    return sites.computeIfAbsent(key, k -> new Site());
  }

  /**
   * Returns the locks waited for since the last call. Those whose place was not seen are left out:
   * they mean nothing to a reader.
   */
  List<LockSite> take(long looks) {
    double all = 0;
    for (Site site : sites.values()) {
      all += site.nanos;
    }
    List<LockSite> listed = new ArrayList<>();
    for (Map.Entry<Key, Site> entry : sites.entrySet()) {
      Site site = entry.getValue();
      String place = site.places.most();
      if (site.nanos > 0 && place != null) {
        listed.add(
            new LockSite(
                place,
                Objects.requireNonNullElse(site.holderPlaces.most(), ""),
                entry.getKey().type(),
                Objects.requireNonNullElse(site.holders.most(), ""),
                site.nanos / all,
                looks == 0 ? Double.NaN : Math.min(1.0, (double) site.waitedLooks / looks)));
      }
      site.unused = site.nanos > 0 ? 0 : site.unused + 1;
      site.nanos = 0;
      site.waitedLooks = 0;
    }
    sites.values().removeIf(site -> site.unused > UNUSED_READINGS);
    if (sites.size() > KEPT) {
      sites.values().removeIf(site -> site.unused > 0);
    }
    listed.sort(Comparator.comparingDouble(LockSite::waitShare).reversed());
    return listed.size() > LISTED ? listed.subList(0, LISTED) : listed;
  }
}
