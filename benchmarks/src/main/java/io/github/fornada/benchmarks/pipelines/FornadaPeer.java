package io.github.fornada.benchmarks.pipelines;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.say;

import io.github.fornada.Pool;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOptions;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineRun;
import io.github.fornada.pipeline.StageModel;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Fornada's pipelines. Arguments: the row, and the seconds to measure. */
public final class FornadaPeer {
  /** As pypeln's manual has it for its stages. */
  private static final int WORKERS = 2;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private FornadaPeer() {}

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    switch (args[0]) {
      case "version" -> {
        String version = Pipeline.class.getPackage().getImplementationVersion();
        say("version", version == null ? "" : version, "");
      }
      case "empty" -> empty(seconds);
      case "bound" -> bound(seconds);
      case "threads" -> {
        try (Pool a = ThreadPool.open(o -> o.withWorkers(WORKERS));
            Pool b = ThreadPool.open(o -> o.withWorkers(WORKERS))) {
          two("threads", seconds, a, b);
        }
      }
      case "processes" -> {
        try (Pool a = ProcessPool.open(o -> o.withWorkers(WORKERS));
            Pool b = ProcessPool.open(o -> o.withWorkers(WORKERS))) {
          two("processes", seconds, a, b);
        }
      }
      case "large" -> large(seconds);
      case "total" -> total(seconds);
      default -> throw new IllegalArgumentException("no such row: " + args[0]);
    }
  }

  // ---- three empty stages in one JVM

  private static void empty(double seconds) throws Exception {
    Rows.tiny(
        "empty",
        seconds,
        "as it comes",
        3,
        n ->
            sum(
                Pipeline.from(numbers(n))
                    .stage("a", StageModel.threads(1), x -> Rows.increment(x))
                    .stage("b", StageModel.threads(1), x -> Rows.increment(x))
                    .stage("c", StageModel.threads(1), x -> Rows.increment(x))));
    Rows.tiny("batches", seconds, "500 in a batch", 3, FornadaPeer::inBatches);
  }

  private static Iterable<Integer> numbers(int n) {
    return () -> IntStream.range(0, n).iterator();
  }

  private static long sum(Pipeline<Integer> pipeline) {
    try (var run = pipeline.run();
        Stream<PipelineOutcome<Integer>> outcomes = run.outcomes()) {
      return outcomes.mapToLong(o -> o.get()).sum();
    }
  }

  private static List<Integer> all(List<Integer> batch) {
    var next = new ArrayList<Integer>(batch.size());
    for (int n : batch) {
      next.add(Rows.increment(n));
    }
    return next;
  }

  private static long inBatches(int n) {
    try (PipelineRun<List<Integer>> run =
            Pipeline.from(numbers(n))
                .batches(500, Duration.ofMillis(200))
                .stage("a", StageModel.threads(1), FornadaPeer::all)
                .stage("b", StageModel.threads(1), FornadaPeer::all)
                .stage("c", StageModel.threads(1), FornadaPeer::all)
                .run();
        Stream<PipelineOutcome<List<Integer>>> outcomes = run.outcomes()) {
      return outcomes.flatMap(o -> o.get().stream()).mapToLong(x -> x).sum();
    }
  }

  // ---- tiny items through two stages

  /** On pools that are open, as the peers' workers are started before anything is timed. */
  private static void two(String row, double seconds, Pool a, Pool b) throws Exception {
    Rows.tiny(
        row,
        seconds,
        "two stages of two",
        2,
        n ->
            sum(
                Pipeline.from(numbers(n))
                    .stage("a", a, x -> Rows.increment(x))
                    .stage("b", b, x -> Rows.increment(x))));
  }

  // ---- 20 ms of waiting, then 10 ms of a processor

  private static void bound(double seconds) {
    long once = boundOnce(50);
    check(once > 0, "warm-up");
    int items = (int) Math.max(100, seconds * 200);
    double bound = items * 10e6;
    emit("bound", boundOnce(items) / bound, "of the bound", items + " items of 10 ms");
  }

  private static long boundOnce(int items) {
    long begin = System.nanoTime();
    try (var run =
        Pipeline.from(numbers(items))
            .stage("wait", StageModel.virtualThreads(8), x -> waits(x))
            .stage("compute", StageModel.threads(1), x -> computes(x))
            .run()) {
      check(run.outcomes().filter(o -> o.isDone()).count() == items, "count");
      return System.nanoTime() - begin;
    }
  }

  private static int waits(int x) throws InterruptedException {
    Thread.sleep(20);
    return x;
  }

  /** Ten milliseconds of the processor, however long that takes. */
  private static int computes(int x) {
    long end = THREADS.getCurrentThreadCpuTime() + 10_000_000;
    while (THREADS.getCurrentThreadCpuTime() < end) {
      Thread.onSpinWait();
    }
    return x;
  }

  // ---- sizes that are found, and the best ones

  /** The workers that the three stages share. */
  private static final int TOTAL = 8;

  /** Pipelines that are drawn; the worst is told. */
  private static final int DRAWN = 3;

  /** The milliseconds for which an item waits in each of three stages. */
  private record Waits(int a, int b, int c) {
    static Waits drawn(long seed) {
      var random = new Random(seed);
      return new Waits(2 + random.nextInt(14), 2 + random.nextInt(14), 2 + random.nextInt(14));
    }

    /** The items a second that these sizes give. */
    double rate(int sizeA, int sizeB, int sizeC) {
      return 1e3 * Math.min((double) sizeA / a, Math.min((double) sizeB / b, (double) sizeC / c));
    }
  }

  private static void total(double seconds) {
    double worst = 0;
    double worstWhole = 0;
    var note = new StringBuilder();
    for (int seed = 1; seed <= DRAWN; seed++) {
      Waits waits = Waits.drawn(seed);
      int[] sizes = new int[3];
      double best = bestSizes(waits, seconds, sizes);
      int items = (int) (best * Math.max(6, 8 * seconds));
      double[] found = runs(waits, new int[] {1, 1, 1}, items, o -> o.withTotal(TOTAL));
      worst = Math.max(worst, best / found[1]);
      worstWhole = Math.max(worstWhole, best / found[0]);
      note.append(
          "%s best %d+%d+%d; ".formatted(waits, sizes[0], sizes[1], sizes[2]).replace("Waits", ""));
    }
    emit("total", worst, "x", note + "once sizes are found");
    emit("total-whole", worstWhole, "x", "from one worker for each stage on");
  }

  /** Finds the best sizes by trying; of those that cannot differ by much, all. Returns the rate. */
  private static double bestSizes(Waits waits, double seconds, int[] best) {
    double most = 0;
    for (int a = 1; a < TOTAL - 1; a++) {
      for (int b = 1; a + b < TOTAL; b++) {
        most = Math.max(most, waits.rate(a, b, TOTAL - a - b));
      }
    }
    double found = 0;
    for (int a = 1; a < TOTAL - 1; a++) {
      for (int b = 1; a + b < TOTAL; b++) {
        int[] sizes = {a, b, TOTAL - a - b};
        double foreseen = waits.rate(a, b, sizes[2]);
        if (foreseen < 0.7 * most) {
          continue; // by arithmetic far from the best
        }
        double rate = runs(waits, sizes, (int) (foreseen * Math.max(0.5, seconds)), o -> o)[1];
        if (rate > found) {
          found = rate;
          System.arraycopy(sizes, 0, best, 0, 3);
        }
      }
    }
    return found;
  }

  /** Returns the items a second: of the whole run, and of its second half. */
  private static double[] runs(
      Waits waits, int[] sizes, int items, UnaryOperator<PipelineOptions> options) {
    var marks = new long[2];
    long begin = System.nanoTime();
    try (var run =
            Pipeline.from(numbers(items))
                .stage("a", StageModel.threads(sizes[0]), x -> waits(waits.a(), x))
                .stage("b", StageModel.threads(sizes[1]), x -> waits(waits.b(), x))
                .stage("c", StageModel.threads(sizes[2]), x -> waits(waits.c(), x))
                .run(options);
        Stream<PipelineOutcome<Integer>> outcomes = run.outcomes()) {
      var count = new int[1];
      outcomes.forEach(o -> {
        if (++count[0] == items / 2) {
          marks[0] = System.nanoTime();
        }
      });
      marks[1] = System.nanoTime();
      check(count[0] == items, "count");
    }
    double whole = items / ((marks[1] - begin) / 1e9);
    return new double[] {whole, (items - items / 2) / ((marks[1] - marks[0]) / 1e9)};
  }

  private static int waits(int millis, int x) throws InterruptedException {
    Thread.sleep(millis);
    return x;
  }

  // ---- 64 MiB from one process to the next

  private static byte[] makes(int n) {
    var made = new byte[Rows.MIB_64];
    made[n] = 1;
    return made;
  }

  private static int takes(byte[] array) {
    return array.length;
  }

  private static void large(double seconds) throws Exception {
    int items = (int) Math.max(8, 12 * seconds);
    Supplier<Integer> all =
        () -> {
          long begin = System.nanoTime();
          try (var run =
              Pipeline.from(numbers(items))
                  .stage("make", StageModel.processes(1), n -> makes(n))
                  .stage("take", StageModel.processes(1), array -> takes(array))
                  .run()) {
            run.outcomes().forEach(o -> check(o.get() == Rows.MIB_64, "length"));
          }
          return (int) ((System.nanoTime() - begin) / items / 1000);
        };
    int first = all.get();
    emit("large", all.get() / 1e3, "ms", items + " arrays; the first run " + first / 1000 + " ms");
    emit("large-hand", byHandMillis(items), "ms", "two threads, files in memory, no process");
    emit("large-copy", copyMillis(), "ms", "one copy in this JVM into new memory");
  }

  /** As little as any two processes can do: one makes and writes a file, the other reads it. */
  private static double byHandMillis(int items) throws Exception {
    Path memory = Path.of("/dev/shm");
    Path folder =
        Files.isDirectory(memory)
            ? Files.createTempDirectory(memory, "by-hand-")
            : Files.createTempDirectory("by-hand-");
    var made = new ArrayBlockingQueue<Path>(2);
    try (var maker = Executors.newSingleThreadExecutor()) {
      long begin = System.nanoTime();
      Future<?> making =
          maker.submit(() -> {
            for (int k = 0; k < items; k++) {
              made.put(Files.write(folder.resolve("item-" + k), makes(k)));
            }
            return null;
          });
      for (int k = 0; k < items; k++) {
        Path file = made.take();
        check(takes(Files.readAllBytes(file)) == Rows.MIB_64, "length");
        Files.delete(file);
      }
      making.get();
      return (System.nanoTime() - begin) / 1e6 / items;
    } finally {
      Files.delete(folder);
    }
  }

  private static double copyMillis() {
    byte[] from = makes(0);
    double best = Double.MAX_VALUE;
    for (int k = 0; k < 12; k++) {
      long begin = System.nanoTime();
      byte[] copy = from.clone();
      best = Math.min(best, (System.nanoTime() - begin) / 1e6);
      check(copy[0] == 1, "copy");
    }
    return best;
  }
}
