package io.github.fornada.timeline;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Writes reports of real runs for the browser check and for people to look at. Usage: {@code
 * SampleReports FOLDER}, which must exist.
 */
final class SampleReports {
  private SampleReports() {}

  /** Text that must show and do nothing. */
  static final String HOSTILE =
      "</script><script>window.hacked=1</script>\"'<img src=x onerror=window.hacked=1>"
          + "\u2028\u202eevil\u0000 {{script}}";

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    mixed(folder.resolve("mixed.html"), folder.resolve("mixed.json"));
    large(folder.resolve("large.html"), folder.resolve("large.json"));
  }

  /** Some tasks that wait and compute, some of which fail. */
  private static void mixed(Path html, Path json) throws IOException {
    List<String> items =
        new ArrayList<>(IntStream.range(0, 60).mapToObj("photo-%03d.jpg"::formatted).toList());
    items.set(7, HOSTILE);
    items.set(31, "stuck.jpg");
    TaskFunction<String, Integer> function =
        item -> {
          if (item.equals("stuck.jpg")) {
            Thread.sleep(10_000);
          }
          if (item.equals(HOSTILE) || item.hashCode() % 17 == 3) {
            Thread.sleep(12);
            throw new IllegalStateException("not an image: " + item, new IOException("no header"));
          }
          Thread.sleep(8 + Math.floorMod(item.hashCode(), 30));
          return burn(Duration.ofMillis(1 + Math.floorMod(item.hashCode(), 3)));
        };
    var limit = Duration.ofMillis(400);
    var runs = new LinkedHashMap<String, Function<Timeline, Pool>>();
    runs.put("sequential", t -> SequentialPool.open(o -> o.withListener(t).withTimeLimit(limit)));
    runs.put(
        "threads",
        t -> ThreadPool.open(o -> o.withWorkers(4).withListener(t).withTimeLimit(limit)));
    runs.put("virtual", t -> VirtualThreadPool.open(o -> o.withListener(t).withTimeLimit(limit)));
    var report =
        new HtmlReport("Shrinking 60 photos " + HOSTILE)
            .withText(
                List.of(
                    "A task waits for most of its time, so running several at once pays even on few"
                        + " processors.",
                    "Virtual threads have all of them in progress at once; four threads come"
                        + " close."));
    write(report, run(runs, items, function), html, json);
  }

  /** 100,000 short tasks, one in 5,000 of which fails. */
  private static void large(Path html, Path json) throws IOException {
    List<Integer> items = IntStream.range(0, 100_000).boxed().toList();
    TaskFunction<Integer, Integer> function =
        item -> {
          if (item % 5_000 == 4_321) {
            throw new IllegalArgumentException("cannot do " + item);
          }
          return burn(Duration.ofNanos(5_000 + Math.floorMod(item * 7919, 20_000)));
        };
    var runs = new LinkedHashMap<String, Function<Timeline, Pool>>();
    runs.put("sequential", t -> SequentialPool.open(o -> o.withListener(t)));
    runs.put("threads", t -> ThreadPool.open(o -> o.withWorkers(4).withListener(t)));
    runs.put("virtual", t -> VirtualThreadPool.open(o -> o.withListener(t)));
    var report = new HtmlReport("100,000 short tasks");
    write(report, run(runs, items, function), html, json);
  }

  private static <T> List<Timeline> run(
      Map<String, Function<Timeline, Pool>> pools,
      List<T> items,
      TaskFunction<T, Integer> function) {
    var timelines = new ArrayList<Timeline>();
    pools.forEach((name, open) -> {
      var timeline = new Timeline(name);
      try (Pool pool = open.apply(timeline);
          var outcomes = pool.outcomes(items, function)) {
        timeline.begin();
        long ended = outcomes.count();
        timeline.end();
        if (ended != items.size()) {
          throw new AssertionError(ended + " outcomes of " + items.size() + " items");
        }
      }
      timelines.add(timeline);
    });
    return timelines;
  }

  private static void write(HtmlReport report, List<Timeline> timelines, Path html, Path json)
      throws IOException {
    long slowest = timelines.getFirst().summary().wallNanos();
    for (Timeline timeline : timelines) {
      TimelineSummary s = timeline.summary();
      var figures = new LinkedHashMap<String, String>();
      figures.put("wall time", Figures.duration(s.wallNanos()));
      figures.put("speed-up", Figures.number((double) slowest / s.wallNanos()) + "\u00d7");
      figures.put("in flight", Figures.number(s.inFlight()));
      figures.put(
          "busy cores",
          s.cpuNanos() < 0 ? "" : Figures.number((double) s.cpuNanos() / s.wallNanos()));
      figures.put("longest task", Figures.duration(s.maxNanos()));
      figures.put("failed", String.valueOf(s.failed() + s.timedOut() + s.lost()));
      report.add(timeline, figures);
    }
    long before = System.nanoTime();
    report.write(html);
    long after = System.nanoTime();
    ChromeTrace.write(json, timelines);
    System.out.printf(
        "%s: %,d bytes in %s; %s: %,d bytes in %s%n",
        html.getFileName(),
        Files.size(html),
        Figures.duration(after - before),
        json.getFileName(),
        Files.size(json),
        Figures.duration(System.nanoTime() - after));
  }

  /** Computes for so long. */
  private static int burn(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    int sum = 0;
    while (System.nanoTime() - end < 0) {
      sum = sum * 31 + 7;
    }
    return sum;
  }
}
