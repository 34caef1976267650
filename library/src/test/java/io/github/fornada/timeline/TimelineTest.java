package io.github.fornada.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@SideBySide
class TimelineTest {
  private static final long MS = 1_000_000;

  private final Timeline timeline = new Timeline("test");
  private final long zero = timeline.recording().baseNanos;

  private TaskEvent.Finished ran(
      long index, String worker, long fromMs, long toMs, Outcome<?> outcome) {
    return ran(index, worker, fromMs, toMs, outcome, 1, true, TaskUsage.UNKNOWN);
  }

  private TaskEvent.Finished ran(
      long index,
      String worker,
      long fromMs,
      long toMs,
      Outcome<?> outcome,
      int attempt,
      boolean last,
      long cpuNanos) {
    long to = zero + toMs * MS;
    var usage = TaskUsage.of(worker, zero + fromMs * MS, to, cpuNanos, TaskUsage.UNKNOWN);
    return TaskEvent.Finished.of(index, index, "item-" + index, attempt, last, outcome, usage, to);
  }

  private static Outcome<?> done() {
    return new Outcome.Done<>(1);
  }

  @Test
  void nothingRecordedIsAllZero() {
    assertThat(timeline.summary())
        .isEqualTo(
            new TimelineSummary(
                new TimelineSummary.Values(
                    0, 0, 0, 0, 0, 0, 0, 0, TaskUsage.UNKNOWN, 0, 0, 0, 0, 0)));
  }

  @Test
  void summariesAreEqualIfTheirFiguresAre() {
    timeline.onEvent(ran(0, "w-1", 10, 30, done()));
    TimelineSummary before = timeline.summary();
    TimelineSummary same = timeline.summary();
    timeline.onEvent(ran(1, "w-2", 20, 50, done()));
    TimelineSummary after = timeline.summary();

    assertThat(same).isEqualTo(before).hasSameHashCodeAs(before);
    assertThat(after).isNotEqualTo(before);
    assertThat(before.toString())
        .startsWith("TimelineSummary[wallNanos=20000000, tasks=1, done=1, failed=0,")
        .endsWith("workers=1]");
  }

  @Test
  void inFlightIsTheSumOfDurationsOverTheWallTime() {
    timeline.onEvent(ran(0, "w-1", 10, 30, done()));
    timeline.onEvent(ran(1, "w-2", 20, 50, done()));
    TimelineSummary s = timeline.summary();
    assertThat(s.wallNanos()).isEqualTo(40 * MS);
    assertThat(s.inFlight()).isEqualTo(50.0 / 40);
    assertThat(s.workers()).isEqualTo(2);
    assertThat(s.cpuNanos()).isEqualTo(TaskUsage.UNKNOWN);
  }

  @Test
  void aWorkerThatRanNothingIsNotCounted() {
    timeline.onEvent(TaskEvent.WorkerReady.of("w-1", -1, 1, zero));
    timeline.onEvent(TaskEvent.WorkerReady.of("w-2", -2, 1, zero));
    timeline.onEvent(ran(0, "w-1", 10, 30, done()));
    timeline.onEvent(ran(1, "w-1", 30, 40, done()));
    assertThat(timeline.summary().workers()).isEqualTo(1);
    assertThat(new Track(timeline).lanes).containsExactly("w-1", "w-2");
  }

  @Test
  void everyKindOfOutcomeIsCountedOnce() {
    var death = DeathCertificate.of("w-1", 42, 137, "killed");
    timeline.onEvent(ran(0, "w-1", 0, 1, done()));
    timeline.onEvent(ran(1, "w-1", 1, 2, new Outcome.Failed<>(new Exception("no"))));
    timeline.onEvent(ran(2, "w-1", 2, 3, new Outcome.TimedOut<>(Duration.ofMillis(1), List.of())));
    timeline.onEvent(ran(3, "w-1", 3, 4, new Outcome.WorkerLost<>("it died", death)));
    timeline.onEvent(
        TaskEvent.Finished.of(
            4, 4, "never begun", 1, true, new Outcome.Cancelled<>("why not"), null, zero + MS));
    TimelineSummary s = timeline.summary();
    assertThat(s.tasks()).isEqualTo(5);
    assertThat(List.of(s.done(), s.failed(), s.timedOut(), s.cancelled(), s.lost()))
        .containsOnly(1L);
    assertThat(new Track(timeline).size()).isEqualTo(4);
  }

  @Test
  void attemptThatIsRetriedIsABarAndNoOutcome() {
    var failure = new Outcome.Failed<>(new Exception("first try"));
    timeline.onEvent(ran(0, "w-1", 0, 10, failure, 1, false, 3 * MS));
    timeline.onEvent(ran(0, "w-1", 20, 30, done(), 2, true, 4 * MS));
    TimelineSummary s = timeline.summary();
    assertThat(s.tasks()).isEqualTo(1);
    assertThat(s.failed()).isZero();
    assertThat(s.cpuNanos()).isEqualTo(7 * MS);
    assertThat(s.inFlight()).isCloseTo(20.0 / 30, within(1e-9));
    var track = new Track(timeline);
    assertThat(track.size()).isEqualTo(2);
    assertThat(track.bar(0).last()).isFalse();
    assertThat(track.failures).isEmpty();
  }

