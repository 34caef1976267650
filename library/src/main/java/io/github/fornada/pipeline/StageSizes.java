package io.github.fornada.pipeline;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How many workers each stage should have, of a total. Decides from figures alone.
 *
 * <p>Where the stages are busy for parts {@code b} of the time with {@code n} workers, an item
 * takes each of them {@code n * b} of a worker's time, and with {@code m} workers it could run
 * {@code m / (n * b)} times as fast. The stage for which that is the least decides for all. (The
 * utilization law; DS2 sizes operators of streams by it.) Workers go there from where there are
 * more than needed, one at a time. Where a step should have helped and did not, it is taken back,
 * and not tried again until the figures are others, or some time has passed.
 */
final class StageSizes {
  /** Where no stage is as busy, more workers for one would change nothing. */
  private static final double BUSY = 0.8; // Guess

  /** A gain that is not worth a change. */
  private static final double WORTH = 1.03; // Guess

  /**
   * A gain that shows in rates that are measured. A smaller one is judged at the last step only.
   */
  private static final double SHOWS = 1.1; // Guess

  /** What must have become of it for the change to stay. */
  private static final double HELPED = 1.01; // Guess

  /** Looks after which a change that did not help may be tried again; each time twice as many. */
  private static final int FIRST_REST = 8; // Guess

  private static final int LONGEST_REST = 1 << 10; // Guess

  /** The part of all processors that the stages can have, whatever other programs do. */
  private static final double SHARE = 0.5; // Guess

  /** Figures that differ by less are the same ones. */
  private static final double SAME = 0.2; // Guess

