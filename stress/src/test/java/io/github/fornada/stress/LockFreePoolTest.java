package io.github.fornada.stress;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * As {@link LockFreeTest}, for pairs of accesses deep in a pool: the class that has them is the
 * library's own, and what it talks to is there in so far as the scenario needs it. A lost wake-up
 * takes one preemption and one store that comes too late.
 */
class LockFreePoolTest {
  private static final int BOUND = 2;

  /** A bound of 2 takes 5 to 10 seconds each and also passes: {@code -Dstress.pool.bound=2}. */
  private static final int SHORT = Integer.getInteger("stress.pool.bound", 1);

  private static void holds(String scenario, Rewriter classes) {
    LockFreeTest.holds(scenario, BOUND, classes);
  }

  private static void caught(
      String scenario, String failure, Rewriter classes, UnaryOperator<Rewriter> twin) {
    LockFreeTest.caught(scenario, BOUND, failure, twin.apply(classes));
  }

  private static final String ROOT = "io.github.fornada.";

  // ---- items that the user's code writes

  private static final String GUARD = ROOT + "process.UserCodeGuardScenario";
  private static final String GUARD_TIMED = GUARD + "$Timed";

  private static Rewriter guard() {
    return new Rewriter()
        .timed("UserCodeGuard")
        .standIn(
            GUARD, ROOT + "process.payload.Payloads", ROOT + "jvm.StackSample", ROOT + "spi.Batch");
  }

  @Test
  void aCancelThatComesAsTheWritingBeginsIsNotMissed() {
    holds(GUARD, guard());
  }

  @Test
  void aFeederThatLooksForAStopBeforeItsGateIsOpenIsCaught() {
    caught(
        GUARD,
        "wait for ever",
        guard(),
        c -> c.twin("InterruptGate", "open", "setVolatile", "late"));
  }

  @Test
  void aCancelThatLooksAtTheGateBeforeItSaysStopIsCaught() {
    caught(GUARD, "wait for ever", guard(), c -> c.late("Batch", "stop", "stopped"));
  }

  @Test
  void aFeederThatDoesNotSayWhatItSendsIsCaught() {
    caught(GUARD, "wait for ever", guard(), c -> c.without("UserCodeGuard", "begins", "current"));
  }

  @Test
  void everyItemThatIsWrittenForTooLongIsInterrupted() {
    holds(GUARD_TIMED, guard());
  }

  @Test
  void aTimerThatLooksAtTheGateBeforeItIsDisarmedIsCaught() {
    caught(
        GUARD_TIMED,
        "wait for ever",
        guard(),
        c -> c.twin("UserCodeGuard", "checkTimeout", "set", "late"));
  }

  @Test
  void aFeederThatLooksForATimerBeforeItsGateIsOpenIsCaught() {
    caught(
        GUARD_TIMED,
        "wait for ever",
        guard(),
        c -> c.twin("InterruptGate", "open", "setVolatile", "late"));
  }

  // ---- items of a thread of a local pool

  private static final String WORKER = ROOT + "threads.WorkerScenario";
  private static final String WORKER_TIMED = WORKER + "$Timed";

  private static Rewriter worker() {
    return new Rewriter()
        .timed("Worker")
        .standIn(WORKER, ROOT + "threads.LocalPool", ROOT + "jvm.StackSample", ROOT + "spi.Batch");
  }

  @Test
  void aCancelThatComesAsAnItemBeginsIsNotMissed() {
    holds(WORKER, worker());
  }

  @Test
  void aWorkerThatLooksForAStopBeforeItsGateIsOpenIsCaught() {
    caught(
        WORKER,
        "wait for ever",
        worker(),
        c -> c.twin("InterruptGate", "open", "setVolatile", "late"));
  }

  @Test
  void aCancelThatLooksForTheWorkerBeforeItSaysStopIsCaught() {
    caught(WORKER, "wait for ever", worker(), c -> c.late("Batch", "stop", "stopped"));
  }

  @Test
  void everyItemThatRunsForTooLongIsInterrupted() {
    holds(WORKER_TIMED, worker());
  }

  @Test
  void aTimerThatLooksAtTheWorkerBeforeItIsDisarmedIsCaught() {
    caught(
        WORKER_TIMED,
        "wait for ever",
        worker(),
        c -> c.twin("Worker", "checkTimeoutOnce", "set", "late"));
  }

  @Test
  void aWorkerThatLooksForATimerBeforeItsGateIsOpenIsCaught() {
    caught(
        WORKER_TIMED,
        "wait for ever",
        worker(),
        c -> c.twin("InterruptGate", "open", "setVolatile", "late"));
  }

  // ---- calls, batches and the end of a pool

  private static final String SPI = ROOT + "spi.";