  @Test
  void quantilesAreDurationsOfAttempts() {
    for (int i = 1; i <= 100; i++) {
      timeline.onEvent(ran(i, "w-1", 0, i, done()));
    }
    TimelineSummary s = timeline.summary();
    assertThat(s.p50Nanos()).isEqualTo(50 * MS);
    assertThat(s.p95Nanos()).isEqualTo(95 * MS);
    assertThat(s.p99Nanos()).isEqualTo(99 * MS);
    assertThat(s.maxNanos()).isEqualTo(100 * MS);
  }

  @Test
  void beginForgetsTheWarmUp() {
    timeline.onEvent(ran(0, "warm-1", 0, 1, new Outcome.Failed<>(new Exception("cold"))));
    timeline.begin();
    timeline.onEvent(ran(1, "warm-1", 0, 2, done())); // began before, ended after
    assertThat(timeline.summary().tasks()).isZero();
    assertThat(timeline.summary().workers()).isZero();
    assertThat(new Track(timeline).failures).isEmpty();
  }

  @Test
  void whatRunsBeyondTheEndIsNotInFlight() {
    timeline.begin();
    long began = timeline.recording().baseNanos;
    timeline.end();
    Long end = timeline.recording().end();
    assertThat(end).isNotNull();
    var usage = TaskUsage.of("w-1", began, began + end + 1000 * MS, 0, 0);
    timeline.onEvent(TaskEvent.Finished.of(0, 0, "x", 1, true, done(), usage, usage.endedNanos()));
    assertThat(timeline.summary().wallNanos()).isEqualTo(end);
    assertThat(timeline.summary().inFlight()).isEqualTo(1);
  }

  @Test
  void firstFailuresAreToldInFullAndTheOthersCounted() {
    for (int i = 0; i < 250; i++) {
      timeline.onEvent(ran(i, "w-1", i, i + 1, new Outcome.Failed<>(new Exception("no " + i))));
    }
    assertThat(timeline.summary().failed()).isEqualTo(250);
    List<Failure> told = new Track(timeline).failures;
    assertThat(told).hasSize(Recording.MAX_FAILURES);
    assertThat(told.get(3).headline()).isEqualTo("java.lang.Exception: no 3");
    assertThat(told.get(3).details()).contains("TimelineTest.firstFailures");
  }

  @Test
  void stackOfAFailureIsBounded() {
    var huge = new Exception("x".repeat(1_000_000));
    timeline.onEvent(ran(0, "w-1", 0, 1, new Outcome.Failed<>(huge)));
    Failure failure = new Track(timeline).failures.getFirst();
    assertThat(failure.headline()).hasSizeLessThan(310);
    assertThat(failure.details()).hasSizeLessThan(12_100).contains("more characters)");
  }

