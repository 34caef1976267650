package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Events;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** The Flight Recorder events of workers, and their cost without a recording. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class FlightTest {
  @TempDir Path temp;

  @Test
  void aRecordingHasTheWorkersThatStartedAndThoseThatWereLost() throws Exception {
    Path file = temp.resolve("workers.jfr");
    try (var recording = new Recording()) {
      recording.start();
      try (Pool pool = Pools.open(1)) {
        List<Outcome<Integer>> outcomes =
            pool.<Integer, Integer>outcomes(
                    List.of(1, 2, 3),
                    item -> {
                      if (item == 2) {
                        Runtime.getRuntime().halt(3);
                      }
                      return item;
                    })
                .toList();
        assertThat(outcomes.get(1)).isInstanceOf(Outcome.WorkerLost.class);
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);

    List<RecordedEvent> started = Events.named(events, "fornada.WorkerStart");
    assertThat(started).hasSizeGreaterThanOrEqualTo(2);
    assertThat(started).allMatch(e -> e.getDuration("startupNanos").isPositive());
    List<RecordedEvent> ended = Events.named(events, "fornada.WorkerEnd");
    assertThat(ended).hasSize(2);
    RecordedEvent lost = ended.getFirst();
    assertThat(lost.getBoolean("expected")).isFalse();
    assertThat(lost.getInt("exitCode")).isEqualTo(3);
    assertThat(lost.getString("worker")).isEqualTo("worker-1");
    assertThat(started).anyMatch(e -> e.getLong("pid") == lost.getLong("pid"));
    assertThat(ended.getLast().getBoolean("expected")).isTrue();

    List<RecordedEvent> tasks = Events.named(events, "fornada.Task");
    assertThat(tasks.stream().map(e -> e.getString("outcome")))
        .containsExactlyInAnyOrder("Done", "WorkerLost", "Done");
    assertThat(Stream.of(started, ended, tasks).flatMap(List::stream))
        .allMatch(e -> e.getStackTrace() == null);
  }

  private static final String PROGRAM =
      """
      import io.github.fornada.process.ProcessPool;
      import io.github.fornada.threads.*;
      import java.util.List;
      public class Main {
        public static void main(String[] args) throws Exception {
          try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"))) {
            System.out.println(pool.map(List.of(1, 2), x -> x + 1));
          }
          try (var pool = ThreadPool.open()) {
            System.out.println(pool.submit(3, x -> x + 1).get());
          }
        }
      }
      """;

  @Test
  void withoutARecordingNoEventIsTouched() throws Exception {
    Path classes =
        Programs.compile(temp.resolve("main"), List.of("-cp", Programs.library() + ""), PROGRAM);
    Path log = temp.resolve("loaded.txt");
    var ran =
        Programs.java(
            temp,
            Map.of(),
            List.of(
                "-Xlog:class+load:file=" + log,
                "-cp",
                classes + System.getProperty("path.separator") + Programs.library(),
                "Main"));
    assertThat(ran.said()).contains("[2, 3]").contains("4");
    assertThat(Files.readString(log))
        .contains("io.github.fornada.spi.FlightEvents ")
        .doesNotContain("FlightEvents$Task")
        .doesNotContain("ProcessEvents$")
        .doesNotContain("jdk.jfr.Event ");
  }
}