  @Test
  void aCallerThatHelpsIsWokenAtTheEndAndSeesAllResults() {
    LockFreeTest.holds(SPI + "MapRunScenario", SHORT, new Rewriter());
  }

  @Test
  void aCallerThatDoesNotSayThatItSleepsIsCaught() {
    caught(
        SPI + "MapRunScenario",
        "wait for ever",
        new Rewriter(),
        c -> c.without("MapRun", "help", "helper"));
  }

  @Test
  void anEndThatWakesNoCallerIsCaught() {
    caught(
        SPI + "MapRunScenario",
        "wait for ever",
        new Rewriter(),
        c -> c.twin("MapRun", "finish", "unpark", "forget"));
  }

  /** Either would do: the counter, or the lock that is taken just before it. */
  @Test
  void resultsThatNeitherTheCounterNorTheLockPublishesAreCaught() {
    LockFreeTest.caught(
        SPI + "MapRunScenario",
        2,
        "data race",
        new Rewriter()
            .twin("MapRun", "closed", "addAndGet", "addUnseen")
            .twin("Run", "closed", "unlock", "unlockUnseen"));
  }

  @Test
  void theEndOfABatchIsToldOnce() {
    holds(SPI + "BatchScenario", new Rewriter());
  }

  @Test
  void aBatchThatCountsInTwoStepsIsCaught() {
    caught(
        SPI + "BatchScenario",
        "the end told",
        new Rewriter(),
        c -> c.twin("Batch", "close", "getAndAdd", "lookThenAdd"));
  }

  @Test
  void nothingOfAStoppedCallIsLeft() {
    holds(SPI + "StopScenario", new Rewriter());
  }

  @Test
  void aWorkerThatDoesNotLookForAStopIsCaught() {
    caught(
        SPI + "StopScenario",
        "wait for ever",
        new Rewriter(),
        c -> c.twin("Batch", "isUnwanted", "isStopped", "never"));
  }

  @Test
  void itemsGivenBackAfterAStopAndLeftAreCaught() {
    caught(
        SPI + "StopScenario",
        "",
        new Rewriter(),
        c -> c.twin("AbstractPool", "giveBack", "isUnwanted", "never"));
  }

  private static final String RETRY = SPI + "RetryScenario";

  private static Rewriter retry() {
    return new Rewriter().standIn(RETRY, ROOT + "jvm.Timer");
  }

  @Test
  void aCancelFindsTheCurrentTry() {
    holds(RETRY, retry());
  }

  @Test
  void aShutdownFindsTheCurrentTry() {
    holds(RETRY + "$Shutdown", retry());
  }

  @Test
  void aCancelThatLooksForTheTryBeforeItSaysStopIsCaught() {
    caught(
        RETRY, "wait for ever", retry(), c -> c.late("TaskFuture$Single", "stopTask", "stopped"));
  }

  @Test
  void aPoolIsNotQuietBeforeItsStreamsKnowOfTheShutdown() {
    LockFreeTest.holds(SPI + "QuietScenario", SHORT, new Rewriter());
  }

  @Test
  void aPoolThatAsksItsStreamsBeforeTheyKnowOfTheShutdownIsCaught() {
    caught(
        SPI + "QuietScenario",
        "quiet",
        new Rewriter(),
        c -> c.asTrue("PoolLifecycle", "checkQuiet", "streamsRefused"));
  }

  // ---- channels, bridges and scopes

  private static final String ASYNC = ROOT + "async.";

  @Test
  void anElementOfARingIsSeenAsItWasSent() {
    LockFreeTest.holds(ASYNC + "RingScenario", SHORT, new Rewriter());
  }

  @Test
  void anElementThatIsSentWithoutReleaseIsCaught() {
    caught(
        ASYNC + "RingScenario",
        "data race",
        new Rewriter(),
        c -> c.twin("Ring", "offer", "setVolatile", "set"));
  }

  @Test
  void anElementThatIsTakenWithoutAcquireIsCaught() {
    caught(
        ASYNC + "RingScenario",
        "data race",
        new Rewriter(),
        c -> c.twin("Ring", "poll", "getAcquire", "get"));
  }

  private static final String SUBSCRIBER = ASYNC + "BufferingSubscriberScenario";

  @Test
  void aSubscriptionThatComesLateIsCancelled() {
    holds(SUBSCRIBER, new Rewriter());
  }

  @Test
  void aCancelThatLooksForTheSubscriptionBeforeItSaysSoIsCaught() {
    caught(
        SUBSCRIBER,
        "stays",
        new Rewriter(),
        c ->
            c.late("BufferingSubscriber", "cancel", "cancelled")
                .twin("BufferingSubscriber", "cancel", "close", ""));
  }

