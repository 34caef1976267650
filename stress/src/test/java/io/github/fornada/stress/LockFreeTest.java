package io.github.fornada.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Explores the bytecode of code in which threads synchronize without a lock, or release one to
 * wait, in every order of their steps: in the process pool, in the workers of other pools, and in
 * the limiters. Beside each test are twins with one weaker access, which must be caught.
 */
class LockFreeTest {
  private static final String ROOM = "io.github.fornada.process.";
  private static final String TASKS = "io.github.fornada.async.";

  /** The bound on preemptions, and on loads that see an old value. */
  private static final int BOUND = 2;

  /** A twin of the watchdog is found only with this bound. */
  private static final int WATCH_BOUND = 3;

  /** A bound of 2 takes half a minute and also passes: {@code -Dstress.ring.bound=2}. */
  private static final int RING_BOUND = Integer.getInteger("stress.ring.bound", 1);

  /** A bound of 2 takes minutes and also passes: {@code -Dstress.roster.bound=2}. */
  private static final int ROSTER_BOUND = Integer.getInteger("stress.roster.bound", 1);

  private static Rewriter small() {
    Rewriter classes = new Rewriter();
    for (String type : new String[] {"RingWriter", "RingReader"}) {
      classes
          .constant(type, 1_048_576L, 64L)
          .constant(type, 1_048_575L, 63L)
          .constant(type, 131_072, 16);
    }
    return classes.constant("Doorbell", 300, 0).constant("Doorbell", 5, 0).timed("TaskWatchdog");
  }

  private static void holds(String scenario, int bound) {
    holds(scenario, bound, small());
  }

  static void holds(String scenario, int bound, Rewriter classes) {
    Explorer.Verdict verdict = Explorer.explore(bound, () -> classes.scenario(scenario));
    assertThat(verdict.failure()).as(verdict.toString()).isNull();
    assertThat(verdict.runs()).as("runs").isGreaterThan(10);
  }

  private static void caught(
      String scenario, int bound, String failure, UnaryOperator<Rewriter> twin) {
    caught(scenario, bound, failure, twin.apply(small()));
  }

  static void caught(String scenario, int bound, String failure, Rewriter classes) {
    Explorer.Verdict verdict = Explorer.explore(bound, () -> classes.scenario(scenario));
    assertThat(classes.isApplied()).as("the twin differs").isTrue();
    assertThat(verdict.failure()).as(verdict.toString()).contains(failure);
  }

  @Test
  void aRingHandsOverEveryMessageWhole() {
    holds(ROOM + "wire.RingScenario", RING_BOUND);
  }

  @Test
  void aTailPublishedWithoutReleaseIsCaught() {
    caught(
        ROOM + "wire.RingScenario",
        BOUND,
        "data race",
        c -> c.twin("RingWriter", "publish", "setRelease", "set"));
  }

  @Test
  void aTailReadWithoutAcquireIsCaught() {
    caught(
        ROOM + "wire.RingScenario",
        BOUND,
        "data race",
        c -> c.twin("RingReader", "poll", "getAcquire", "get"));
  }

  @Test
  void aHeadGivenBackWithoutReleaseIsCaught() {
    caught(
        ROOM + "wire.RingScenario",
        BOUND,
        "overwritten",
        c -> c.twin("RingReader", "next", "setRelease", "set"));
  }

  @Test
  void aHeadReadWithoutAcquireIsCaught() {
    caught(
        ROOM + "wire.RingScenario",
        BOUND,
        "overwritten",
        c -> c.twin("RingWriter", "tryWrite", "getAcquire", "get"));
  }

  @Test
  void noWakeUpIsLost() {
    holds(ROOM + "wire.DoorbellScenario", BOUND);
  }

