package io.github.fornada.timeline;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineSummary;
import io.github.fornada.pipeline.StageMoment;
import io.github.fornada.pipeline.StageSummary;
import io.github.fornada.process.ProcessPool;
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
    hostile(folder.resolve("hostile.html"), folder.resolve("hostile.json"));
    waiting(folder.resolve("waiting.html"), folder.resolve("waiting.json"));
    large(folder.resolve("large.html"), folder.resolve("large.json"));
    stages(folder.resolve("stages.html"), folder.resolve("stages.json"));
    walls(folder.resolve("walls.html"), folder.resolve("walls.json"));
  }

  /** What limits the rate of a job: a lock, cores, and another side, with a hostile name. */
  private static void walls(Path html, Path json) throws IOException {
    var timeline =
        run(
            "auto",
            t -> ThreadPool.open(o -> o.withWorkers(2).withListener(t)),
            IntStream.range(0, 60).boxed().toList(),
            n -> paused(n, 5));
    var picture =
        WallsPicture.of(0.004, 0.016, 0.003, 2, 420)
            .withDot("one after the other", 1, 49.5, 24, false)
            .withDot("2 threads", 2, 96, 30, false)
            .withDot("8 virtual threads " + HOSTILE, 8, 290, 900, true)
            .withDot("16 virtual threads", 16, 312, 400, false)
            .withStep("From one after the other to 2 virtual threads: the first item waits.")
            .withStep(HOSTILE);
    var report =
        new HtmlReport("What limits the rate")
            .withText(List.of("One item at a time is within a lock."))
            .withWalls(picture);
    write(report, List.of(timeline), html, json);
  }

  /** A pipeline whose second stage is slow, and whose source pauses in the middle. */
  private static void stages(Path html, Path json) throws IOException {
    var names = List.of("fetch", "parse and check what came with a long name", "store");
    var timelines = names.stream().map(Timeline::new).toList();
    Iterable<Integer> source =
        () -> IntStream.range(0, 160).peek(n -> pause(n == 90 ? 400 : 0)).iterator();
    timelines.forEach(Timeline::begin);
    try (var fetch = VirtualThreadPool.open(o -> o.withWorkers(8).withListener(timelines.get(0)));
        var parse = ProcessPool.open(o -> o.withWorkers(2).withListener(timelines.get(1)));
        var store = ThreadPool.open(o -> o.withWorkers(2).withListener(timelines.get(2)));
        var run =
            Pipeline.from(source)
                .stage(names.get(0), fetch, n -> paused(n, 10 + n % 7))
                .stage(names.get(1), parse, n -> paused(n, 14 + n % 5))
                .stage(names.get(2), store, n -> paused(n, 1))
                .run()) {
      var count = run.outcomes().filter(PipelineOutcome::isDone).count();
      timelines.forEach(Timeline::end);
      var report =
          new HtmlReport("Fetch, parse, store")
              .withText(List.of(count + " results.", run.summary().advice()));
      PipelineSummary summary = run.summary();
      for (int k = 0; k < names.size(); k++) {
        StageSummary stage = summary.stages().get(k);
        var figures = new LinkedHashMap<String, String>();
        figures.put("stage", stage.name());
        figures.put("model", stage.model());
        figures.put("size", String.valueOf(stage.size()));
        figures.put("items/s", Figures.number(stage.rate()));
        figures.put("busy", Math.round(stage.busy() * 100) + " %");
        figures.put("deepest queue", stage.deepestQueue() + "/" + stage.queueLimit());
        report.add(timelines.get(k), figures);
        if (stage.name().equals(names.get(1))) {
          report.withBottleneck(timelines.get(k));
        }
        var slices = new ArrayList<BandSlice>();
        for (StageMoment m : stage.history()) {
          slices.add(
              new BandSlice(
                  m.from(), m.to(), m.busy(), m.restarting(), m.waitsForRoom(), m.queued()));
        }
        report.withBand(stage.name(), stage.model() + ", " + stage.size() + " workers", slices);
      }
      save(report, timelines, html, json);
    }
  }

  private static int paused(int n, int millis) {
    pause(millis);
    return n;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Tasks that wait and compute on every model; some of them fail, each in its own way. */
  private static void mixed(Path html, Path json) throws IOException {
    List<String> items =
        new ArrayList<>(IntStream.range(0, 60).mapToObj("request-%02d"::formatted).toList());
    items.set(21, "broken");
    items.set(31, "stuck");
    var crashing = new ArrayList<>(items);
    crashing.set(44, "crash");
    var limit = Duration.ofMillis(300);
    var timelines = new ArrayList<Timeline>();
    timelines.add(
        run(
            "sequential",
            t -> SequentialPool.open(o -> o.withListener(t).withTimeout(limit)),
            items,
            SampleReports::fetch));
    timelines.add(
        run(
            "virtual",
            t -> VirtualThreadPool.open(o -> o.withListener(t).withTimeout(limit)),
            items,
            SampleReports::fetch));
    timelines.add(
        run(
            "threads",
            t -> ThreadPool.open(o -> o.withWorkers(4).withListener(t).withTimeout(limit)),
            items,
            SampleReports::fetch));
    timelines.add(
        run(
            "processes",
            t -> ProcessPool.open(o -> o.withWorkers(4).withListener(t).withTimeout(limit)),
            crashing,
            SampleReports::fetch));
    var report =
        new HtmlReport("Sixty tasks that mostly wait")
            .withText(
                List.of(
                    "A task waits for most of its time, so running several at once pays even on"
                        + " few processors.",
                    "Virtual threads have all of them in progress at once.",
                    "Worker processes pay for their start, and only they outlive a crash."));
    report.withRecommended(timelines.get(1)).withCaption("Each ran once.");
    write(report, timelines, html, json);
  }

  private static int fetch(String item) throws Exception {
    switch (item) {
      case "stuck" -> Thread.sleep(10_000);
      case "broken" -> {
        Thread.sleep(12);
        throw new IllegalStateException("no answer: " + item, new IOException("connection reset"));
      }
      case "crash" -> Runtime.getRuntime().halt(134);
      default -> Thread.sleep(8 + Math.floorMod(item.hashCode(), 30));
    }
    return burn(Duration.ofMillis(1 + Math.floorMod(item.hashCode(), 3)));
  }

  /** Text from users that would do harm if it could. */
  private static void hostile(Path html, Path json) throws IOException {
    var timeline =
        run(
            HOSTILE,
            t -> ThreadPool.open(o -> o.withWorkers(2).withListener(t).withName(HOSTILE)),
            List.of(HOSTILE, "well"),
            item -> {
              Thread.sleep(5);
              if (item.equals(HOSTILE)) {
                throw new IllegalStateException(HOSTILE);
              }
              return 1;
            });
    var report = new HtmlReport(HOSTILE).withText(List.of(HOSTILE));
    report.add(timeline, Map.of(HOSTILE, HOSTILE));
    write(report, List.of(), html, json);
    ChromeTrace.write(json, List.of(timeline));
  }

  /** A thousand virtual threads that mostly wait. */
  private static void waiting(Path html, Path json) throws IOException {
    List<Integer> items = IntStream.range(0, 20_000).boxed().toList();
    TaskFunction<Integer, Integer> function =
        item -> {
          Thread.sleep(10 + Math.floorMod(item * 7919, 90));
          if (item % 2_000 == 1_234) {
            throw new IOException("connection reset by " + item);
          }
          return item;
        };
    var timelines = new ArrayList<Timeline>();
    timelines.add(
        run("virtual", t -> VirtualThreadPool.open(o -> o.withListener(t)), items, function));
    timelines.add(
        run(
            "100 threads",
            t -> ThreadPool.open(o -> o.withWorkers(100).withListener(t)),
            items.subList(0, 5_000),
            function));
    write(new HtmlReport("20,000 tasks that wait"), timelines, html, json);
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
    var timelines = new ArrayList<Timeline>();
    timelines.add(
        run("sequential", t -> SequentialPool.open(o -> o.withListener(t)), items, function));
    timelines.add(
        run(
            "threads",
            t -> ThreadPool.open(o -> o.withWorkers(4).withListener(t)),
            items,
            function));
    timelines.add(
        run("virtual", t -> VirtualThreadPool.open(o -> o.withListener(t)), items, function));
    write(new HtmlReport("100,000 short tasks"), timelines, html, json);
  }

  private static <T> Timeline run(
      String name,
      Function<Timeline, Pool> open,
      List<T> items,
      TaskFunction<T, Integer> function) {
    var timeline = new Timeline(name);
    timeline.begin();
    try (Pool pool = open.apply(timeline);
        var outcomes = pool.outcomes(items, function)) {
      long ended = outcomes.count();
      timeline.end();
      if (ended != items.size()) {
        throw new AssertionError(ended + " outcomes of " + items.size() + " items");
      }
    }
    return timeline;
  }

  private static void write(HtmlReport report, List<Timeline> timelines, Path html, Path json)
      throws IOException {
    long slowest = timelines.isEmpty() ? 0 : timelines.getFirst().summary().wallNanos();
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
    save(report, timelines, html, json);
  }

  private static void save(HtmlReport report, List<Timeline> timelines, Path html, Path json)
      throws IOException {
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