  @Test
  void aSubscriptionThatLooksForTheCancelBeforeItIsKnownIsCaught() {
    caught(
        SUBSCRIBER,
        "stays",
        new Rewriter(),
        c -> c.late("BufferingSubscriber", "onSubscribe", "subscription"));
  }

  private static final String OWNERS = ASYNC + "OwnersScenario";

  private static Rewriter owners() {
    return new Rewriter()
        .standIn(OWNERS, ASYNC + "TaskScope", ASYNC + "ScopeTimer", ROOT + "jvm.Log");
  }

  @Test
  void aScopeThatItsThreadLeftOpenIsFound() {
    holds(OWNERS, owners());
  }

  @Test
  void aCheckThatLooksForScopesBeforeItSaysThatItIsOverIsCaught() {
    caught(OWNERS, "wait for ever", owners(), c -> c.twin("Owners", "closeLeaked", "set", "late"));
  }

  // ---- the life of a worker of a process pool

  private static final String PROCESS = ROOT + "process.";
  private static final String SLOT = PROCESS + "WorkerSlotScenario";
  private static final String SLOT_ON_DEMAND = SLOT + "$OnDemand";

  private static Rewriter slot() {
    return new Rewriter()
        .standIn(
            SLOT,
            PROCESS + "Engine",
            PROCESS + "Dispatcher",
            PROCESS + "WorkerProcess",
            PROCESS + "WorkerTimers",
            PROCESS + "WorkerSupply",
            PROCESS + "ResultReader",
            PROCESS + "StatsRecorder")
        .standIn(OWNERS, ROOT + "jvm.Log");
  }

  @Test
  void aWorkerThatBecomesReadyWhileThePoolEndsIsSentAway() {
    holds(SLOT, slot());
  }

  @Test
  void aWorkerThatBecomesReadyAndDoesNotLookForTheEndIsCaught() {
    caught(SLOT, "wait for ever", slot(), c -> c.twin("WorkerSlot", "begin", "isEnding", "never"));
  }

  @Test
  void anEndThatSendsNoWorkerAwayIsCaught() {
    caught(SLOT, "wait for ever", slot(), c -> c.twin("WorkerSlot", "end", "retire", "forget"));
  }

  @Test
  void workThatComesWhileAWorkerOnDemandLeavesGetsAnother() {
    LockFreeTest.holds(SLOT_ON_DEMAND, SHORT, slot());
  }

  @Test
  void aSlotThatDoesNotLookForWorkWhenItsWorkerHasLeftIsCaught() {
    caught(
        SLOT_ON_DEMAND,
        "wait for ever",
        slot(),
        c -> c.twin("WorkerSlot", "awaitDemand", "hasMore", "never"));
  }

  @Test
  void aDemandThatWakesNobodyIsCaught() {
    caught(
        SLOT_ON_DEMAND,
        "wait for ever",
        slot(),
        c -> c.twin("WorkerSlot", "demand", "signal", "forget"));
  }

  private static final String DISPATCHER = PROCESS + "DispatcherScenario";

  private static Rewriter dispatcher() {
    return new Rewriter()
        .standIn(
            DISPATCHER,
            PROCESS + "Engine",
            PROCESS + "WorkerProcess",
            PROCESS + "Quarantine",
            PROCESS + "Sender",
            PROCESS + "UserCodeGuard",
            ROOT + "spi.Batch");
  }

  @Test
  void oneThreadFeedsThoughAnotherWasAbandoned() {
    LockFreeTest.holds(DISPATCHER, SHORT - 1, dispatcher()); // which catches the twins, too
  }

  @Test
  void anAbandonedFeederThatEndsTheTurnOfItsSuccessorIsCaught() {
    LockFreeTest.caught(
        DISPATCHER,
        SHORT - 1,
        "two threads",
        dispatcher().without("Dispatcher", "replaceFeeder", "sender"));
  }

  @Test
  void aSuccessorThatIsNotWantedAtOnceIsCaught() {
    LockFreeTest.caught(
        DISPATCHER,
        SHORT - 1,
        "wait for ever",
        dispatcher().twin("Dispatcher", "endFeeding", "signal", "forget"));
  }

  private static final String ROWS = PROCESS + "OpenRowsScenario";

  private static Rewriter rows() {
    return new Rewriter()
        .timed("OpenRow")
        .standIn(
            ROWS,
            PROCESS + "Engine",
            PROCESS + "Dispatcher",
            PROCESS + "WorkerProcess",
            ROOT + "spi.Batch");
  }

  @Test
  void whatIsSentOfAnOpenRowIsWhole() {
    holds(ROWS, rows());
  }

  @Test
  void anOpenRowThatDoesNotPublishItsItemsIsCaught() {
    caught(ROWS, "data race", rows(), c -> c.unseen("OpenRow", "grown", "whole"));
  }
}
