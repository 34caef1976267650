package io.github.fornada.benchmarks.peers;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.nanos;
import static io.github.fornada.benchmarks.peers.Measure.quantile;
import static io.github.fornada.benchmarks.peers.Measure.rate;
import static io.github.fornada.benchmarks.peers.Measure.say;

import io.github.fornada.TaskFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;

/**
 * The rows that every Java peer has; rows.py beside the Python peers has the same. Each call
 * measures one row in this JVM.
 */
public final class Rows {
  public static final int MIB_64 = 64 << 20;
  private static final int KILL_LIMIT_SECONDS = 20;

  private final JavaPeer peer;
  private final double seconds;

  public Rows(JavaPeer peer, double seconds) {
    this.peer = peer;
    this.seconds = seconds;
  }

  /** Measures the row of this name. */
  public void measure(String row) throws Exception {
    switch (row) {
      case "version" ->
          System.out.println(
              "{\"version\": \"%s, Java %s\"}".formatted(peer.version(), Runtime.version()));
      case "roundtrip" -> roundtrip();
      case "submit" -> submit();
      case "lambda" -> lambda();
      case "bytes" -> bytes();
      case "record" -> record();
      case "start" -> start();
      case "kill" -> kill();
      case "cpu" -> cpu();
      case "rest" -> rest();
      default -> {}
    }
  }

