package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Events;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/** What a Flight Recorder's recording has of a pool's tasks. */
interface FlightContract extends PoolUnderTest {

  /** The events of this name in a recording that is over. */
  static List<RecordedEvent> events(Recording recording, Path file, String name)
      throws IOException {
    recording.stop();
    recording.dump(file);
    return Events.named(RecordingFile.readAllEvents(file), name);
  }

  private List<RecordedEvent> tasks(Recording recording) throws IOException {
    return events(recording, folder().resolve("recording.jfr"), "fornada.Task");
  }

  @Test
  default void aTaskIsRecordedWithItsRunTimeAndItsWaitForAWorker() throws Exception {
    Marks marks = marks();
    try (var recording = new Recording()) {
      recording.start();
      long waited;
      String model;
      try (Pool pool = open(1)) {
        model = pool.model().name();
        CompletableFuture<String> first = PoolUnderTest.occupy(pool, marks);
        CompletableFuture<Integer> second = pool.submit(20, Work::sleep);
        long submitted = System.nanoTime();
        Waiting.until(
            "the second task waited for 10 ms", () -> System.nanoTime() - submitted > 10_000_000);
        waited = System.nanoTime() - submitted;
        marks.set("go");
        get(first);
        get(second);
      }
      List<RecordedEvent> tasks = tasks(recording);
      assertThat(tasks).hasSize(2);
      RecordedEvent second = tasks.get(1);
      assertThat(second.getDuration("queueNanos")).isGreaterThanOrEqualTo(Duration.ofNanos(waited));
      assertThat(second.getDuration("runNanos")).isGreaterThanOrEqualTo(Duration.ofMillis(20));
      assertThat(second.getString("model")).isEqualTo(model);
      assertThat(second.getString("worker")).endsWith("-1");
      assertThat(second.getLong("task")).isEqualTo(1);
      assertThat(second.getString("outcome")).isEqualTo("Done");
      assertThat(tasks).allMatch(event -> event.getStackTrace() == null);
      assertThat(tasks.getFirst().getDuration("runNanos")).isGreaterThan(Duration.ofNanos(waited));
    }
  }

  @Test
  default void tasksOfEveryKindOfCallAreRecordedWithTheirWait() throws Exception {
    List<Integer> items = IntStream.range(1, 101).boxed().toList();
    try (var recording = new Recording()) {
      recording.start();
      try (Pool pool = open(2)) {
        pool.map(items, Work::increment);
        pool.map(Work.lazily(items), Work::increment);
        assertThat(pool.outcomes(items, Work::increment).allMatch(Outcome::isDone)).isTrue();
        assertThat(pool.completions(Work.lazily(items), Work::increment).count()).isEqualTo(100);
        assertThat(items.stream().gather(pool.mapping(Work::increment)).count()).isEqualTo(100);
      }
      List<RecordedEvent> tasks = tasks(recording);
      assertThat(tasks.stream().map(event -> event.getLong("task")).distinct()).hasSize(500);
      assertThat(tasks)
          .hasSize(500)
          .allMatch(event -> event.getLong("queueNanos") >= 0)
          .allMatch(event -> event.getLong("runNanos") >= 0)
          .allMatch(event -> event.getString("outcome").equals("Done"));
    }
  }

  @Test
  default void eachTryIsRecordedWithItsOutcome() throws Exception {
    Marks marks = marks();
    try (var recording = new Recording()) {
      recording.start();
      try (Pool pool = open(1, policy -> policy.withRetries(1).withBackOff(Duration.ofMillis(1)))) {
        get(
            pool.submit(
                "a",
                item -> {
                  marks.set(item);
                  if (marks.times(item) < 2) {
                    throw new IOException("not yet");
                  }
                  return item;
                }));
      }
      List<RecordedEvent> tries = tasks(recording);
      assertThat(tries.stream().map(event -> event.getString("outcome")))
          .containsExactly("Failed", "Done");
      assertThat(tries.stream().map(event -> event.getInt("attempt"))).containsExactly(1, 2);
      assertThat(tries).allMatch(event -> event.getLong("queueNanos") >= 0);
    }
  }

  @Test
  default void itemsThatWaitWhenARecordingBeginsHaveAWaitThatIsNotKnown() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(1);
        var recording = new Recording()) {
      CompletableFuture<String> first = PoolUnderTest.occupy(pool, marks);
      CompletableFuture<Integer> before = pool.submit(1, Work::increment);
      recording.start();
      CompletableFuture<Integer> after = pool.submit(1, Work::increment);
      marks.set("go");
      get(first);
      get(before);
      get(after);
      List<RecordedEvent> tasks =
          tasks(recording).stream().filter(event -> event.getLong("task") > 0).toList();
      assertThat(tasks).hasSize(2);
      assertThat(tasks.get(0).getLong("queueNanos")).isEqualTo(Long.MIN_VALUE);
      assertThat(tasks.get(1).getLong("queueNanos")).isNotNegative();
    }
  }

  @Test
  default void aRecordingThatDoesNotWantTasksHasNone() throws Exception {
    try (var recording = new Recording()) {
      recording.disable("fornada.Task");
      recording.start();
      try (Pool pool = open(1)) {
        get(pool.submit(1, Work::increment));
        pool.map(List.of(1, 2, 3), Work::increment);
      }
      assertThat(tasks(recording)).isEmpty();
    }
  }
}
