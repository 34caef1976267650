package io.github.fornada.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Explores what processes share, where one of them dies before any of its steps and another takes
 * back what it had. Beside each test are twins with a planted fault, which must be caught.
 */
class SharedMemoryTest {
  private static final String ROOM = "io.github.fornada.shared.memory.";

  /** The bound on preemptions, and on loads that see an old value. */
  private static final int BOUND = Integer.getInteger("stress.shared.bound", 1);

  private static Rewriter small() {
    return new Rewriter()
        .constant("Mutex", 100, 0)
        .constant("Mutex", 1000, 0)
        .constant("WaitPoint", 100, 0)
        .constant("WaitBits", 4, 1)
        .constant("WaitBits", 256, 64)
        .constant("Hands", 256, 0)
        .timed("OwnerWord")
        .timed("Mutex")
        .timed("Listeners")
        .timed("Alarm");
  }

  private static void holds(String scenario) {
    LockFreeTest.holds(ROOM + scenario, BOUND, small());
  }

  private static void caught(String scenario, String failure, UnaryOperator<Rewriter> twin) {
    caught(scenario, BOUND, failure, twin);
  }

  private static void caught(
      String scenario, int bound, String failure, UnaryOperator<Rewriter> twin) {
    LockFreeTest.caught(ROOM + scenario, bound, failure, twin.apply(small()));
  }

  @Test
  void aLockOutlivesItsOwnerAndSaysSo() {
    holds("MutexScenario");
  }

  @Test
  void anOwnerInASecondWordIsCaught() {
    caught("MutexScenario", "wait for ever", c -> c.standIn(ROOM + "TwoWords", ROOM + "OwnerWord"));
  }

  @Test
  void aRecoveryBeforeTheEndIsCaught() {
    caught(
        "MutexScenario",
        "data race",
        c -> c.twin("MutexScenario", "recover", "awaitEnd", "tooSoon"));
  }

  @Test
  void aRecoveryThatWakesNobodyIsCaught() {
    caught(
        "MutexScenario", "wait for ever", c -> c.twin("Processes", "recover", "unpark", "forget"));
  }

