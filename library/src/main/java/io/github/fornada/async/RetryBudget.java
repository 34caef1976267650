package io.github.fornada.async;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How many second tries many calls may have together, as a share of the calls: what keeps retries
 * from multiplying the load of a service that is failing for all.
 *
 * {@snippet :
 * static final RetryBudget BUDGET = RetryBudget.ofShare(0.1, 20);
 *
 * Retry.times(3).withBudget(BUDGET).call(() -> client.get(uri));
 * }
 *
 * <p><b>Bound.</b> Each call pays in its share, up to the reserve, and each further try costs one.
 * At no time have there been more further tries than {@code reserve + share * calls}. It begins
 * with the reserve full. Whoever finds too little in it does not try again, and fails with what it
 * has.
 *
 * <p>One budget is shared by all that call the same service, from any thread. Nothing here waits.
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

  /** In millionths of a try. Changed by compare-and-set from any thread. */
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
   * A new budget.
   *
   * @param share of a further try, paid in by each call, in steps of a millionth: 0.1 for one in
   *     ten calls
   * @param reserve the most further tries that can be saved up
   */
  public static RetryBudget ofShare(double share, int reserve) {
    return new RetryBudget(share, reserve);
  }

  /** How many further tries could be had at this moment. */
  public int available() {
    return (int) (balance.get() / WHOLE);
  }

  /** A call begins. */
  void deposit() {
    long has;
    do {
      has = balance.get();
    } while (has < most && !balance.compareAndSet(has, Math.min(most, has + deposit)));
  }

  /** Whether there may be one more try; if so, it is paid for. */
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