  @Test
  void itemAndExceptionThatCannotBePrintedHarmNothing() {
    Object item =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("no text");
          }
        };
    var cause =
        new RuntimeException() {
          @Override
          public String getMessage() {
            throw new IllegalStateException("no message");
          }
        };
    var usage = TaskUsage.of("w-1", zero, zero + 1, 0, 0);
    timeline.onEvent(
        TaskEvent.Finished.of(0, 0, item, 1, true, new Outcome.Failed<>(cause), usage, zero + 1));
    Failure failure = new Track(timeline).failures.getFirst();
    assertThat(failure.label()).contains("whose toString fails");
    assertThat(failure.details()).contains("could not be printed");
  }

  @Test
  void barsAreInOrderOfLaneAndStart() {
    timeline.onEvent(ran(0, "w-10", 5, 6, done()));
    timeline.onEvent(ran(1, "w-9", 7, 8, done()));
    timeline.onEvent(ran(2, "w-9", 3, 4, done()));
    timeline.onEvent(ran(3, "w-9", 5, 6, done()));
    var track = new Track(timeline);
    assertThat(track.lanes).containsExactly("w-9", "w-10");
    assertThat(IntStream.range(0, 4).mapToObj(i -> track.bar(i).label()))
        .containsExactly("item-2", "item-3", "item-1", "item-0");
    assertThat(track.bar(0).start()).isZero(); // the run begins with its first task
  }

  @Test
  void labelsAreShortened() {
    String path = "/home/someone/" + "very/".repeat(40) + "photo-012.jpg";
    assertThat(ItemText.of(path))
        .hasSize(80)
        .startsWith("/home/someone/")
        .endsWith("photo-012.jpg");
    assertThat(ItemText.of(new byte[12])).isEqualTo("byte[12]");
    assertThat(ItemText.of(List.of(1, 2))).endsWith(" of 2");
    assertThat(ItemText.of(null)).isEqualTo("null");
    assertThat(ItemText.of("\ud83d\ude00".repeat(100)).length()).isBetween(76, 80);
  }

  @Test
  void realRunOnThreadsIsAllThere() throws InterruptedException {
    var both = new CountDownLatch(2);
    try (var pool = ThreadPool.open(o -> o.withWorkers(2).withListener(timeline))) {
      timeline.begin();
      pool.map(
          List.of("chocolate", "cenoura"),
          cake -> {
            both.countDown(); // neither ends before the other has begun
            both.await();
            return cake.length();
          });
      timeline.end();
    }
    TimelineSummary s = timeline.summary();
    assertThat(s.done()).isEqualTo(2);
    assertThat(s.workers()).isEqualTo(2);
    assertThat(s.inFlight()).isGreaterThan(0).isLessThanOrEqualTo(2);
    assertThat(s.cpuNanos()).isPositive();
    var track = new Track(timeline);
    assertThat(track.bar(0).start()).isLessThan(track.bar(1).end());
    assertThat(track.bar(1).start()).isLessThan(track.bar(0).end());
  }

  @Test
  void noBarIsLostWhereManyThreadsRecordAtOnce() throws InterruptedException {
    int tasks = 20_000;
    try (var pool = VirtualThreadPool.open(o -> o.withListener(timeline))) {
      pool.map(IntStream.range(0, tasks).boxed().toList(), i -> i + 1);
    }
    var track = new Track(timeline);
    assertThat(track.size()).isEqualTo(tasks);
    assertThat(IntStream.range(0, tasks).mapToLong(i -> track.bar(i).index()).distinct().count())
        .isEqualTo(tasks);
    assertThat(IntStream.range(0, tasks).map(i -> Integer.parseInt(track.bar(i).label())).sum())
        .isEqualTo(IntStream.range(0, tasks).sum());
  }

  @Test
  void readingWhileRecordingSeesWholeBars() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor()) {
      var writing =
          executor.submit(() -> {
            for (int i = 0; i < 50_000; i++) {
              timeline.onEvent(ran(i, "w-1", i, i + 1, done()));
            }
          });
      int before = 0;
      while (!writing.isDone()) {
        var track = new Track(timeline);
        assertThat(track.size()).isGreaterThanOrEqualTo(before);
        before = track.size();
        if (before > 0) {
          Bar last = track.bar(before - 1);
          assertThat(last.label()).isEqualTo("item-" + last.index());
          assertThat(last.duration()).isEqualTo(MS);
        }
      }
      writing.get();
    }
    assertThat(new Track(timeline).size()).isEqualTo(50_000);
  }

  @Test
  void readingWhileWorkersStartAndDieSeesTheirLanes() throws Exception {
    for (int round = 0; round < 30; round++) {
      var seen = new Timeline("round " + round);
      try (var executor = Executors.newSingleThreadExecutor()) {
        var writing =
            executor.submit(() -> {
              for (int i = 0; i < 1000; i++) {
                String worker = "w-" + i;
                seen.onEvent(TaskEvent.WorkerReady.of(worker, -1 - i, 1, zero + i));
                seen.onEvent(
                    TaskEvent.WorkerEnded.of(
                        DeathCertificate.of(worker, 42, 137, "killed"), false, zero + i));
              }
            });
        while (!writing.isDone()) {
          var track = new Track(seen);
          assertThat(track.lanes).hasSizeGreaterThanOrEqualTo(track.starts.size());
        }
        writing.get();
      }
      assertThat(new Track(seen).deaths).hasSize(1000);
    }
  }

  /** Its texts never come. */
  private record Mute(int number) {
    @Override
    public String toString() {
      return never();
    }
  }

  private static final class MuteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      return never();
    }
  }

  /** A list of which nobody hears how long it is. */
  private static final class Endless extends AbstractList<Integer> {
    @Override
    public Integer get(int index) {
      return index;
    }

    @Override
    public int size() {
      return never().length();
    }
  }

  private static String never() {
    var gate = new CountDownLatch(1);
    while (true) {
      try {
        gate.await();
      } catch (InterruptedException e) {
        // it does not listen
      }
    }
  }

  @Test
  void textsThatNeverComeHoldUpNoItem() {
    List<Object> items = List.of(new Mute(1), "fails", new Endless(), new Mute(2));
    try (var pool = ThreadPool.open(o -> o.withWorkers(1).withListener(timeline))) {
      var outcomes =
          pool.outcomes(
                  items,
                  item -> {
                    if (item.equals("fails")) {
                      throw new MuteException();
                    }
                    return 1;
                  })
              .toList();
      assertThat(outcomes).hasSize(4);
    }
    assertThat(timeline.summary().failed()).isEqualTo(1);
    List<String> shown =
        timeline.recording().failures().stream()
            .map(each -> each.label() + ": " + each.headline() + "; " + each.details())
            .toList();
    String exception = "a " + MuteException.class.getName();
    assertThat(shown)
        .containsExactly(
            "fails: "
                + exception
                + " whose toString hangs; the stack of "
                + exception
                + " could not be printed: its toString hangs");
    var track = new Track(timeline);
    assertThat(IntStream.range(0, track.size()).mapToObj(k -> track.bar(k).label()))
        .contains("Endless of unknown size", "a " + Mute.class.getName() + " whose toString hangs");
  }
}