  @Test
  void aSleeperWithoutItsFenceIsCaught() {
    caught(
        ROOM + "wire.DoorbellScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("Doorbell", "sleep", "fullFence", ""));
  }

  @Test
  void aRingerWithoutItsFenceIsCaught() {
    caught(
        ROOM + "wire.DoorbellScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("Doorbell", "ring", "fullFence", ""));
  }

  @Test
  void aControlThreadThatWakesNobodyIsCaught() {
    caught(
        ROOM + "wire.DoorbellScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("Doorbell", "wake", "unpark", "forget"));
  }

  @Test
  void aSleeperHearsOfTheEnd() {
    holds(ROOM + "wire.DoorbellClosedScenario", BOUND);
  }

  @Test
  void anEndThatWakesNobodyIsCaught() {
    caught(
        ROOM + "wire.DoorbellClosedScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("Doorbell", "wake", "unpark", "forget"));
  }

  @Test
  void whoSleepsInAFifoHearsOfAMessageAndOfTheEnd() {
    String scenario = ROOM + "wire.DoorbellFifoScenario";
    holds(scenario, BOUND, small().standIn(scenario, ROOM + "wire.BellFifo"));
  }

  @Test
  void anEndThatRingsNobodyInItsFifoIsCaught() {
    String scenario = ROOM + "wire.DoorbellFifoScenario";
    caught(
        scenario,
        BOUND,
        "wait for ever",
        c -> c.standIn(scenario, ROOM + "wire.BellFifo").twin("Doorbell", "wake", "ring", "never"));
  }

  @Test
  void aResultThatIsKeptIsSeenThoughItsWorkerNeverShowsIt() {
    holds(ROOM + "wire.KeptScenario", BOUND);
  }

  @Test
  void aSleeperThatLooksPastTheClaimIsCaught() {
    caught(
        ROOM + "wire.KeptScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("Doorbell", "isAnythingThere", "getVolatile", "get"));
  }

  @Test
  void aResultKeptWithoutReleaseIsCaught() {
    caught(
        ROOM + "wire.KeptScenario",
        BOUND,
        "data race",
        c -> c.twin("RingWriter", "keep", "setRelease", "set"));
  }

  @Test
  void anItemIsBegunOrTakenBackNeverBothNeverNeither() {
    holds(ROOM + "wire.ClaimWordScenario", BOUND);
  }

  @Test
  void aClaimThatIsNotAtomicIsCaught() {
    caught(
        ROOM + "wire.ClaimWordScenario",
        BOUND,
        "item",
        c -> c.twin("ClaimWord", "claim", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aTakeBackThatIsNotAtomicIsCaught() {
    caught(
        ROOM + "wire.ClaimWordScenario",
        BOUND,
        "item",
        c -> c.twin("ClaimWord", "takeBack", "compareAndSet", "lookThenSet"));
  }

  @Test
  void anInterruptReachesOnlyItsItem() {
    holds(ROOM + "worker.TaskWatchdogScenario", WATCH_BOUND);
  }

  @Test
  void anInterruptThatIsNotSettledByTheGateIsCaught() {
    caught(
        ROOM + "worker.TaskWatchdogScenario",
        WATCH_BOUND,
        "wait for ever",
        c -> c.twin("InterruptGate", "interrupt", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aTaskThatDoesNotLookForCancelsIsCaught() {
    caught(
        ROOM + "worker.TaskWatchdogScenario",
        WATCH_BOUND,
        "missed",
        c -> c.twin("TaskWatchdog", "isWanted", "isEmpty", "empty"));
  }

  private static final String LIMITS = ROOM + "worker.WatcherScenario";

  @Test
  void everyItemOverItsLimitIsInterrupted() {
    holds(LIMITS, BOUND);
  }

  @Test
  void aWatcherThatSleepsBesideAnItemThatRunsIsCaught() {
    caught(
        LIMITS,
        BOUND,
        "wait for ever",
        c -> c.twin("TaskWatchdog", "isToBeWatched", "isRunning", "never"));
  }

  @Test
  void aTaskThatDoesNotWakeItsWatcherIsCaught() {
    caught(
        LIMITS,
        BOUND,
        "wait for ever",
        c -> c.twin("TaskWatchdog", "isWanted", "unpark", "forget"));
  }

  @Test
  void aWatcherThatSleepsOnThroughTheNextItemIsCaught() {
    caught(LIMITS, BOUND, "wait for ever", c -> c.twin("TaskWatchdog", "free", "unpark", "forget"));
  }

  // ---- the gate that interrupts must pass

  private static final String GATE = "io.github.fornada.jvm.InterruptGateScenario";

  @Test
  void anItemEndsOrItsThreadIsAbandonedNeverBothNeverNeither() {
    holds(GATE, BOUND);
  }

  @Test
  void anInterruptThatLooksAndThenClosesTheGateIsCaught() {
    gateCaught("interrupt");
  }

  @Test
  void anEndThatLooksAndThenClosesTheGateIsCaught() {
    gateCaught("close");
  }

  @Test
  void anEndAfterAnInterruptThatLooksAndThenClosesTheGateIsCaught() {
    gateCaught("closeInterrupted");
  }

  @Test
  void anInterruptThatOverwritesAnAbandonedGateIsCaught() {
    gateCaught("sent");
  }

  @Test
  void aThreadThatIsAbandonedAfterALookIsCaught() {
    gateCaught("abandon");
  }

  private static void gateCaught(String method) {
    caught(GATE, BOUND, "", c -> c.twin("InterruptGate", method, "compareAndSet", "lookThenSet"));
  }

  // ---- the workers of thread pools

  private static final String ROSTER = "io.github.fornada.threads.RosterScenario";
  private static final String IDLE = ROSTER + "$Idle";

  @Test
  void noWorkWaitsBesideAThreadThatCouldBeStarted() {
    holds(ROSTER, ROSTER_BOUND);
  }

  @Test
  void noWorkWaitsBesideAnIdleThread() {
    holds(IDLE, ROSTER_BOUND);
  }

  @Test
  void aWorkerThatFindsWorkAsItLeavesAndCallsNobodyIsCaught() {
    caught(
        ROSTER, ROSTER_BOUND, "wait for ever", c -> c.twin("Roster", "leaves", "searchAgain", ""));
  }

  @Test
  void aWorkerThatFindsWorkAsItRestsAndCallsNobodyIsCaught() {
    caught(
        IDLE, ROSTER_BOUND, "wait for ever", c -> c.twin("Roster", "awaitCall", "searchAgain", ""));
  }

  @Test
  void aWorkerThatRestsWithoutALastLookIsCaught() {
    caught(
        IDLE,
        ROSTER_BOUND,
        "wait for ever",
        c -> c.twin("Roster", "awaitCall", "getAsBoolean", "blind"));
  }

  @Test
  void aCallThatWakesNobodyIsCaught() {
    caught(IDLE, ROSTER_BOUND, "wait for ever", c -> c.twin("Roster", "call", "signal", "forget"));
  }

  // ---- limits, rates and budgets

  @Test
  void aLimitLosesNoPlaceWhoeverIsInterrupted() {
    holds(TASKS + "ConcurrencyLimiterScenario", BOUND);
  }

  @Test
  void aPlaceThatCameTooLateAndIsNotPassedOnIsCaught() {
    caught(
        TASKS + "ConcurrencyLimiterScenario",
        BOUND,
        "",
        c -> c.twin("ConcurrencyLimiter", "giveUp", "exit", ""));
  }

  @Test
  void aPlaceThatIsGivenWithoutAWakeUpIsCaught() {
    caught(
        TASKS + "ConcurrencyLimiterScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("ConcurrencyLimiter", "exit", "unpark", "forget"));
  }

  @Test
  void everyoneInALineForARateGetsItsTurnWhoeverIsInterrupted() {
    holds(TASKS + "RateLimiterScenario", BOUND);
  }

  @Test
  void aTurnThatIsNotPassedOnIsCaught() {
    caught(
        TASKS + "RateLimiterScenario",
        BOUND,
        "wait for ever",
        c -> c.twin("RateLimiter", "leave", "unpark", "forget"));
  }

  @Test
  void aBudgetIsNotOverdrawn() {
    holds(TASKS + "BudgetScenario", BOUND);
  }

  @Test
  void aWithdrawalThatIsNotAtomicIsCaught() {
    caught(
        TASKS + "BudgetScenario",
        BOUND,
        "overdrawn",
        c -> c.twin("RetryBudget", "withdraw", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aDepositThatIsNotAtomicIsCaught() {
    caught(
        TASKS + "BudgetScenario",
        BOUND,
        "overdrawn",
        c -> c.twin("RetryBudget", "deposit", "compareAndSet", "lookThenSet"));
  }
}
