package io.github.fornada.stress.pipelines;

import java.io.Serializable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one stage does to which item. All is decided by the seed and the item's token, so that the
 * oracle knows it.
 *
 * @param depth the place of the stage, from 0
 * @param batches what stands before it; null for single items
 * @param takesBatches whether a batch stands before this stage or an earlier one, so that an item
 *     may have many tokens; the first of them decides
 * @param fan what is made of one item; null unless it is a flat stage
 * @param drops the part of its results that a filter behind it drops
 * @param isMapped whether a map stands behind it
 */
record StagePlan(
    long seed,
    int depth,
    @Nullable Batches batches,
    boolean takesBatches,
    @Nullable Fan fan,
    Faults faults,
    Pace pace,
    Limits limits,
    Where where,
    double drops,
    boolean isMapped)
    implements Serializable {

  StagePlan withDrops(double part) {
    return new StagePlan(
        seed, depth, batches, takesBatches, fan, faults, pace, limits, where, part, isMapped);
  }

  /** Lists of items in place of single ones. */
  record Batches(int size, Duration patience) implements Serializable {}

  /**
   * How many items a flat stage makes of one.
   *
   * @param most of most items
   * @param none the part of items of which nothing is made
   * @param many of few items, which are the part {@code manyRate}
   * @param breaks the part of items whose stream throws half-way
   * @param isEndless whether the streams have no end
   */
  record Fan(int most, double none, int many, double manyRate, double breaks, boolean isEndless)
      implements Serializable {
    static Fan upTo(int most) {
      return new Fan(most, 0, 0, 0, 0, false);
    }
  }

  /**
   * The parts of items that go wrong, and a stretch of the source in which all fail.
   *
   * @param flaky fail at the first attempt only
   * @param late sleep until their timeout
   * @param halts end their worker JVM, each time
   * @param haltsOnce end it at the first attempt only
   */
  record Faults(
      double fails,
      long burstFrom,
      long burstTo,
      double flaky,
      double late,
      double halts,
      double haltsOnce)
      implements Serializable {
    static final Faults NONE = new Faults(0, -1, -1, 0, 0, 0, 0);
  }

  /** How long items take: all, those of a stretch of the source, and one. */
  record Pace(
      int spinNanos, long slowFrom, long slowTo, int slowMicros, long stallsAt, int stallMillis)
      implements Serializable {
    static final Pace QUICK = new Pace(0, -1, -1, 0, -1, 0);
  }

  /**
   * What the pool does about faults.
   *
   * @param timeoutMillis 0 for none
   */
  record Limits(int retries, int backOffMillis, int timeoutMillis) implements Serializable {
    static final Limits NONE = new Limits(0, 0, 0);
  }

  /**
   * The pool on which it runs.
   *
   * @param nests the part of its items that hand something to that pool themselves, and wait for it
   */
  record Where(Model model, int workers, double nests) implements Serializable {
    Where(Model model, int workers) {
      this(model, workers, 0);
    }
  }

  /** Pools of its own, and those that are shared with all other pipelines. */
  enum Model {
    THREADS,
    VIRTUAL_THREADS,
    SEQUENTIAL,
    PROCESSES,
    SHARED_THREADS,
    SHARED_VIRTUAL_THREADS,
    SHARED_SEQUENTIAL,
    SHARED_PROCESS,
    SHARED_PROCESSES,
    /** Whose pool has retries. */
    SHARED_STUBBORN_PROCESSES;

    boolean isOfProcesses() {
      return this == PROCESSES
          || this == SHARED_PROCESS
          || this == SHARED_PROCESSES
          || this == SHARED_STUBBORN_PROCESSES;
    }

    boolean isShared() {
      return compareTo(SHARED_THREADS) >= 0;
    }
  }

  // One salt for each decision, so that they do not depend on each other.
  private static final int NONE = 100;
  private static final int MANY = 200;
  private static final int COUNT = 300;
  private static final int FAILS = 400;
  private static final int DROPS = 500;
  private static final int BREAKS = 600;
  private static final int BREAKS_AT = 700;
  private static final int FLAKY = 800;
  private static final int LATE = 900;
  private static final int HALTS = 1000;
  private static final int HALTS_ONCE = 1100;
  private static final int NESTS = 1200;

  private double draw(int salt, long token) {
    return Tokens.draw(seed, salt + depth, token);
  }

  String name() {
    return "s" + depth;
  }

  boolean isFlat() {
    return fan != null;
  }

  /** Whether it makes single items again of those that are in batches. */
  boolean unpacks() {
    return isFlat() && takesBatches;
  }

  /** Whether it makes several items of one, each with a token of its own. */
  boolean multiplies() {
    return isFlat() && !takesBatches;
  }

  /** Returns how many items are made of one. */
  int children(long token) {
    if (fan == null) {
      throw new IllegalStateException(name() + " is not flat");
    } else if (fan.isEndless()) {
      return Integer.MAX_VALUE;
    } else if (draw(NONE, token) < fan.none()) {
      return 0;
    } else if (draw(MANY, token) < fan.manyRate()) {
      return fan.many();
    }
    return 1 + (int) (draw(COUNT, token) * fan.most());
  }

  /** Returns at which of its children the stream throws; -1 for none. */
  int breaksAt(long token, int children) {
    boolean breaks =
        fan != null && !fan.isEndless() && children > 0 && draw(BREAKS, token) < fan.breaks();
    return breaks ? (int) (draw(BREAKS_AT, token) * children) : -1;
  }

  /** Returns how an item ends here, where nothing else stops it. */
  Ending ending(long token) {
    if (draw(HALTS, token) < faults.halts()) {
      return Ending.LOST;
    } else if (draw(LATE, token) < faults.late()) {
      return Ending.TIMED_OUT;
    }
    long index = Tokens.index(token);
    boolean isInBurst = index >= faults.burstFrom() && index < faults.burstTo();
    return isInBurst || draw(FAILS, token) < faults.fails() ? Ending.FAILED : Ending.DONE;
  }

  boolean isFlaky(long token) {
    return draw(FLAKY, token) < faults.flaky();
  }

  boolean haltsOnce(long token) {
    return !isFlaky(token) && draw(HALTS_ONCE, token) < faults.haltsOnce();
  }

  boolean nests(long token) {
    return draw(NESTS, token) < where.nests();
  }

  /** Whether the filter behind the stage drops this result. */
  boolean drops(long token) {
    return draw(DROPS, token) < drops;
  }
}
