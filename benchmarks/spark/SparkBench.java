package io.github.fornada.benchmarks.spark;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.spark.LoopbackCluster;
import io.github.fornada.spark.SparkPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.package$;

/**
 * Measures one row: on one cluster, with one application, an RDD by hand and a {@link SparkPool},
 * one after the other; which is first changes from round to round. Starting a cluster, an
 * application or a pool is not measured.
 *
 * <p>Arguments: the row, the sizes as a part of the full ones, and the round; or "options", which
 * prints what Spark wants of a JVM's command line.
 */
public final class SparkBench {
  private static final int MACHINES = 2;
  private static final int EQUAL_MILLIS = 10;

  /** The cores of each machine where items only wait, so that there may be more than there are. */
  private static final int CORES_THAT_WAIT = 16;

  /** So many items at least run before any is timed: of few, most of the time is spent compiling. */
  private static final int WARM_ITEMS = 500;

  /** The same for items that wait: as many as an RDD's in all the counts of partitions tried. */
  private static final int WARM_ITEMS_THAT_WAIT = 20_000;

  /** Partitions of the RDDs: the best of these counts. */
  private static final int[] PARTITIONS = {2, 4, 8, 16, 64, 256, 1024};

  private final JavaSparkContext spark;
  private final int workers;
  private final double scale;
  private final boolean poolFirst;