  /**
   * What is known of the stages.
   *
   * @param busy the part of its workers' time for which each is busy
   * @param rate items a second that each runs
   * @param cores processors that they keep busy; 0 if unknown
   * @param freeCores processors that are free; negative if unknown
   * @param allCores how many there are, with those that other programs use
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Load(double[] busy, double[] rate, double cores, double freeCores, double allCores) {
    /** How many times as many processors as now the stages could have. */
    double most() {
      if (cores <= 0.05 || freeCores < 0) {
        return Double.POSITIVE_INFINITY;
      }
      // Where other programs keep all of them busy, whoever asks for more gets a share of them.
      return Math.max(cores + freeCores, SHARE * allCores) / cores;
    }
  }

  /**
   * What to do.
   *
   * @param sizes that the stages are to have from now on
   * @param because for people; empty if nothing changes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Step(int[] sizes, String because) {}

  /** Sizes that stay, and what they gave. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Kept(int[] sizes, double[] costs, double rate, int slowest) {}

  private final String[] names;
  private final int total;
  private final boolean[] fixed;
  private final int[] mostOfEach;
  private int[] sizes;

  /** Before the first of the changes that are to be judged; null if there are none. */
  private @Nullable Kept kept;

  /** The costs with which a change did not help; null for none. */
  private double @Nullable [] refused;

  /**
   * How many looks go by before it is tried again all the same: others may have been in its way.
   */
  private int rest = FIRST_REST;

  private int rested;

  /**
   * Begins.
   *
   * @param total how many workers those have together that are not fixed
   * @param fixed the stages whose sizes cannot change
   * @param mostOfEach how many workers each of the others can have
   */
  StageSizes(String[] names, int total, int[] sizes, boolean[] fixed, int[] mostOfEach) {
    this.names = names.clone();
    this.total = total;
    this.sizes = sizes.clone();
    this.fixed = fixed.clone();
    this.mostOfEach = mostOfEach.clone();
  }

  int[] sizes() {
    return sizes.clone();
  }

  /** What to do, now that the stages with these sizes have shown this. */
  Step next(Load load) {
    int n = sizes.length;
    var costs = new double[n];
    for (int k = 0; k < n; k++) {
      costs[k] = sizes[k] * Math.max(load.busy()[k], 1e-6);
    }
    double most = load.most();
    Kept before = kept;
    int[] target = target(costs, most);
    boolean isThere = gain(target, costs, most) < gain(sizes, costs, most) * WORTH;
    double needed = isThere ? WORTH : SHOWS;
    if (before != null && gain(before.sizes(), costs, most) * needed <= gain(sizes, costs, most)) {
      // By now it should have helped.
      double rate = load.rate()[before.slowest()];
      kept = null;
      refused = null;
      if (rate < before.rate() * HELPED) {
        refused = before.costs();
        rested = 0;
        String text =
            "back to "
                + words(before.sizes())
                + ": "
                + rates(before.rate(), rate)
                + " did not help";
        sizes = before.sizes().clone();
        return new Step(sizes(), text);
      }
      rest = FIRST_REST;
    }
    boolean isHeldUp = false;
    for (double busy : load.busy()) {
      isHeldUp |= busy >= BUSY;
    }
    if (!isHeldUp || isRefused(costs)) {
      return new Step(sizes(), "");
    }
    if (isThere) {
      if (kept != null) { // the changes on the way are of no use any more
        int[] back = kept.sizes();
        kept = null;
        sizes = back.clone();
        return new Step(sizes(), "back to " + words(sizes) + ": the stages' times have changed");
      }
      return new Step(sizes(), "");
    }
    int slowest = slowest(sizes, costs);
    if (kept == null) {
      kept = new Kept(sizes.clone(), costs, load.rate()[slowest], slowest);
    }
    return step(target, costs);
  }

  /** Whether a change was tried with these figures, and did not help. */
  private boolean isRefused(double[] costs) {
    double[] before = refused;
    if (before == null || !isSame(before, costs)) {
      return false;
    }
    rested++;
    if (rested < rest) {
      return true;
    }
    refused = null;
    rest = Math.min(2 * rest, LONGEST_REST);
    return false;
  }

  /** One worker more for one stage, from another if there is none left. */
  private Step step(int[] target, double[] costs) {
    int to = -1;
    int from = -1;
    int sum = 0;
    for (int k = 0; k < sizes.length; k++) {
      sum += fixed[k] ? 0 : sizes[k];
      double each = sizes[k] / costs[k];
      if (target[k] > sizes[k] && (to < 0 || each < sizes[to] / costs[to])) {
        to = k;
      }
      if (target[k] < sizes[k] && (from < 0 || each > sizes[from] / costs[from])) {
        from = k;
      }
    }
    int[] next = sizes();
    next[to]++;
    String text = names[to] + " " + sizes[to] + " -> " + next[to];
    if (sum >= total) {
      next[from]--;
      text += ", " + names[from] + " " + sizes[from] + " -> " + next[from];
    }
    sizes = next;
    return new Step(sizes(), text);
  }

  /**
   * The best sizes, if an item costs this: each worker goes to the stage that is the slowest. More
   * than {@code gain} times as fast as now it need not be.
   */
  private int[] target(double[] costs, double gain) {
    int[] best = sizes();
    int left = total;
    for (int k = 0; k < best.length; k++) {
      if (!fixed[k]) {
        best[k] = 1;
        left--;
      }
    }
    while (left > 0) {
      int slow = slowest(best, costs);
      if (fixed[slow] || best[slow] >= mostOfEach[slow] || best[slow] / costs[slow] >= gain) {
        break;
      }
      best[slow]++;
      left--;
    }
    // What no stage needs stays where it is: a change would help nobody.
    while (left > 0) {
      int owner = -1;
      for (int k = 0; k < best.length && owner < 0; k++) {
        owner = !fixed[k] && best[k] < sizes[k] ? k : -1;
      }
      if (owner < 0) {
        break;
      }
      best[owner]++;
      left--;
    }
    return best;
  }

  private static int slowest(int[] sizes, double[] costs) {
    int slow = 0;
    for (int k = 1; k < sizes.length; k++) {
      if (sizes[k] / costs[k] < sizes[slow] / costs[slow]) {
        slow = k;
      }
    }
    return slow;
  }

  /** How many times as fast as now it would be. */
  private static double gain(int[] sizes, double[] costs, double most) {
    int slow = slowest(sizes, costs);
    return Math.min(most, sizes[slow] / costs[slow]);
  }

  private static boolean isSame(double[] some, double[] others) {
    double scale = Arrays.stream(others).sum() / Arrays.stream(some).sum();
    for (int k = 0; k < some.length; k++) {
      if (Math.abs(some[k] * scale - others[k]) > SAME * others[k]) {
        return false;
      }
    }
    return true;
  }

  private String words(int[] all) {
    var text = new StringBuilder();
    for (int k = 0; k < all.length; k++) {
      if (!fixed[k]) {
        text.append(text.isEmpty() ? "" : ", ").append(names[k]).append(' ').append(all[k]);
      }
    }
    return text.toString();
  }

  private static String rates(double before, double after) {
    return Diagnosis.number(before) + "/s to " + Diagnosis.number(after) + "/s";
  }
}
