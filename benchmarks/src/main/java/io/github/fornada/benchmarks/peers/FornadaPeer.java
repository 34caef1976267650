package io.github.fornada.benchmarks.peers;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.quantile;
import static io.github.fornada.benchmarks.peers.Measure.rate;

import io.github.fornada.Completion;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.fory.ForyCodec;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.WorkerReserve;
import io.github.fornada.threads.ThreadPool;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Fornada's ProcessPool. Arguments: the row, and the seconds to measure. */
public final class FornadaPeer implements JavaPeer {
  private static final int DEFAULT_WINDOW = 1024;
  private static final int LARGE_WINDOW = 16_384;

  private final double seconds;

  private FornadaPeer(double seconds) {
    this.seconds = seconds;
  }

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    var peer = new FornadaPeer(seconds);
    switch (args[0]) {
      case "prepare" -> {
        if (!ProcessPool.makeAotCache(o -> o.withWorkers(2))) {
          System.err.println("no ahead-of-time cache could be made: workers start without");
        }
      }
      case "map" -> peer.map();
      case "stream" -> peer.stream();
      case "cpu" -> peer.cpu();
      case "bytes" -> {
        new Rows(peer, seconds).measure("bytes");
        peer.shared();
      }
      case "record" -> {
        new Rows(peer, seconds).measure("record");
        try (Pool pool = two()) {
          peer.mapRecords(pool, "record-map");
        }
        try (Pool pool = withFory()) {
          new Rows(peer, seconds).submitRecords(new Opened(pool), "fory-submit");
        }
        try (Pool pool = withFory()) {
          peer.mapRecords(pool, "fory-map");
        }
      }
      case "start" -> {
        new Rows(peer, seconds).measure("start");
        peer.startWithReserve();
        StartRows.measure();
      }
      case "first" -> peer.firstOfACachedProgram();
      case "lock" -> new SharedRows(seconds).lock();
      case "handover" -> new SharedRows(seconds).handover();
      case "owner" -> new SharedRows(seconds).owner();
      case "queue" -> new SharedRows(seconds).queue();
      case "array" -> new SharedRows(seconds).array();
      default -> new Rows(peer, seconds).measure(args[0]);
    }
  }

  private static Pool two() {
    return ProcessPool.open(o -> o.withWorkers(2));
  }

  private static Pool withFory() {
    return ProcessPool.open(o -> o.withWorkers(2).withCodec(new ForyCodec()));
  }

  // ---- what all Java peers have

  private record Opened(Pool pool) implements Session {
    @Override
    public <T, R extends @Nullable Object> Future<R> submit(TaskFunction<T, R> function, T item) {
      return pool.submit(item, function);
    }

    @Override
    public void close() {
      pool.close();
    }
  }

  @Override
  public Session open() {
    return new Opened(two());
  }

  @Override
  public String version() {
    String version = Pool.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0-SNAPSHOT" : version;
  }

  @Override
  public int kills() {
    return Math.max(15, (int) (20 * seconds));
  }

  @Override
  public int batch() {
    return 100_000;
  }

  // ---- what only Fornada has

  private void map() throws Exception {
    try (Pool pool = two()) {
      List<Integer> items = IntStream.range(0, 1_000_000).boxed().toList();
      Measure.Operations once =
          n -> {
            List<Integer> results = pool.map(items, Tasks::increment);
            check(results.get(n - 1) == n, "the last item");
          };
      emit("map", rate(seconds, items.size(), once), "items/s", "1000000 items, batches by itself");
    }
  }

  private void shared() throws Exception {
    try (Pool pool = two();
        SharedBytes bytes = pool.share(new byte[Rows.MIB_64])) {
      TaskFunction<SharedBytes, Integer> function = Tasks::sharedLength;
      Measure.Operations once =
          n -> {
            for (int i = 0; i < n; i++) {
              check(pool.submit(bytes, function).get() == Rows.MIB_64, "length");
            }
          };
      emit("shared", rate(seconds / 2, 1, once) * Rows.MIB_64 / 1e9, "GB/s", "as an item");
    }
  }

  /**
   * Opens pools whose workers have booted in a reserve; each pool waits until the reserve is full.
   */
  private void startWithReserve() throws Exception {
    var times = new double[6];
    try (var reserve = WorkerReserve.open(o -> o.withWorkers(2))) {
      for (int i = 0; i < times.length; i++) {
        TimeUnit.SECONDS.sleep(2);
        long begin = System.nanoTime();
        try (Pool pool = ProcessPool.open(reserve, o -> o)) {
          check(pool.submit(1, StartTask.INCREMENT).get() == 2, "increment");
          times[i] = (System.nanoTime() - begin) / 1e6;
        }
      }
    }
    emit("start-reserve", quantile(times, 0.5), "ms", times.length + " pools");
  }

  /** For a program that itself starts from an ahead-of-time cache, as run.py starts it. */
  private void firstOfACachedProgram() throws Exception {
    long begin = System.nanoTime();
    try (Pool pool = two()) {
      check(pool.submit(1, StartTask.INCREMENT).get() == 2, "increment");
      emit("start-first-cached", (System.nanoTime() - begin) / 1e6, "ms", "");
    }
  }

  private void mapRecords(Pool pool, String row) throws Exception {
    List<Tasks.Point> items = IntStream.range(0, 200_000).mapToObj(Rows::point).toList();
    Measure.Operations once =
        n -> {
          List<Tasks.Point> results = pool.map(items, Tasks::next);
          check(results.get(n - 1).equals(Tasks.next(items.get(n - 1))), "the last item");
        };
    double value = rate(seconds, items.size(), once);
    emit(row, value, "items/s", "200000 items, batches by itself");
  }

  private void stream() throws Exception {
    double standard = stream(DEFAULT_WINDOW, true);
    double large = stream(LARGE_WINDOW, true);
    emit("stream-one", standard, "items/s", "as it comes: a window of " + DEFAULT_WINDOW);
    emit(
        "stream",
        Math.max(standard, large),
        "items/s",
        "a window of " + (large > standard ? LARGE_WINDOW : DEFAULT_WINDOW));
    double list = stream(LARGE_WINDOW, false);
    emit("stream-list", list, "items/s", "a window of " + LARGE_WINDOW);
  }

  private double stream(int window, boolean lazy) throws Exception {
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(2).withWindow(window))) {
      List<Integer> list = IntStream.range(0, 200_000).boxed().toList();
      Iterable<Integer> items = lazy ? () -> list.iterator() : list;
      Measure.Operations once =
          n -> {
            try (Stream<Completion<Integer, Integer>> all =
                pool.completions(items, Tasks::increment)) {
              long sum = all.mapToLong(c -> c.outcome().get()).sum();
              check(sum == n * (n + 1L) / 2, "the sum");
            }
          };
      return rate(seconds / 2, list.size(), once);
    }
  }

  /** Compares with a pool of two threads of this JVM, in turns. */
  private void cpu() throws Exception {
    List<Long> work = Collections.nCopies(100, Rows.tenMillis());
    try (Pool processes = two();
        Pool threads = ThreadPool.open(o -> o.withWorkers(2))) {
      long inProcesses = 0;
      long inThreads = 0;
      for (int round = -2; round < 4; round++) {
        long begin = System.nanoTime();
        check(threads.map(work, Tasks::spin).size() == work.size(), "threads");
        long middle = System.nanoTime();
        check(processes.map(work, Tasks::spin).size() == work.size(), "processes");
        if (round >= 0) {
          inThreads += middle - begin;
          inProcesses += System.nanoTime() - middle;
        }
      }
      emit("cpu", (double) inThreads / inProcesses, "of threads", "against ThreadPool, in turns");
    }
  }
}
