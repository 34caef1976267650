package io.github.fornada.async;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A budget for the repetitions of many calls, as a share of the calls. It keeps retries from
 * multiplying the load of a service that fails for all.
 *
 * {@snippet :
 * static final RetryBudget BUDGET = RetryBudget.ofShare(0.1, 20);
 *
 * Retry.times(3).withBudget(BUDGET).call(() -> client.get(uri));
 * }
 *
 * <p><b>Bound.</b> Each call pays in its share, up to the reserve, and each repetition costs one.
 * At no time have there been more repetitions than {@code reserve + share * calls}. The reserve is
 * full at the start. A call that finds too little in the budget is not repeated, and fails with the
 * failure it has.
 *
 * <p>All callers of one service share one budget, from any thread. Nothing here waits.
 *
 * <p>The idea is Finagle's RetryBudget, and gRPC's retry throttling (its proposal A6), without
 * their clocks: what limits the memory of good times here is the reserve.
 */
public final class RetryBudget {
  private static final long WHOLE = 1_000_000;

  private final double share;
  private final int reserve;
  private final long deposit;
  private final long most;

  /** In millionths of a repetition. Changed by compare-and-set from any thread. */
  private final AtomicLong balance;

  private RetryBudget(double share, int reserve) {
    if (!(share >= 0 && share <= 1000)) {
      throw new IllegalArgumentException(
          "the share of a retry budget must be from 0 to 1000 tries a call, got " + share);
    }
    if (reserve < 1) {
      throw new IllegalArgumentException(
          "the reserve of a retry budget must be at least 1, got " + reserve);
    }
    this.share = share;
    this.reserve = reserve;
    this.deposit = (long) (share * WHOLE);
    this.most = reserve * WHOLE;
    this.balance = new AtomicLong(most);
  }

  /**
   * Returns a new budget.
   *
   * @param share of a repetition that each call pays in, in steps of a millionth: 0.1 for one
   *     repetition in ten calls; from 0 to 1000
   * @param reserve the maximum number of repetitions that can be saved up; at least 1
   * @throws IllegalArgumentException if {@code share} or {@code reserve} is out of bounds
   */
  public static RetryBudget ofShare(double share, int reserve) {
    return new RetryBudget(share, reserve);
  }

  /** Returns how many repetitions the budget allows at this moment. */
  public int available() {
    return (int) (balance.get() / WHOLE);
  }

  /** Pays in the share of a call. */
  void deposit() {
    long has;
    do {
      has = balance.get();
    } while (has < most && !balance.compareAndSet(has, Math.min(most, has + deposit)));
  }

  /** Takes the cost of one repetition; false if there is too little. */
  boolean withdraw() {
    long has;
    do {
      has = balance.get();
      if (has < WHOLE) {
        return false;
      }
    } while (!balance.compareAndSet(has, has - WHOLE));
    return true;
  }

  static void callBegins(@Nullable RetryBudget budget) {
    if (budget != null) {
      budget.deposit();
    }
  }

  static boolean grants(@Nullable RetryBudget budget) {
    return budget == null || budget.withdraw();
  }

  @Override
  public String toString() {
    return "RetryBudget[share="
        + share
        + ", reserve="
        + reserve
        + ", available="
        + available()
        + "]";
  }
}
