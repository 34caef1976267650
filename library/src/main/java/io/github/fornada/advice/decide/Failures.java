package io.github.fornada.advice.decide;

/**
 * The items that failed, and what they tell: how many in flight the other side refuses, and whether
 * looking for that may cost some more of them.
 */
final class Failures {
  /** Failures that may come from looking for a limit, and the part of the items. */
  private static final long FEW_FAILURES = 3;

  private static final double FAILURE_SHARE = 0.005;

  /** A larger part of the items is most of them. */
  private static final double MOST = 0.5;

  /** After so many items alone it is known whether they fail there, too. Guess. */
  private static final long ENOUGH_ALONE = 6;

  private final Estimates known;

  /** The least number in flight with which items were refused. */
  private int refusedAt = Integer.MAX_VALUE;

  /** Whether items failed that do not fail alone: they will, whatever else changes. */
  private boolean failsBesideOthers;

  /** The items that have ended, and failed, since fewer were in flight, or one at a time. */
  private long endedHere;

  private long failedHere;

  // Of items that ran alone since others were taken to fail only beside others.
  private long endedAlone;
  private long failedAlone;

  /** Whether items were seen to fail alone as well, so that it is not because of others. */
  private boolean failAlone;

  Failures(Estimates known) {
    this.known = known;
  }

  void add(Observation o) {
    failedHere += o.failed();
    endedHere += o.done() + o.failed();
    if (failsBesideOthers && o.setting().size() == 1 && o.settled()) {
      failedAlone += o.failed();
      endedAlone += o.done() + o.failed();
      if (endedAlone >= ENOUGH_ALONE && failedAlone >= MOST / 2 * endedAlone) {
        failsBesideOthers = false;
        failAlone = true;
        refusedAt = Integer.MAX_VALUE;
      }
    }
  }

  /** Counts from now on: fewer are in flight than before, or there was one at a time. */
  void countAnew() {
    failedHere = 0;
    endedHere = 0;
  }

  void workChanged() {
    failAlone = false;
    if (!failsBesideOthers) {
      refusedAt = Integer.MAX_VALUE;
    }
  }

  /** Returns the most that may be in flight, of those that are allowed. */
  int most(int allowed) {
    return Math.max(1, Math.min(allowed, refusedAt - 1));
  }

  /** Returns whether a size was refused. */
  boolean isLimitKnown() {
    return refusedAt < Integer.MAX_VALUE;
  }

  /** Returns whether items fail because so many are in flight, while that is being looked for. */
  boolean isTooMany(Observation o, int size) {
    if (o.failed() == 0) {
      return false;
    }
    double usual = known.failed() - o.failed();
    double ended = known.done() + known.failed() - o.failed() - o.done();
    double expected = ended > 0 ? usual / ended * (o.done() + o.failed()) : 0;
    boolean overload = o.refused() > 0 || o.failed() > FEW_FAILURES + 3 * expected;
    return overload || mostFailHere(size);
  }

  /** Returns whether a size is refused that has been in use for a while. */
  boolean isRefusedNow(Observation o, int size) {
    if (o.refused() == 0 || size <= 1) {
      return false;
    }
    double allowed = Math.max(FEW_FAILURES, FAILURE_SHARE * (known.done() + known.failed()));
    return o.refused() > FAILURE_SHARE * (o.done() + o.failed())
        && o.settled()
        && known.refused() > allowed;
  }

  /** Returns whether most items fail since more are in flight, and did not before. */
  private boolean mostFailHere(int size) {
    double before = known.done() + known.failed() - endedHere;
    double usual = before > 0 ? (known.failed() - failedHere) / before : 0;
    return size > 1
        && !failAlone
        && failedHere >= FEW_FAILURES
        && failedHere >= MOST * endedHere
        && usual < MOST / 2;
  }

  /** Takes a size for the least that is refused. */
  void limitAt(int size) {
    refusedAt = size;
  }

  /** Takes a size for one that is refused. */
  void refused(int size) {
    refusedAt = Math.min(refusedAt, size);
  }

  /**
   * Takes a size for one that is refused.
   *
   * @param good a size that was not
   * @return the size to go back to
   */
  int backOff(int size, int good) {
    boolean alone = mostFailHere(size); // whatever is in between was passed in the same moment
    refused(alone ? 2 : size);
    if (alone && !failsBesideOthers) {
      failsBesideOthers = true;
      endedAlone = 0;
      failedAlone = 0;
    }
    return alone ? 1 : Math.max(1, Math.min(good, size - 1));
  }

  /** Returns a larger size, but no more than half of the way to one that is refused. */
  int towards(int size, int more) {
    return isLimitKnown() ? Math.min(more, size + Math.max(1, (refusedAt - size) / 2)) : more;
  }

  /** Returns whether looking for the limit may cost some more failed items. */
  boolean mayFail() {
    double items = known.left() >= 0 ? known.left() + known.done() : known.done();
    return known.refused() < 0.75 * Math.max(FEW_FAILURES, FAILURE_SHARE * items);
  }

  /** Says that items failed; that they were refused only if some looked like that. */
  String sayRefused(int size) {
    return known.refused() > 0
        ? "the other side refused items with " + size + " in flight"
        : "items failed with " + size + " in flight, and hardly any alone";
  }
}
