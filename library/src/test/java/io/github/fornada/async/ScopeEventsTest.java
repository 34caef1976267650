package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import io.github.fornada.timeline.Timeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The events that listeners and the Flight Recorder get. */
@Timeout(240)
final class ScopeEventsTest {
  @Test
  void listenersHearOfEachTaskFromForkToOutcome() throws Exception {
    var events = new CopyOnWriteArrayList<TaskEvent>();
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>outcomes(), o -> o.withName("heard").withListener(events::add))) {
      scope.fork("good", () -> 1);
      scope.fork(
          "bad",
          () -> {
            throw new IOException("bad");
          });
      scope.fork("never", () -> Kitchen.waitForEver());
      Waiting.until("two have ended", () -> finished(events).size() == 2);
      scope.cancel();
      scope.join();
    }
    assertThat(events.stream().filter(TaskEvent.Submitted.class::isInstance)).hasSize(3);
    assertThat(finished(events))
        .hasSize(3)
        .allMatch(TaskEvent.Finished::last)
        .extracting(e -> e.item() + " " + e.outcome().getClass().getSimpleName())
        .containsExactlyInAnyOrder("good Done", "bad Failed", "never Cancelled");
    assertThat(finished(events))
        .filteredOn(e -> e.usage() != null)
        .extracting(e -> Objects.requireNonNull(e.usage()).worker())
        .allMatch(worker -> worker.matches("heard-[123]"));
  }

  @Test
  void tasksOfItemsAreNamedByThePlaceOfTheirItems() throws Exception {
    var events = new CopyOnWriteArrayList<TaskEvent>();
    TaskListener listener = events::add;
    List<Completion<String, Integer>> _ =
        TaskContext.with(listener)
            .call(() -> {
              var _ = Async.gather(List.of("a", "b"), String::length);
              var _ = Async.outcomes(List.of("a", "b"), String::length);
              return Async.completions(List.of("a", "b"), String::length);
            });
    assertThat(finished(events))
        .extracting(TaskEvent.Finished::item)
        .containsExactlyInAnyOrder("item 0", "item 1", "item 0", "item 1", "item 0", "item 1");
  }

  private static List<TaskEvent.Finished> finished(List<TaskEvent> events) {
    return events.stream()
        .filter(TaskEvent.Finished.class::isInstance)
        .map(TaskEvent.Finished.class::cast)
        .toList();
  }

  @Test
  void aTimelineHasALaneForEachTaskAtOnceAndScopesWithinAreHeardToo() throws Exception {
    var timeline = new Timeline("scopes");
    var both = new CountDownLatch(2);
    try (var scope = TaskScope.open(o -> o.withName("outer").withListener(timeline))) {
      for (int i = 0; i < 2; i++) {
        scope.fork(() -> {
          both.countDown();
          both.await();
          try (var inner = TaskScope.open(o -> o.withName("inner"))) {
            inner.fork(() -> 1);
            return inner.join();
          }
        });
      }
      scope.join();
    }
    assertThat(timeline.summary().tasks()).isEqualTo(4);
    assertThat(timeline.summary().workers()).isBetween(3, 4);
  }

  @Test
  void aListenerThatFailsHarmsNothing() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>allSuccessfulOrThrow(),
            o ->
                o.withListener(event -> {
                  throw new IllegalStateException("listener");
                }))) {
      scope.fork(() -> 1);
      assertThat(scope.join()).containsExactly(1);
    }
  }

  @Test
  void aRecordingHasScopesAndTasks(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("scopes.jfr");
    try (var recording = new Recording()) {
      recording.enable("fornada.Scope");
      recording.enable("fornada.ScopeTask");
      recording.start();
      try (var scope = TaskScope.open(Joiner.<Integer>outcomes(), o -> o.withName("recorded"))) {
        scope.fork("one", () -> 1);
        scope.fork(
            "two",
            () -> {
              throw new IOException("two");
            });
        List<Outcome<Integer>> outcomes = scope.join();
        assertThat(outcomes).hasSize(2);
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertThat(
            events.stream()
                .filter(e -> e.getEventType().getName().equals("fornada.ScopeTask"))
                .filter(e -> e.getString("scope").equals("recorded"))
                .collect(
                    Collectors.toMap(e -> e.getString("purpose"), e -> e.getString("outcome"))))
        .containsOnly(java.util.Map.entry("one", "Done"), java.util.Map.entry("two", "Failed"));
    assertThat(
            events.stream()
                .filter(e -> e.getEventType().getName().equals("fornada.Scope"))
                .filter(e -> e.getString("scope").equals("recorded")))
        .singleElement()
        .satisfies(e -> assertThat(e.getInt("tasks")).isEqualTo(2));
    assertThat(Files.size(file)).isPositive();
  }
}
