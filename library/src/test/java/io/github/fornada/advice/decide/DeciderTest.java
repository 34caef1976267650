package io.github.fornada.advice.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class DeciderTest {
  private static final double LONG = 60_000;

  private static Series series(Consumer<Series> change) {
    return new Series(change);
  }

  private static long modelChanges(List<Setting> settings) {
    ExecutionModel model = ExecutionModel.SEQUENTIAL;
    long changes = 0;
    for (Setting setting : settings) {
      if (setting.model() != model) {
        changes++;
      }
      model = setting.model();
    }
    return changes;
  }

  @Test
  void computingItemsGetAThreadForEachCore() {
    Series job = series(s -> s.cpu = 5);
    job.run(0.2, LONG);
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PLATFORM_THREADS, 4));
    assertThat(modelChanges(job.settings)).isEqualTo(1);
    assertThat(job.now).isLessThan(1.05 * 0.2 * job.items * job.cpu / job.cores);
  }

  @Test
  void oneCoreIsLeftSequential() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.cores = 1;
          s.usable = 1;
        });
    job.run(0.2, LONG);
    assertThat(job.settings).isEmpty();
  }

  @Test
  void fewShortItemsAreLeftSequential() {
    Series job =
        series(s -> {
          s.cpu = 2;
          s.items = 6;
        });
    job.run(1, LONG);
    assertThat(job.settings).isEmpty();
  }

  @Test
  void itemsSmallerThanAHandOverAreLeftSequential() {
    Series job =
        series(s -> {
          s.cpu = 0.0004;
          s.items = 50_000_000;
        });
    job.run(0.1, LONG);
    assertThat(job.settings).isEmpty();
    assertThat(job.decisions.getLast().nextLookNanos()).isGreaterThan(50e6);
  }

  @Test
  void waitingItemsAreDoubledEachResponseTime() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 50;
          s.items = 200_000;
        });
    job.run(1, LONG);
    assertThat(job.settings.getLast().model()).isEqualTo(ExecutionModel.VIRTUAL_THREADS);
    assertThat(job.settings.getLast().size()).isGreaterThan(900);
    assertThat(modelChanges(job.settings)).isEqualTo(1);
    double best = job.items * (job.cpu + job.wait) / 1000;
    // Twice 10 response times for 10 doublings, and the first item.
    assertThat(job.now - best).isLessThan(150 + 2 * 50 * 10);
  }

  @Test
  void theNextItemBeginsWhenTheFirstHasWaitedForTwoMilliseconds() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 500;
        });
    job.run(1, 3);
    assertThat(job.settings).isNotEmpty();
    assertThat(job.settings.getFirst()).isEqualTo(new Setting(ExecutionModel.VIRTUAL_THREADS, 2));
  }

  @Test
  void itStopsWhereTheOtherSideGivesNoMore() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 50;
          s.capacity = 20 / 50.0;
          s.items = 20_000;
        });
    job.run(1, 1e9);
    assertThat(job.settings.getLast().size()).isBetween(20, 32);
    assertThat(job.settings).allMatch(setting -> setting.size() <= 64);
    assertThat(job.now).isLessThan(1.1 * job.items / job.capacity);
  }

  @Test
  void itStopsWhereItemsAreRefusedAndFewAre() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 50;
          s.refuses = 100;
          s.items = 60_000;
        });
    job.run(0.9, 1e9);
    assertThat(job.settings.getLast().size()).isBetween(70, 100);
    assertThat(job.refused).isLessThan(300); // 0.5 % of the items
  }

  @Test
  void whereMoreIsRefusedItGoesBackToWhatWasSeenToWorkAndHoldsTheNextRefusalBack() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 25;
          s.refuses = 33;
          s.items = 8_000;
        });
    job.run(0.9, 1e9);
    Decision back =
        job.decisions.stream()
            .filter(decision -> decision.reason().contains("refused"))
            .findFirst()
            .orElseThrow();
    assertThat(back.setting().size()).as("not a part of the last doubling").isBetween(16, 33);
    assertThat(back.mostFailures()).isEqualTo(1);
    assertThat(job.refused).isLessThan(40); // 0.5 % of the items
  }

  @Test
  void aLockLeadsToWorkerProcesses() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
        });
    job.run(0.3, 1e9);
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 4));
    assertThat(modelChanges(job.settings)).isEqualTo(2);
  }

  @Test
  void workerProcessesThatTurnOutToBeImpossibleAreLeftForGood() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.growth = 0.6;
        });
    Decider decider = job.run(0.3, 1e9);
    assertThat(job.settings.getLast().model()).isEqualTo(ExecutionModel.PROCESSES);
    int before = job.settings.size();

    job.processDoubt = "its items cannot be sent";
    decider.update(job.job());
    job.run(decider, 0.9, 1e9);

    List<Setting> after = job.settings.subList(before, job.settings.size());
    assertThat(after).isNotEmpty().noneMatch(s -> s.model() == ExecutionModel.PROCESSES);
    assertThat(decider.result().setting().model()).isNotEqualTo(ExecutionModel.PROCESSES);
  }

  @Test
  void callsTooShortForWorkerProcessesGetThemOnceTogetherTheyWouldHavePaid() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
          s.ofACall = 60;
        });
    job.run(60.0 / job.items, 1e9);
    assertThat(job.settings).noneMatch(s -> s.model() == ExecutionModel.PROCESSES);
    job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
          s.ofACall = 60;
        });
    job.run(2_000.0 / job.items, 1e9);
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 4));
  }

  @Test
  void callsThatEndBetweenTwoLooksAreCountedToo() {
    var known = new Estimates(series(s -> {}).machine(), 100);
    known.add(looked(30, 70));
    assertThat(known.toCome()).isEqualTo(70);
    known.add(looked(150, 20)); // the rest of the first call, and most of the next
    assertThat(known.toCome()).as("as many again as there were").isEqualTo(180);
    known.add(looked(5, 15));
    assertThat(known.toCome()).isEqualTo(180);
  }

  @Test
  void retriesAreNoItemsThatHaveCome() {
    var known = new Estimates(series(s -> {}).machine(), 1_000);
    known.add(looked(30, 970));
    known.add(looked(500, 520)); // fifty of them had begun before
    assertThat(known.toCome()).isEqualTo(520);
  }

  private static Observation looked(long begun, long left) {
    double none = Double.NaN;
    return new Observation(
        Setting.SEQUENTIAL,
        true,
        100e6,
        begun,
        begun,
        0,
        0,
        1,
        1e6,
        1e12,
        1e6,
        0,
        0,
        0,
        Map.of(),
        List.of(),
        none,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        left);
  }

  @Test
  void aLockIsSeenWhereTheFirstItemTakesLong() {
    Series job =
        series(s -> {
          s.cpu = 600;
          s.lock = 540;
          s.items = 2_000;
        });
    Decider decider = job.run(0.3, 1e9);
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 4));
    assertThat(decider.result().cause()).isEqualTo(Cause.LOCK);
  }

  /** Of use are many threads then, not only as many as there are processors. */
  @Test
  void whatItemsThatWaitWouldGainWithoutTheirLockIsNoLoss() {
    Series job =
        series(s -> {
          s.cpu = 0.5;
          s.wait = 50;
          s.lock = 5;
          s.items = 2_000;
        });
    Finding finding = job.run(0.5, 1e9).result();
    assertThat(finding.cause()).isEqualTo(Cause.LOCK);
    assertThat(finding.sentences())
        .anySatisfy(sentence ->
            assertThat(sentence)
                .matches(
                    "Without that lock [0-9]{2,3} threads would do ([2-9]|[1-9][0-9])(\\.[0-9]+)?x"
                        + " as much\\."));
  }

  @Test
  void theLockIsStillTheCauseWhenWorkerProcessesHaveTakenOver() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
        });
    Finding finding = job.run(0.8, 1e9).result();
    assertThat(finding.setting()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 4));
    assertThat(finding.cause()).isEqualTo(Cause.LOCK);
    assertThat(finding.sentences().getFirst())
        .contains("com.acme.Parser.parse(Parser.java:42)")
        .contains("an item holds it for 4.");
  }

  @Test
  void threadsThatGiveLessThanOneAtATimeLeadToProcesses() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.cores = 2;
          s.usable = 2;
          s.growth = 3;
        });
    Finding finding = job.run(0.5, 1e9).result();
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 2));
    assertThat(finding.cause()).isEqualTo(Cause.SHARED_STATE);
  }

  /** On a busy machine an item takes long because it has no processor, and not because it waits. */
  @Test
  void whoHasNoProcessorDoesNotWait() {
    Series job =
        series(s -> {
          s.cores = 2;
          s.usable = 2;
        });
    var decider = new Decider(job.machine(), job.job());
    var observation =
        new Observation(
            Setting.SEQUENTIAL,
            true,
            900e6,
            26,
            25,
            0,
            0,
            1,
            35e6,
            2 * 35e6 * 35e6,
            4e6,
            1000,
            100,
            10,
            Map.of(WaitKind.UNKNOWN, 0.0),
            List.of(),
            24e6,
            0,
            0.2,
            1.75,
            0,
            0,
            0,
            0,
            400);
    Decision decision = decider.next(observation);
    assertThat(decision.setting().model()).isNotEqualTo(ExecutionModel.VIRTUAL_THREADS);
    Finding finding = decider.result();
    assertThat(finding.cause()).isEqualTo(Cause.BUSY_MACHINE);
    assertThat(finding.walls().waitSeconds()).isLessThan(0.0001);
  }

  /** The system has measured that it got a processor whenever it wanted one. */
  @Test
  void whoHasAProcessorWhenItWantsOneWaitsForSomethingElseThoughAllAreTaken() {
    Series job =
        series(s -> {
          s.cores = 2;
          s.usable = 2;
        });
    var known = new Estimates(job.machine(), 400);
    String _ =
        known.add(
            new Observation(
                Setting.SEQUENTIAL,
                true,
                100e6,
                3,
                2,
                0,
                0,
                1,
                55e6,
                55e6 * 55e6,
                0.5e6,
                1000,
                100,
                10,
                Map.of(),
                List.of(),
                5e6,
                0,
                0.2,
                1.75,
                0,
                0,
                0,
                0,
                400));
    assertThat(known.baseWait()).isGreaterThan(45e6);
    assertThat(known.waitingShare()).isGreaterThan(0.9);
  }

  @Test
  void theAdviceIsForAnotherSuchJobWhenThisOneIsNearlyOver() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.items = 2_000;
        });
    Finding finding = job.run(0.995, LONG).result();
    assertThat(finding.sentences().get(1)).contains("for as many items again");
    assertThat(finding.advised().model()).isEqualTo(ExecutionModel.PLATFORM_THREADS);
  }

  /** The table is of what each model would take by itself, and not beside the one in use. */
  @Test
  void whatWorkerProcessesWouldTakeIsTheirStartAndTheItemsAtTheirRate() {
    Series job =
        series(s -> {
          s.wait = 100;
          s.items = 1_000;
        });
    Prediction processes =
        job.run(1, LONG).result().predictions().stream()
            .filter(each -> each.model() == ExecutionModel.PROCESSES)
            .findFirst()
            .orElseThrow();
    double items = 1_000 / processes.rate(); // as many again
    assertThat(processes.seconds()).isBetween(items, 1.5 * items);
  }

  @Test
  void aLockDoesNotLeadToProcessesWhereTheRestIsShort() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
          s.items = 60;
        });
    job.run(1, 1e9);
    assertThat(job.settings).noneMatch(each -> each.model() == ExecutionModel.PROCESSES);
  }

  @Test
  void nothingIsStartedWhileTheCompilersAreBusy() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.lock = 4.5;
          s.compilers = s.now < 2000 ? 1 : 0;
        });
    job.run(1, 1500);
    assertThat(job.settings).noneMatch(each -> each.model() == ExecutionModel.PROCESSES);
  }

  @Test
  void doubtsAboutThreadsLeadToProcesses() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.threadDoubt = "Parser.FORMAT is a static SimpleDateFormat";
        });
    Decider decider = job.run(0.3, 1e9);
    assertThat(job.settings).containsExactly(new Setting(ExecutionModel.PROCESSES, 4));
    assertThat(decider.result().sentences())
        .anyMatch(each -> each.contains("Parser.FORMAT is a static SimpleDateFormat"));
  }

  @Test
  void doubtsAboutBothLeaveItSequential() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.threadDoubt = "Parser.FORMAT is a static SimpleDateFormat";
          s.processDoubt = "Parser.socket is not serializable";
        });
    Decider decider = job.run(0.3, 10_000);
    assertThat(job.settings).isEmpty();
    assertThat(decider.result().advised()).isEqualTo(Setting.SEQUENTIAL);
    assertThat(decider.result().sentences())
        .anyMatch(each -> each.contains("Parser.socket is not serializable"));
  }

  @Test
  void sharedStateIsCuredByProcesses() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.growth = 0.6;
        });
    Decider decider = job.run(0.5, 1e9);
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 4));
    assertThat(decider.result().cause()).isEqualTo(Cause.SHARED_STATE);
    assertThat(decider.result().workersForNothing()).isZero();
  }

  @Test
  void twoThatShareStateAreSeenByRunningOneForAMoment() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.growth = 0.6;
          s.cores = 2;
          s.usable = 2;
          s.compilers = s.now < 400 ? 1 : 0; // what ran alone tells nothing
        });
    Decider decider = job.run(0.5, 1e9);
    assertThat(job.settings).contains(new Setting(ExecutionModel.PLATFORM_THREADS, 1));
    assertThat(job.settings.getLast()).isEqualTo(new Setting(ExecutionModel.PROCESSES, 2));
    assertThat(decider.result().cause()).isEqualTo(Cause.SHARED_STATE);
  }

  @Test
  void threadsThatGiveNoMoreThanOneLeadToProcessesThoughNoLockIsSeen() {
    var series =
        new Series(s -> {
          s.cores = 2;
          s.usable = 2;
          s.cpu = 2;
          s.lock = 2; // held all the time, by items that spin for it or sleep for microseconds
          s.lockIsUnseen = true;
          s.compilers = s.now < 200 ? 0.3 : 0;
        });
    Finding finding = series.run(0.4, 30_000).result();
    assertThat(finding.setting().model()).isEqualTo(ExecutionModel.PROCESSES);
    assertThat(finding.cause()).isEqualTo(Cause.SHARED_STATE);
    assertThat(finding.sentences().getFirst())
        .contains("more threads give no more, and worker processes do");
  }

  @Test
  void oneAtATimeIsComparedAsItIsNowAndNotAsItWasBeforeItWasCompiled() {
    var series =
        new Series(s -> {
          s.cores = 2;
          s.usable = 2;
          s.cpu = s.now < 100 ? 1.3 : 1;
          s.lock = 1.5; // threads that take turns take longer than one that goes on
          s.lockIsUnseen = true;
          s.processDoubt = "it needs this JVM";
        });
    Decider decider = series.run(0.4, 30_000);
    Finding finding = decider.result();
    assertThat(finding.setting()).isEqualTo(Setting.SEQUENTIAL);
    assertThat(finding.cause()).isEqualTo(Cause.SHARED_STATE);
  }

  @Test
  void workThatComesToALockIsNotComparedWithWhatCameBefore() {
    for (int done = 1_000; done <= 4_000; done += 250) {
      int changesAt = done;
      Series job =
          series(s -> {
            boolean locks = s.done > changesAt;
            s.items = 12_000;
            s.cores = 8;
            s.usable = 8;
            s.cpu = 0.1;
            s.wait = 50;
            s.lock = locks ? 30 : 0;
          });
      Decider decider = job.run(0.9, 1e9);
      assertThat(decider.result().setting().model()).isEqualTo(ExecutionModel.PROCESSES);
      assertThat(job.now).as("by threads it takes five minutes").isLessThan(100_000);
    }
  }

  @Test
  void workerProcessesThatWereComparedWithOtherItemsGetASecondTrial() {
    for (int done = 2_000; done <= 4_000; done += 100) {
      int changesAt = done;
      Series job =
          series(s -> {
            boolean locks = s.done > changesAt;
            s.items = 6_000;
            s.cores = 64;
            s.usable = 64;
            s.cpu = locks ? 320 : 65;
            s.lock = locks ? 160 : 5; // worker processes pay already before it gets worse
          });
      Decider decider = job.run(0.95, 1e9);
      assertThat(decider.result().setting().model()).isEqualTo(ExecutionModel.PROCESSES);
      assertThat(job.now).as("by threads it takes five minutes and more").isLessThan(100_000);
    }
  }

  @Test
  void itemsThatComeToComputeAndShareStateAreFoundAmongThousandInFlight() {
    Series job =
        series(s -> {
          boolean computes = s.done > 12_000;
          s.items = 25_000;
          s.cores = 48;
          s.usable = 48;
          s.cpu = computes ? 25 : 0.3;
          s.wait = computes ? 0 : 60;
          s.growth = computes ? 0.86 : 0;
        });
    Decider decider = job.run(0.9, 1e9);
    assertThat(decider.result().setting().model()).isEqualTo(ExecutionModel.PROCESSES);
    assertThat(job.now).as("by threads it takes four minutes and more").isLessThan(100_000);
  }

  @Test
  void fewerInFlightThatGiveLessAreNotKept() {
    Series job =
        series(s -> {
          s.items = 100_000;
          s.cores = 48;
          s.usable = 48;
          s.cpu = 19;
          s.wait = 44;
        });
    Decider decider = job.run(0.9, 1e9);
    assertThat(decider.result().setting().size()).as("48 cores x 63 / 19").isGreaterThan(150);
  }

  @Test
  void whatHandingOverCostsIsNotCountedTwice() {
    Series job =
        series(s -> {
          s.items = 3_000_000;
          s.cores = 2;
          s.usable = 2;
          s.cpu = 0.002; // twice what handing over takes
          s.wait = 0.272;
        });
    Decider decider = job.run(0.5, 1e9);
    assertThat(decider.result().setting().size())
        .as("2 cores x 274 / 2, and some more because they do not come evenly")
        .isBetween(290, 450);
  }

  @Test
  void itemsThatComeToComputeAsLongAsTheyWaitKeepAllCoresBusy() {
    Series job =
        series(s -> {
          boolean computes = s.done > 40_000;
          s.items = 60_000;
          s.cores = 12;
          s.usable = 12;
          s.cpu = computes ? 30 : 0.3;
          s.wait = computes ? 27 : 150;
          s.waitIsUnseenAtCores = true; // so that they look as if they only computed, at first
        });
    Decider decider = job.run(0.9, 1e9);
    assertThat(decider.result().setting().size()).as("12 cores x 57 / 30").isGreaterThan(20);
  }

  @Test
  void comparingTakesASmallPartOfAJobHoweverOftenTheWorkChanges() {
    Series job =
        series(s -> {
          s.items = 20_000;
          s.variation = 1; // so that a comparison takes long
          s.cpu = s.done / 1_000 % 2 == 0 ? 5 : 9;
        });
    var _ = job.run(0.95, 1e9);
    double compared = 0;
    for (int i = 1; i < job.observations.size(); i++) {
      boolean half = job.observations.get(i).setting().size() == 2;
      compared += half ? job.observations.get(i).nanos() / 1e6 : 0;
    }
    assertThat(compared).isPositive().isLessThan(0.05 * job.now);
  }

  @Test
  void itemsThatTakeLongerAndLongerDoNotHoldEachOtherUp() {
    for (int cores : new int[] {2, 4, 8}) {
      Series job =
          series(s -> {
            s.items = 400L * cores;
            s.cpu = 25 * (1 + 2.5 * s.done / s.items);
            s.cores = cores;
            s.usable = cores;
          });
      Decider decider = job.run(1, 1e9);
      assertThat(decider.result().cause()).isEqualTo(Cause.COMPUTES);
      assertThat(modelChanges(job.settings)).isEqualTo(1);
      assertThat(decider.result().advised().size()).isEqualTo(cores);
    }
  }

  @Test
  void aPoolOfPermitsIsALimitAndNotWhatAnItemTakes() {
    Series job =
        series(s -> {
          s.cpu = 0.01;
          s.wait = 20;
          s.capacity = 10 / 20.0;
          s.permits = true;
          s.items = 10_000;
        });
    Decider decider = job.run(0.5, 1e9);
    Finding found = decider.result();
    assertThat(found.cause()).isEqualTo(Cause.CONNECTION_POOL);
    assertThat(found.sentences().getFirst())
        .contains("for a connection from a pool")
        .contains("alone it takes 20 ms");
    assertThat(found.advised().size()).isBetween(10, 20);
    assertThat(found.sentences()).anyMatch(each -> each.contains("no more than 500 a second"));
  }

  @Test
  void whereWorkersDoNotShowWhyTheReasonOfTheRunBeforeIsTold() {
    Series job = series(s -> s.cpu = 5);
    var decider = new Decider(job.machine(), job.job());
    var workers = new Setting(ExecutionModel.PROCESSES, 4);
    decider.beginWith(new Learned(workers, Cause.LOCK, "One item at a time is within a lock."));
    job.settings.add(workers);
    job.useLatest();
    job.run(decider, 0.1, LONG);
    assertThat(decider.result().cause()).isEqualTo(Cause.LOCK);
    String told = "As an earlier run has found: One item at a time is within a lock.";
    assertThat(decider.result().sentences().getFirst()).isEqualTo(told);
    assertThat(decider.learned()).isEqualTo(new Learned(workers, Cause.LOCK, told));
  }

  @Test
  void memoryIsNot() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.growth = 0.3;
          s.growthInProcesses = true;
          s.memoryScaling = 1.3;
        });
    Decider decider = job.run(0.5, 1e9);
    assertThat(job.settings.getLast().model()).isEqualTo(ExecutionModel.PLATFORM_THREADS);
    assertThat(decider.result().cause()).isEqualTo(Cause.MEMORY);
  }

  @Test
  void slowerWorkIsSeenAndSaid() {
    Series job =
        series(s -> {
          s.cpu = s.done < 5_000 ? 5 : 15;
          s.items = 20_000;
        });
    Decider decider = job.run(1, 1e9);
    assertThat(decider.result().changes()).anyMatch(each -> each.contains("now computes for"));
    assertThat(modelChanges(job.settings)).isEqualTo(1);
  }

  @Test
  void workThatBeginsToWaitGetsMoreInFlight() {
    Series job =
        series(s -> {
          boolean later = s.done > 5_000;
          s.cpu = later ? 0.1 : 5;
          s.wait = later ? 100 : 0;
          s.items = 40_000;
        });
    Decider decider = job.run(0.9, 1e9);
    assertThat(decider.result().changes()).anyMatch(each -> each.contains("now waits for"));
    assertThat(job.settings.getLast().size()).isGreaterThan(200);
  }

  @Test
  void aQuotaIsNotRoundedUp() {
    Series job =
        series(s -> {
          s.cpu = 5;
          s.cores = 8;
          s.usable = 1.5;
        });
    job.run(0.2, LONG);
    assertThat(job.settings.getLast().size()).isEqualTo(2);
  }

  @Test
  void theSameObservationsGiveTheSameDecisionsAndWords() {
    Series job =
        series(s -> {
          s.cpu = 1;
          s.wait = 20;
          s.capacity = 1;
          s.items = 30_000;
        });
    Decider decider = job.run(1, 1e9);
    var again = new Decider(job.machine(), job.job());
    for (int i = 0; i < job.observations.size(); i++) {
      assertThat(again.next(job.observations.get(i))).isEqualTo(job.decisions.get(i));
    }
    assertThat(again.result()).isEqualTo(decider.result());
  }

  @Test
  void aJobThatIsMeasuredRunsSomeItemsAloneFirst() {
    Series job =
        series(s -> {
          s.wait = 70;
          s.cpu = 0.1;
          s.capacity = 1 / 25.0;
          s.items = 200;
          s.isForAdvice = true;
          assertThat(s.settings.isEmpty() || s.done >= 8).as("eight items alone").isTrue();
        });
    Decider decider = job.run(0.9, LONG);
    assertThat(job.settings.getFirst()).isEqualTo(new Setting(ExecutionModel.VIRTUAL_THREADS, 2));
    Prediction alone = decider.result().predictions().getFirst();
    assertThat(alone.setting()).isEqualTo(Setting.SEQUENTIAL);
    assertThat(alone.rate()).isCloseTo(1 / 0.0701, within(1.5));
  }

  @Test
  void aJobThatIsMeasuredWaitsForNoLongItemToEndAlone() {
    Series job =
        series(s -> {
          s.wait = 30_000;
          s.items = 200;
          s.isForAdvice = true;
        });
    job.run(1, 5_000);
    assertThat(job.settings).isNotEmpty();
  }

  @Test
  void itemsOfWhichHalfFailHoweverManyAreInFlightAreLetInAsOthersAre() {
    Series job =
        series(s -> {
          s.cpu = 0.1;
          s.wait = 30;
          s.failing = 0.5;
        });
    Decider decider = job.run(0.2, LONG);
    assertThat(job.settings.getLast().size()).isGreaterThan(100);
    assertThat(decider.result().advised().size()).isGreaterThan(100);
  }

  @Test
  void aSettingThatWasLearnedIsUsedFromTheStart() {
    Series job = series(s -> s.cpu = 5);
    var decider = new Decider(job.machine(), job.job());
    decider.beginWith(
        new Learned(new Setting(ExecutionModel.PLATFORM_THREADS, 4), Cause.COMPUTES, "It does."));
    job.settings.add(new Setting(ExecutionModel.PLATFORM_THREADS, 4));
    job.useLatest();
    job.run(decider, 0.1, LONG);
    assertThat(job.settings).containsOnly(new Setting(ExecutionModel.PLATFORM_THREADS, 4));
  }

  private static Series limited(double wait, double capacity) {
    return series(s -> {
      s.cpu = 0.1;
      s.wait = wait;
      s.capacity = capacity;
      s.items = 4_000;
    });
  }

  /** Runs a job that begins with what was learned; returns what it has learned. */
  private static Learned again(Series job, Learned learned) {
    var decider = new Decider(job.machine(), job.job());
    job.settings.add(decider.beginWith(learned));
    job.useLatest();
    job.run(decider, 0.95, LONG);
    return Objects.requireNonNull(decider.learned());
  }

  @Test
  void whereTheOtherSideHasALimitNoRunLetsInMoreThanTheOneBefore() {
    Learned first = Objects.requireNonNull(limited(28, 0.55).run(0.95, LONG).learned());
    Learned learned = first;
    for (int i = 0; i < 5; i++) {
      learned = again(limited(28, 0.55), learned);
    }
    assertThat(learned.setting().size()).isBetween(16, (int) (1.25 * first.setting().size()));
  }

  @Test
  void whereTheOtherSideGivesMoreThanInAnEarlierRunMoreAreLetIn() {
    Learned learned = Objects.requireNonNull(limited(28, 0.55).run(0.95, LONG).learned());
    assertThat(again(limited(28, 5.5), learned).setting().size()).isGreaterThan(140);
  }

  @Test
  void whereItemsWaitLongerThanInAnEarlierRunMoreAreLetIn() {
    Learned learned = Objects.requireNonNull(limited(10, 0.55).run(0.95, LONG).learned());
    double ofThen = learned.setting().size();
    Series job = limited(100, 0.55);
    assertThat(again(job, learned).setting().size()).isGreaterThan((int) (2 * ofThen));
  }

  @Test
  void aRunThatEndsWhileMorePayLetsTheNextBeginWithMore() {
    Series job = limited(1_000, Double.POSITIVE_INFINITY);
    Decider decider = job.run(0.04, LONG);
    assertThat(Objects.requireNonNull(decider.learned()).setting().size())
        .isGreaterThan((int) (1.5 * job.settings.getLast().size()));
  }

  @Test
  void aRunThatEndsWhileWorkersStartLetsTheNextBeginWithThemIfThreadsAreNotSafe() {
    Series job =
        series(s -> {
          s.cpu = 20;
          s.threadDoubt = "Parser.FORMAT is a static SimpleDateFormat";
          s.workerStart = 100_000;
        });
    Decider decider = job.run(1, 2_000);
    assertThat(job.settings).hasSize(1);
    assertThat(Objects.requireNonNull(decider.learned()).setting())
        .isEqualTo(job.settings.getFirst());
  }

  private static Series learnedOfThreads(int size, Consumer<Series> change) {
    Series job =
        series(s -> {
          s.cores = 2;
          s.usable = 2;
          s.items = 5_000;
          change.accept(s);
        });
    var decider = new Decider(job.machine(), job.job());
    job.settings.add(
        decider.beginWith(
            new Learned(
                new Setting(ExecutionModel.PLATFORM_THREADS, size), Cause.SOCKETS, "It waits.")));
    job.useLatest();
    job.run(decider, 0.9, LONG);
    return job;
  }

  @Test
  void whatWasLearnedOfManyThreadsWaitsUntilTheCompilersHaveDoneTheirWork() {
    var cold = new ArrayList<Setting>();
    Series job =
        learnedOfThreads(
            64,
            s -> {
              boolean isCold = s.now < 1000;
              s.compilers = isCold ? 1 : 0;
              s.cpu = isCold ? 60 : 1.2;
              s.wait = isCold ? 0 : 28;
              if (isCold) {
                cold.clear();
                cold.addAll(s.settings);
              }
            });
    assertThat(cold).as("as many as leave them their part").containsOnly(threads(8));
    assertThat(job.settings).startsWith(threads(8), threads(16), threads(32), threads(64));
  }

  @Test
  void whatWasLearnedOfManyThreadsIsLetInAtOnceWhereItemsWait() {
    var early = new ArrayList<Setting>();
    learnedOfThreads(
        64,
        s -> {
          s.cpu = 0.01;
          s.wait = 50;
          if (s.now < 100) {
            early.clear();
            early.addAll(s.settings);
          }
        });
    assertThat(early).as("in the time of two items").contains(threads(64));
  }

  private static Setting threads(int size) {
    return new Setting(ExecutionModel.PLATFORM_THREADS, size);
  }
}