  private SparkBench(JavaSparkContext spark, int workers, double scale, boolean poolFirst) {
    this.spark = spark;
    this.workers = workers;
    this.scale = scale;
    this.poolFirst = poolFirst;
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("options")) {
      System.out.println(JavaModuleOptions.defaultModuleOptions());
      return;
    }
    if (args[0].equals("version")) {
      String text = "on Spark " + package$.MODULE$.SPARK_VERSION() + ", Java " + Runtime.version();
      System.out.println("{\"row\": \"version\", \"text\": \"" + text + "\"}");
      return;
    }
    int cores = waits(args[0]) ? CORES_THAT_WAIT : 1;
    try (var cluster = LoopbackCluster.start(MACHINES, cores)) {
      var conf = new SparkConf().setMaster(cluster.master()).setAppName("fornada-bench");
      cluster.settings().forEach(conf::set);
      conf.set("spark.log.level", "ERROR");
      conf.set("spark.locality.wait", "0"); // no task has data that lies nearer to one executor
      // As this JVM: on a new machine the first measurement would make the cache beside its items.
      conf.set("spark.executor.extraJavaOptions", "-Dio.github.fornada.aotCache=use");
      conf.setJars(new String[] {System.getProperty("bench.jar")});
      var spark = new JavaSparkContext(conf);
      try {
        new SparkBench(
                spark,
                MACHINES * cores,
                Double.parseDouble(args[1]),
                Integer.parseInt(args[2]) % 2 == 1)
            .measure(args[0]);
      } finally {
        spark.stop();
      }
    }
    System.exit(0);
  }

  private void measure(String row) throws Exception {
    int executors = executors();
    if (executors != MACHINES) {
      throw new IllegalStateException(executors + " executors came");
    }
    switch (row) {
      case "equal" -> costly("equal", equal(), Rdd::work);
      case "heavy" -> costly("heavy", heavy(1, 2400), Rdd::waits);
      case "heavy-long" -> costly("heavy-long", heavy(1, 12_000), Rdd::waits);
      case "heavy-two" -> costly("heavy-two", heavy(stepsOfOneMilli(), 12_000), Rdd::work);
      case "tiny" -> tiny();
      case "first" -> first();
      case "poison" -> poison();
      case "flat" -> flat();
      default -> throw new IllegalArgumentException("no row is called " + row);
    }
  }

  private static boolean waits(String row) {
    return row.equals("heavy") || row.equals("heavy-long");
  }

  /** Waits for both executors, and returns how many there are; the driver is no executor. */
  private int executors() throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    int found = 0;
    while (found < MACHINES && System.nanoTime() < deadline) {
      Thread.sleep(20);
      found = spark.sc().statusTracker().getExecutorInfos().length - 1;
    }
    return found;
  }

  private static void emit(String peer, String row, double value, String unit, String note) {
    System.out.println(
        "{\"peer\": \"" + peer + "\", \"row\": \"" + row + "\", \"value\": " + value
            + ", \"unit\": \"" + unit + "\", \"note\": \"" + note + "\"}");
  }

  private interface Step {
    void run() throws Exception;
  }

  private void inTurns(Step pool, Step rdd) throws Exception {
    if (poolFirst) {
      pool.run();
      rdd.run();
    } else {
      rdd.run();
      pool.run();
    }
  }

  private SparkPool pool() throws InterruptedException {
    return SparkPool.on(spark.sc(), o -> o.withWorkers(workers).withHeap("64m"));
  }

  // ---- items that take time

  /** Returns how many steps take a millisecond of a processor. */
  private static long stepsOfOneMilli() {
    long best = Long.MAX_VALUE;
    long steps = 2_000_000;
    for (int i = 0; i < 40; i++) {
      long begin = System.nanoTime();
      if (Rdd.work(steps + i) == 0) {
        throw new AssertionError();
      }
      best = Math.min(best, System.nanoTime() - begin);
    }
    return steps * 1_000_000 / best;
  }

  private List<Long> equal() {
    long steps = EQUAL_MILLIS * stepsOfOneMilli();
    int count = Math.max(100, (int) (8000 * scale));
    return IntStream.range(0, count).mapToObj(i -> steps).toList();
  }

  /** A Pareto distribution: most take a little, some take a hundred times as long. */
  private List<Long> heavy(long milli, int atFullSize) {
    var random = new Random(15);
    int count = Math.max(400, (int) (atFullSize * scale));
    return IntStream.range(0, count)
        .mapToObj(i ->
            (long) (milli * Math.min(300, 2 * Math.pow(1 - random.nextDouble(), -1 / 1.3))))
        .toList();
  }

  /**
   * Both are warm, and each is timed once: the RDD at the count of partitions that was the best
   * before. The best of the times by which that is found would be its luckiest, on a machine that
   * is not quiet.
   */
  private void costly(String row, List<Long> items, TaskFunction<Long, Long> body)
      throws Exception {
    boolean wait = waits(row);
    int warm = wait ? WARM_ITEMS_THAT_WAIT : WARM_ITEMS;
    inTurns(
        () -> {
          try (SparkPool pool = pool()) {
            warm(warm, items, () -> pool.map(items, body));
            Duration before = processorTime();
            double rate = rate(items.size(), () -> pool.map(items, body));
            String note = items.size() + " items, " + each(items, before);
            emit("fornada", row, rate, "items/s", note);
            if (wait) {
              double most = mostItemsASecond(items);
              emit("fornada", row + "-of-most", rate / most, "of 1", "of " + (long) most);
            }
          }
        },
        () -> {
          warm(warm, items, () -> rdd(items, workers, wait));
          int partitions = bestPartitions(items, wait);
          Duration before = processorTime();
          double rate = rate(items.size(), () -> rdd(items, partitions, wait));
          String note = partitions + " partitions, " + each(items, before);
          emit("rdd", row, rate, "items/s", note);
          if (wait) {
            emit("rdd", row + "-of-most", rate / mostItemsASecond(items), "of 1", "");
          }
        });
  }

  private static void warm(int least, List<Long> items, Supplied<List<Long>> once)
      throws Exception {
    for (int ran = 0; ran < least; ran += items.size()) {
      once.get();
    }
  }

  /**
   * Returns what no way of handing out items in their order can exceed: each begins as soon as a
   * core is free, which costs nothing.
   *
   * @param millis what each item takes
   */
  private double mostItemsASecond(List<Long> millis) {
    var free = new PriorityQueue<Long>();
    for (int core = 0; core < workers; core++) {
      free.add(0L);
    }
    long end = 0;
    for (long each : millis) {
      long then = free.remove() + each;
      end = Math.max(end, then);
      free.add(then);
    }
    return millis.size() * 1e3 / end;
  }

  private int bestPartitions(List<Long> items, boolean wait) throws Exception {
    double best = 0;
    int bestCount = workers;
    for (int partitions : PARTITIONS) {
      if (partitions < workers || partitions > items.size()) {
        continue;
      }
      double rate = rate(items.size(), () -> rdd(items, partitions, wait));
      if (rate < best / 2) {
        break; // more partitions are only slower
      }
      if (rate > best) {
        best = rate;
        bestCount = partitions;
      }
    }
    return bestCount;
  }

  private List<Long> rdd(List<Long> items, int partitions) {
    return rdd(items, partitions, false);
  }

  private List<Long> rdd(List<Long> items, int partitions, boolean wait) {
    return wait ? Rdd.waiting(spark, items, partitions) : Rdd.map(spark, items, partitions);
  }

  /** All that executors load of this program: nothing here may name Fornada, which they lack. */
  private static final class Rdd {
    static List<Long> map(JavaSparkContext spark, List<Long> items, int partitions) {
      return spark.parallelize(items, partitions).map(Rdd::work).collect();
    }

    static List<Long> waiting(JavaSparkContext spark, List<Long> millis, int partitions) {
      return spark.parallelize(millis, partitions).map(Rdd::waits).collect();
    }

    /** Waits so many milliseconds, as for an answer of another machine. */
    static long waits(long millis) throws InterruptedException {
      Thread.sleep(millis);
      return millis;
    }

    /** Does nothing of use, for as many steps; the JIT compiler cannot know the result. */
    static long work(long steps) {
      long x = steps | 1;
      for (long i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
      }
      return x;
    }
  }

  /** Of this JVM and of all that it has started: also on a busy machine it says what is overhead. */
  private static Duration processorTime() {
    ProcessHandle self = ProcessHandle.current();
    return Stream.concat(Stream.of(self), self.descendants())
        .map(each -> each.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static String each(List<Long> items, Duration before) {
    double millis = processorTime().minus(before).toNanos() / 1e6 / items.size();
    return String.format(java.util.Locale.ROOT, "%.2f ms of a processor each", millis);
  }

  private static double rate(long count, Supplied<List<Long>> once) throws Exception {
    long begin = System.nanoTime();
    List<Long> results = once.get();
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (results.size() != count) {
      throw new IllegalStateException(results.size() + " results of " + count + " items");
    }
    return count / seconds;
  }

  private interface Supplied<T> {
    T get() throws Exception;
  }

  private void tiny() throws Exception {
    int count = Math.max(20_000, (int) (1_000_000 * scale));
    List<Long> items = IntStream.range(0, count).mapToObj(i -> (long) i % 8).toList();
    List<Long> few = items.subList(0, Math.min(count, Math.max(200, (int) (4000 * scale))));
    inTurns(
        () -> {
          try (SparkPool pool = pool()) {
            pool.map(items, Rdd::work);
            double rate = rate(count, () -> pool.map(items, Rdd::work));
            emit("fornada", "tiny", rate, "items/s", count + " items");
            emit("fornada", "tiny-best", rate, "items/s", "");
          }
        },
        () -> {
          rdd(few, few.size());
          emit("rdd", "tiny", rate(few.size(), () -> rdd(few, few.size())), "items/s", few.size() + " items");
          rdd(items, MACHINES);
          int partitions = bestPartitions(items, false);
          double best = rate(count, () -> rdd(items, partitions));
          emit("rdd", "tiny-best", best, "items/s", partitions + " partitions");
        });
  }

  // ---- the first result

  private void first() throws Exception {
    int times = Math.max(7, (int) (100 * scale));
    inTurns(
        () -> {
          try (SparkPool pool = pool()) {
            emit("fornada", "first", median(times, () -> firstOf(pool)), "ms", times + " times");
          }
        },
        () ->
            emit("rdd", "first", median(times, () -> rdd(List.of(1L), 1)), "ms", times + " times"));
  }

  private static Long firstOf(SparkPool pool) {
    Iterable<Long> endless = () -> Stream.iterate(1L, i -> i + 1).iterator();
    try (Stream<Completion<Long, Long>> all = pool.completions(endless, Rdd::work)) {
      return all.iterator().next().outcome().get();
    }
  }

  private static double median(int times, Supplied<?> one) throws Exception {
    for (int i = 0; i < times; i++) {
      one.get();
    }
    var millis = new ArrayList<Double>();
    for (int i = 0; i < times; i++) {
      long begin = System.nanoTime();
      one.get();
      millis.add((System.nanoTime() - begin) / 1e6);
    }
    millis.sort(null);
    return millis.get(times / 2);
  }

  // ---- items that end their JVM

  private void poison() throws Exception {
    int count = Math.max(2000, (int) (100_000 * scale));
    int every = 1000;
    TaskFunction<Integer, Integer> function =
        i -> {
          if (i % every == every / 2) {
            Runtime.getRuntime().halt(3);
          }
          return i;
        };
    var done = new BitSet(count);
    int wrong = 0;
    int named = 0;
    long begin = System.nanoTime();
    try (SparkPool pool = pool();
        Stream<Completion<Integer, Integer>> all =
            pool.completions(() -> IntStream.range(0, count).iterator(), function)) {
      for (Iterator<Completion<Integer, Integer>> each = all.iterator(); each.hasNext(); ) {
        Completion<Integer, Integer> one = each.next();
        boolean isPoison = one.item() % every == every / 2;
        boolean isNamed =
            one.outcome() instanceof Outcome.WorkerLost<Integer> lost
                && lost.message().contains("item " + one.item() + " (" + one.item() + ")");
        boolean isDone =
            one.outcome() instanceof Outcome.Done<Integer>(Integer value)
                && value.equals(one.item());
        named += isPoison && isNamed ? 1 : 0;
        wrong += (isPoison ? !isNamed : !isDone) || done.get(one.item()) ? 1 : 0;
        done.set(one.item());
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    wrong += count - done.cardinality();
    int poison = (count - every / 2 + every - 1) / every;
    emit("fornada", "poison-named", named / (double) poison, "of 1", poison + " items");
    emit("fornada", "poison-executors", MACHINES - executors(), "", "");
    emit("fornada", "poison-wrong", wrong, "", "");
    emit("fornada", "poison", count / seconds, "items/s", count + " items");
  }

  // ---- memory

  private void flat() throws Exception {
    int count = Math.max(100_000, (int) (10_000_000 * scale));
    long atFifth = 0;
    long atEnd = 0;
    long begin = System.nanoTime();
    long seen = 0;
    try (SparkPool pool = pool();
        Stream<Completion<Integer, Integer>> all =
            pool.completions(() -> IntStream.range(0, count).iterator(), i -> i + 1)) {
      for (Iterator<Completion<Integer, Integer>> each = all.iterator(); each.hasNext(); ) {
        each.next();
        seen++;
        if (seen == count / 5) {
          atFifth = heap();
        } else if (seen == count - 1000) {
          atEnd = heap();
        }
      }
    }
    if (seen != count) {
      throw new IllegalStateException(seen + " of " + count);
    }
    emit("fornada", "flat", count / ((System.nanoTime() - begin) / 1e9), "items/s", count + " items");
    emit("fornada", "flat-heap", atEnd / (double) atFifth, "x", atEnd / 1_000_000 + " MB");
  }

  /** What is in use of this JVM's heap, after a collection. */
  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