  @Test
  void anOwnerThatIsNotTakenAtomicallyIsCaught() {
    caught(
        "MutexScenario",
        "data race",
        c -> c.twin("OwnerWord", "tryTake", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aHandOverThatWakesNobodyIsCaught() {
    caught("MutexScenario", "wait for ever", c -> c.twin("OwnerWord", "release", "ring", "forget"));
  }

  @Test
  void nobodySleepsBesideWhatItWaitsFor() {
    holds("WaitPointScenario");
  }

  @Test
  void aSleeperThatDoesNotLookAgainIsCaught() {
    caught(
        "WaitPointScenario",
        "wait for ever",
        c -> c.twin("WaitBits", "ringOne", "getVolatile", "get"));
  }

  @Test
  void aTakerThatDoesNotPassTheRingOnIsCaught() {
    caught(
        "WaitPointScenario",
        BOUND + 1,
        "wait for ever",
        c -> c.twin("WaitPointScenario", "take", "ringOne", ""));
  }

  @Test
  void allThatWaitAreWokenThoughOneOfThemListens() {
    holds("ListenersScenario");
    holds("SameThingScenario");
    holds("OneByOneScenario");
    holds("SlowToLeaveScenario");
    holds("ThreeThingsScenario");
    holds("OwnRingScenario");
  }

  /** Its code iterates over a map of threads, whose order depends on their hashes. */
  @Test
  void explorationsOfAScenarioAreAllTheSame() {
    Rewriter classes = small();
    var runs = new HashSet<Long>();
    for (int i = 0; i < 30; i++) {
      Explorer.Verdict verdict =
          Explorer.explore(BOUND, () -> classes.scenario(ROOM + "OwnRingScenario"));
      assertThat(verdict.failure()).as(verdict.toString()).isNull();
      runs.add(verdict.runs());
    }
    assertThat(runs).as("numbers of runs").hasSize(1);
  }

  @Test
  void aListenerThatGoesAndWakesNobodyIsCaught() {
    caught(
        "SlowToLeaveScenario",
        "wait for ever",
        c -> c.twin("Listeners", "resign", "wakeNext", "forget"));
  }

  @Test
  void aThreadThatLeavesThoughItShouldListenIsCaught() {
    caught(
        "ThreeThingsScenario",
        "wait for ever",
        c -> c.twin("Listeners", "remove", "wakeNext", "forget"));
  }

  @Test
  void aListenerThatWaitsForARingThatWasTakenIsCaught() {
    caught(
        "SameThingScenario",
        "wait for ever",
        c -> c.twin("Listeners", "listenFor", "isRung", "never"));
  }

  @Test
  void aThreadThatSleepsBesideARingThatItWasGivenIsCaught() {
    caught(
        "OneByOneScenario", "wait for ever", c -> c.twin("Sleeper", "ringFor", "wake", "forget"));
  }

  @Test
  void aRingThatForgetsWhoIsAboutToListenIsCaught() {
    caught(
        "OwnRingScenario",
        "wait for ever",
        c -> c.twin("Listeners", "ring", "endListening", "forget"));
  }

  @Test
  void aWaitWithALimitEnds() {
    holds("AlarmScenario");
  }

  @Test
  void anAlarmThatDoesNotLookAgainIsCaught() {
    caught("AlarmScenario", "wait for ever", c -> c.late("Alarm", "watch", "looksAt"));
  }

  @Test
  void aPermitOutlivesItsOwner() {
    holds("PermitsScenario");
  }

  @Test
  void aPermitThatIsNotTakenAtomicallyIsCaught() {
    caught(
        "PermitsScenario",
        "data race",
        c -> c.twin("Permits", "change", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aSenderThatDiesHasSentAnElementOrNot() {
    holds("ElementRingScenario");
  }

  @Test
  void aTailPublishedWithoutReleaseIsCaught() {
    caught(
        "ElementRingScenario", "data race", c -> c.twin("WaitPoint", "set", "setVolatile", "set"));
  }

  @Test
  void aReceiverThatDiesHasTakenAnElementOrNot() {
    holds("TakerScenario");
  }

  @Test
  void aHeadMovedBeforeTheCopyIsCaught() {
    caught("TakerScenario", "data race", c -> c.twin("ElementRing", "read", "copy", "copyLater"));
  }

  @Test
  void whoTakesAnElementWakesAnotherForTheNext() {
    holds("PassOnScenario");
  }

  @Test
  void aTakerThatDoesNotLookWhetherAnotherWaitsIsCaught() {
    caught(
        "PassOnScenario",
        "wait for ever",
        c -> c.twin("ElementRing", "ringNextReceiver", "isPerhapsAwaited", "never"));
  }

  @Test
  void aSleeperThatDoesNotSayItWaitsIsCaught() {
    caught(
        "PassOnScenario",
        "wait for ever",
        c -> c.twin("WaitPoint", "announce", "setVolatile", "forget"));
  }

  @Test
  void whoGivesUpPassesItsRingOn() {
    holds("GiveUpScenario");
  }

  @Test
  void oneThatGivesUpWithItsRingIsCaught() {
    caught(
        "GiveUpScenario",
        "wait for ever",
        c -> c.twin("ElementRing", "acquire", "ringOne", "forget"));
  }

  @Test
  void roomThatIsTooSmallForOneIsOfferedToTheNext() {
    holds("SmallRoomScenario");
  }

  @Test
  void oneThatKeepsARingThatItCannotUseIsCaught() {
    caught(
        "SmallRoomScenario",
        "wait for ever",
        c -> c.twin("WaitPoint", "sleep", "ringBehind", "forget"));
  }

  @Test
  void aLockIsNotHandedToOneWhoseSeatAnotherHasTaken() {
    LockFreeTest.holds(ROOM + "SameSeatScenario", BOUND + 1, small());
  }

  @Test
  void aHandOverToTheDeadThatIsNotTakenBackIsCaught() {
    caught(
        "SameSeatScenario",
        BOUND + 1,
        "wait for ever",
        c -> c.twin("OwnerWord", "release", "takeBackFromDead", "never"));
  }

  @Test
  void anOwnerThatThinksItsHeirIsAwakeIsCaught() {
    caught("MutexScenario", "wait for ever", c -> c.twin("OwnerWord", "release", "clear", "never"));
  }

  @Test
  void whoMeetsOneThatDiesHasMetOrIsTold() {
    holds("RendezvousScenario");
  }

  @Test
  void aPartyThatDoesNotComeAtomicallyIsCaught() {
    caught(
        "RendezvousScenario",
        "wait for ever",
        c -> c.twin("Rendezvous", "come", "compareAndSet", "lookThenSet"));
  }

  @Test
  void aRecoveryThatBreaksNothingIsCaught() {
    caught(
        "RendezvousScenario",
        "wait for ever",
        c -> c.twin("Rendezvous", "recover", "isMissed", "never"));
  }

  @Test
  void anEndOfARoundThatWakesNobodyIsCaught() {
    caught(
        "RendezvousScenario",
        "wait for ever",
        c -> c.twin("Rendezvous", "complete", "ringAll", ""));
  }

  @Test
  void aValueIsReadWholeWhoeverDies() {
    holds("TwoCopiesScenario");
  }

  @Test
  void aReaderThatDoesNotLookAgainIsCaught() {
    caught("TwoCopiesScenario", "half of", c -> c.twin("TwoCopies", "read", "hasMoved", "never"));
  }

  @Test
  void aVersionThatIsShownBeforeItsWordsIsCaught() {
    caught(
        "TwoCopiesScenario",
        "half of",
        c -> c.twin("TwoCopies", "write", "setRelease", "setLater"));
  }

  @Test
  void whatIsOnLeaseComesBack() {
    holds("LeaseScenario");
  }

  @Test
  void aLeaseThatIsNotedAfterTheHeadMovedIsCaught() {
    caught(
        "LeaseScenario", "the rest was", c -> c.twin("Leases", "begin", "setVolatile", "forget"));
  }

  @Test
  void aLeaseThatComesBackThoughItWasNotTakenIsCaught() {
    caught("LeaseScenario", "the rest was", c -> c.twin("Leases", "recover", "isNext", "never"));
  }
}