  private void roundtrip() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      TaskFunction<Integer, Integer> function = Tasks.INCREMENT;
      long end = System.nanoTime() + nanos(Measure.warmUp(seconds));
      while (System.nanoTime() < end) {
        check(pool.submit(function, 1).get() == 2, "increment");
      }
      var times = new double[10_000_000];
      int n = 0;
      end = System.nanoTime() + nanos(seconds);
      long now = System.nanoTime();
      while (now < end && n < times.length) {
        check(pool.submit(function, n).get() == n + 1, "increment");
        long then = now;
        now = System.nanoTime();
        times[n++] = (now - then) / 1e3;
      }
      times = Arrays.copyOf(times, n);
      emit("roundtrip-p50", quantile(times, 0.5), "us", n + " tasks");
      emit("roundtrip-p99", quantile(times, 0.99), "us", "");
    }
  }

  /** Submits one by one, then waits for all; a bounded number is in flight, to bound the memory. */
  private static <T, R> Measure.Operations oneByOne(
      JavaPeer.Session pool,
      IntFunction<TaskFunction<T, R>> function,
      IntFunction<T> item,
      IntFunction<R> expected) {
    return n -> {
      var futures = new ArrayList<Future<R>>(n);
      for (int i = 0; i < n; i++) {
        futures.add(pool.submit(function.apply(i), item.apply(i)));
      }
      for (int i = 0; i < n; i++) {
        check(futures.get(i).get().equals(expected.apply(i)), "item " + i);
      }
    };
  }

  private void submit() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      TaskFunction<Integer, Integer> function = Tasks.INCREMENT;
      Measure.Operations once = oneByOne(pool, i -> function, i -> i, i -> i + 1);
      emit("submit", rate(seconds, peer.batch(), once), "tasks/s", "");
    }
  }

  private void lambda() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      Measure.Operations once = oneByOne(pool, Tasks::plus, i -> 1, i -> i + 1);
      emit("lambda", rate(seconds, Math.min(10_000, peer.batch()), once), "tasks/s", "lambda");
    }
  }

  private void bytes() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      byte[] data = new byte[MIB_64];
      TaskFunction<byte[], Integer> function = Tasks.LENGTH;
      Measure.Operations once =
          n -> {
            for (int i = 0; i < n; i++) {
              check(pool.submit(function, data).get() == MIB_64, "length");
            }
          };
      emit("bytes", rate(seconds, 1, once) * MIB_64 / 1e9, "GB/s", "");
    }
  }

  public static Tasks.Point point(int i) {
    return new Tasks.Point(i, "point", i / 3.0);
  }

  private void record() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      submitRecords(pool, "record-submit");
    }
  }

  void submitRecords(JavaPeer.Session pool, String row) throws Exception {
    TaskFunction<Tasks.Point, Tasks.Point> function = Tasks.NEXT;
    Measure.Operations once = oneByOne(pool, i -> function, Rows::point, i -> Tasks.next(point(i)));
    emit(row, rate(seconds, Math.min(20_000, peer.batch()), once), "items/s", "");
  }

  private void start() throws Exception {
    TaskFunction<Integer, Integer> function = StartTask.INCREMENT;
    var later = new ArrayList<Double>();
    var closes = new ArrayList<Double>();
    double all = 0;
    for (int i = 0; i < 6 && all < 4e3 * seconds; i++) {
      long begin = System.nanoTime();
      long end;
      try (JavaPeer.Session pool = peer.open()) {
        check(pool.submit(function, 1).get() == 2, "increment");
        end = System.nanoTime();
        double took = (end - begin) / 1e6;
        all += took;
        if (i == 0) {
          emit("start-first", took, "ms", "");
        } else {
          later.add(took);
        }
      }
      closes.add((System.nanoTime() - end) / 1e6);
    }
    double[] ends = closes.stream().mapToDouble(t -> t).toArray();
    emit("close", quantile(ends, 0.5), "ms", ends.length + " pools");
    if (!later.isEmpty()) {
      double[] times = later.stream().mapToDouble(t -> t).toArray();
      emit("start-later", quantile(times, 0.5), "ms", times.length + " pools");
    }
  }

  /** Kills a busy worker: time until its task has failed, and the outcomes of the other tasks. */
  private void kill() throws Exception {
    var times = new ArrayList<Double>();
    Path folder = Files.createTempDirectory("peers-");
    String cause = "";
    int lost = 0;
    boolean broken = false;
    JavaPeer.Session pool = peer.open();
    for (int k = 0; k < peer.kills(); k++) {
      check(pool.submit(Tasks.INCREMENT, 1).get() == 2, "increment");
      Path path = folder.resolve(Integer.toString(k));
      Future<Integer> victim = pool.submit(Tasks::hang, path.toString());
      var others = new ArrayList<Future<Integer>>();
      for (int i = 0; i < 4; i++) {
        others.add(pool.submit(Tasks::pause, 50));
      }
      long pid = awaitPid(path);
      long begin = System.nanoTime();
      boolean killed = ProcessHandle.of(pid).orElseThrow().destroyForcibly();
      check(killed, "kill");
      try {
        victim.get(KILL_LIMIT_SECONDS, TimeUnit.SECONDS);
        check(false, "the task gave a result after its worker was killed");
      } catch (TimeoutException e) {
        say("kill", "hangs", "not failed after " + KILL_LIMIT_SECONDS + " s");
        say("kill-then", "lost task hangs", "");
        return;
      } catch (ExecutionException e) {
        times.add((System.nanoTime() - begin) / 1e6);
        cause = (e.getCause() == null ? e : e.getCause()).getClass().getSimpleName();
      }
      for (Future<Integer> other : others) {
        try {
          other.get(KILL_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          lost++;
        }
      }
      try {
        check(pool.submit(Tasks.INCREMENT, 1).get(20, TimeUnit.SECONDS) == 2, "increment");
      } catch (RuntimeException | ExecutionException | TimeoutException e) {
        broken = true;
        pool.close();
        pool = peer.open();
      }
      Files.delete(path);
    }
    pool.close();
    Files.delete(folder);
    Measure.emitAll("kill", times, "ms", cause);
    say("kill-then", broken ? "pool broken" : lost > 0 ? "others fail" : "others go on", "");
  }

  private static long awaitPid(Path path) throws Exception {
    long until = System.nanoTime() + nanos(KILL_LIMIT_SECONDS);
    while (!Files.exists(path)) {
      check(System.nanoTime() < until, "the task to kill did not start");
      Thread.sleep(1);
    }
    return Long.parseLong(Files.readString(path));
  }

  /** Returns how many rounds of spinning take 10 ms on this machine. */
  static long tenMillis() {
    long rounds = 1_000_000;
    long took = Long.MAX_VALUE;
    for (int i = 0; i < 50; i++) {
      long begin = System.nanoTime();
      check(Tasks.spin(rounds) != 0, "spin");
      took = Math.min(took, System.nanoTime() - begin);
    }
    return rounds * 10_000_000L / took;
  }

  /** Compares with twice one thread; FornadaPeer has its own row, against a pool of threads. */
  private void cpu() throws Exception {
    List<Long> work = java.util.Collections.nCopies(100, tenMillis());
    TaskFunction<Long, Long> spin = Tasks.SPIN;
    try (JavaPeer.Session pool = peer.open()) {
      long alone = 0;
      long together = 0;
      for (int round = -1; round < 2; round++) {
        long begin = System.nanoTime();
        for (long rounds : work) {
          check(Tasks.spin(rounds) != 0, "spin");
        }
        long middle = System.nanoTime();
        var futures = new ArrayList<Future<Long>>();
        for (long rounds : work) {
          futures.add(pool.submit(spin, rounds));
        }
        for (Future<Long> future : futures) {
          future.get();
        }
        if (round >= 0) {
          alone += middle - begin;
          together += System.nanoTime() - middle;
        }
      }
      emit(
          "cpu", alone / 2.0 / together, "of ideal", "against two times one thread without a pool");
    }
  }

  /** Opens a pool, prints its workers' pids, and stays until its standard input ends. */
  private void rest() throws Exception {
    try (JavaPeer.Session pool = peer.open()) {
      Set<Long> pids = new HashSet<>();
      long until = System.nanoTime() + nanos(20);
      while (pids.size() < pool.processes() && System.nanoTime() < until) {
        Future<Long> one = pool.submit(Tasks::ownPid, 100);
        Future<Long> two = pool.submit(Tasks::ownPid, 100);
        pids.add(one.get());
        pids.add(two.get());
      }
      System.out.println("{\"pids\": " + pids + "}");
      while (System.in.read() >= 0) {
        // stays
      }
    }
  }
}
