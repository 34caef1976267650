package io.github.fornada.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChromeTraceTest {
  @TempDir Path folder;

  @SuppressWarnings("unchecked")
  private List<Map<String, Object>> written(List<Timeline> timelines) throws IOException {
    Path file = folder.resolve("trace.json");
    ChromeTrace.write(file, timelines);
    var trace = (Map<String, Object>) Json.parse(Files.readString(file));
    return (List<Map<String, Object>>) trace.get("traceEvents");
  }

  private static Timeline recorded(String title, int tasks, String label) {
    var timeline = new Timeline(title);
    timeline.begin();
    long zero = timeline.recording().baseNanos;
    for (int i = 0; i < tasks; i++) {
      long from = zero + i * 1_500L;
      var usage = TaskUsage.of("w-" + i % 3, from, from + 1_234, 1_000, 0);
      timeline.onEvent(
          TaskEvent.Finished.of(
              i, i, label + i, 1, true, new Outcome.Done<>(i), usage, from + 1_234));
    }
    return timeline;
  }

  @Test
  void noTimelinesAreAnEmptyTrace() throws IOException {
    assertThat(written(List.of())).isEmpty();
  }

  @Test
  void hundredThousandTasksAreOneSliceEach() throws IOException {
    var events = written(List.of(recorded("threads", 100_000, "item ")));
    var slices = events.stream().filter(e -> "X".equals(e.get("ph"))).toList();
    assertThat(slices).hasSize(100_000);
    assertThat(slices.getFirst())
        .containsEntry("name", "item 0")
        .containsEntry("pid", 1.0)
        .containsEntry("tid", 1.0)
        .containsEntry("ts", 0.0)
        .containsEntry("dur", 1.234);
    assertThat(slices).extracting(e -> e.get("tid")).containsOnly(1.0, 2.0, 3.0);
  }

  @Test
  void everyTimelineIsAProcessAndEveryWorkerAThread() throws IOException {
    var events = written(List.of(recorded("sequential", 3, "a"), recorded("threads", 3, "b")));
    var names =
        events.stream()
            .filter(e -> "M".equals(e.get("ph")) && e.get("name").toString().endsWith("_name"))
            .map(e -> e.get("pid") + " " + ((Map<?, ?>) e.get("args")).get("name"))
            .toList();
    assertThat(names)
        .containsExactly(
            "1.0 sequential",
            "1.0 w-0",
            "1.0 w-1",
            "1.0 w-2",
            "2.0 threads",
            "2.0 w-0",
            "2.0 w-1",
            "2.0 w-2");
  }

  @Test
  void whateverALabelHoldsTheTraceIsJson() throws IOException {
    String label = "\"\\\u0000\u001f\n</script>\u2028\u202e\ud83d\ude00 ";
    var events = written(List.of(recorded(label, 1, label)));
    var slice = events.stream().filter(e -> "X".equals(e.get("ph"))).findFirst().orElseThrow();
    assertThat(slice).containsEntry("name", label + "0");
    // A lone half of a character cannot be stored.
    events = written(List.of(recorded("t", 1, "\ud800")));
    assertThat(events.getLast().get("name").toString()).doesNotContain("\ud800").endsWith("0");
  }
}
