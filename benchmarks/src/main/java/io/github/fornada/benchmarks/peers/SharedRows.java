package io.github.fornada.benchmarks.peers;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.emitAll;
import static io.github.fornada.benchmarks.peers.Measure.nanos;
import static io.github.fornada.benchmarks.peers.Measure.quantile;
import static io.github.fornada.benchmarks.peers.Measure.warmUp;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.shared.SharedArray;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSpace;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;

/** What processes share: locks, queues, arrays. shared_rows.py has the same for CPython. */
final class SharedRows {
  private static final long SECTION_NANOS = 100;
  private static final int MIB = 1 << 20;
  private static final int END = -1;
  private static final long GIB = 1L << 30;

  /**
   * Hand-overs before those that count. Only after some 8,000 have both compilers done with their
   * code; after 1,000 much of it has not yet been to the second.
   */
  private static final int HAND_OVERS_BEFORE = 8_000;

  private static final int EARLY = 1_000;

  private final double seconds;

  SharedRows(double seconds) {
    this.seconds = seconds;
  }

  private static Pool open(int workers) {
    return ProcessPool.open(o -> o.withWorkers(workers));
  }

  private static long pid() {
    return ProcessHandle.current().pid();
  }

  // ---- the lock

  void lock() throws Exception {
    try (Pool pool = open(1)) {
      SharedLock lock = SharedSpace.of(pool).lock();
      double each = 1e9 / Measure.rate(seconds, 10_000, n -> use(lock, n));
      emit("lock-alone", each, "ns", "acquire and close, nobody else");
    }
    double most = Measure.rate(seconds, 10_000, sections(sectionRounds()));
    emit("lock-most", most, "/s", "sections of 100 ns and a look at the clock, by one thread");
    for (int processes : List.of(2, 4)) {
      contended(processes, true);
      contended(processes, false);
    }
  }

  private static void use(SharedLock lock, int times) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      lock.acquire().close();
    }
  }

  /** What {@link #contend} does, without a lock: no lock allows more of it. */
  private static Measure.Operations sections(int rounds) {
    long[] section = {1};
    return times -> {
      for (int i = 0; i < times; i++) {
        section[0] = spin(section[0], rounds) + (System.nanoTime() & 1);
      }
    };
  }

  /** How often the lock was acquired, and the longest wait. */
  record Used(long times, long longestNanos, long nanos) implements java.io.Serializable {}

  /**
   * Some processes run sections at once.
   *
   * @param locked whether each needs the same lock; without, what makes them wait is the machine
   */
  private void contended(int processes, boolean locked) throws Exception {
    try (Pool pool = open(processes)) {
      SharedSpace shared = SharedSpace.of(pool);
      List<SharedLock> locks =
          IntStream.range(0, locked ? 1 : processes).mapToObj(i -> shared.lock()).toList();
      SharedCounter ready = shared.counter(0);
      SharedFlag stop = shared.flag();
      SharedFlag measure = shared.flag();
      List<CompletableFuture<Used>> tasks =
          IntStream.range(0, processes)
              .mapToObj(i ->
                  pool.submit(i, x -> contend(locks.get(x % locks.size()), ready, measure, stop)))
              .toList();
      ready.awaitAtLeast(processes);
      pause(warmUp(seconds));
      measure.set();
      pause(seconds);
      stop.set();
      double rate = 0;
      long longest = 0;
      for (CompletableFuture<Used> task : tasks) {
        Used used = task.get();
        rate += used.times * 1e9 / used.nanos;
        longest = Math.max(longest, used.longestNanos);
      }
      if (locked) {
        emit("lock-" + processes, rate, "/s", "sections of 100 ns");
        emit("lock-wait-" + processes, longest / 1e6, "ms", "the longest wait of any");
      } else {
        emit("own-wait-" + processes, longest / 1e6, "ms", "the same, each with its own lock");
      }
    }
  }

  private static Used contend(
      SharedLock lock, SharedCounter ready, SharedFlag measure, SharedFlag stop)
      throws InterruptedException {
    long _ = ready.increment();
    long times = 0;
    long longest = 0;
    long began = System.nanoTime();
    long last = began;
    int rounds = sectionRounds();
    long section = 1;
    boolean measuring = false;
    while (!stop.isSet() && section != 0) {
      if (!measuring && measure.isSet()) {
        measuring = true;
        times = 0;
        longest = 0;
        began = System.nanoTime();
        last = began;
      }
      for (int i = 0; i < 16; i++) {
        try (var _ = lock.acquire()) {
          long got = System.nanoTime();
          longest = Math.max(longest, got - last);
          last = got;
          section = spin(section, rounds);
        }
        times++;
      }
    }
    return new Used(times, longest, System.nanoTime() - began);
  }

  private static long spin(long from, int rounds) {
    long x = from;
    for (int i = 0; i < rounds; i++) {
      x = x * 6364136223846793005L + 1442695040888963407L;
    }
    return x | 1;
  }

  /** Returns how many rounds of {@link #spin} take as long as a section. */
  private static int sectionRounds() {
    long x = 1;
    double best = Double.MAX_VALUE;
    int many = 10_000;
    // Before C2 has compiled it, it is slower, and sections would become too short.
    long until = System.nanoTime() + nanos(0.5);
    while (System.nanoTime() < until) {
      long began = System.nanoTime();
      x = spin(x, many);
      best = Math.min(best, (double) (System.nanoTime() - began) / many);
    }
    check(x != 0, "a sum");
    return Math.max(1, (int) (SECTION_NANOS / best));
  }

  private static void pause(double seconds) throws InterruptedException {
    Thread.sleep(Duration.ofNanos(nanos(seconds)));
  }

  // ---- waiting

  /**
   * From the release of a lock to a process that slept in its acquire: where the system puts the
   * two, and with both on one processor, and on two. It takes several times as long to wake another
   * processor than to go on with another process, and the system does not place all programs alike.
   */
  void handover() throws Exception {
    int counted = (int) (200 * Math.max(1, seconds));
    String after = counted + " times, after " + HAND_OVERS_BEFORE;
    try (Pool pool = open(1)) {
      double[] times = handOvers(pool, counted);
      double[] first = Arrays.copyOf(times, 200);
      double[] early = Arrays.copyOfRange(times, EARLY, EARLY + 200);
      double[] later = Arrays.copyOfRange(times, HAND_OVERS_BEFORE, times.length);
      emit("handover-p50", quantile(later, 0.5), "us", after);
      emit("handover-p99", quantile(later, 0.99), "us", "");
      emit("handover-first-p50", quantile(first, 0.5), "us", "the first " + first.length);
      emit("handover-early-p50", quantile(early, 0.5), "us", early.length + ", after " + EARLY);
      cost(SharedSpace.of(pool), pool);
    }
    List<Integer> processors = Processors.allowed();
    if (processors.size() > 1) {
      List<Integer> one = processors.subList(0, 1);
      List<Integer> other = processors.subList(1, 2);
      emit("handover-one", placed(one, one, counted, SharedRows::handOvers), "us", after);
      emit("handover-two", placed(one, other, counted, SharedRows::handOvers), "us", after);
      String fifo = "a byte through a FIFO, " + after;
      emit("fifo-one", placed(one, one, counted, SharedRows::bytes), "us", fifo);
      emit("fifo-two", placed(one, other, counted, SharedRows::bytes), "us", fifo);
      emit("fifo", placed(processors, processors, counted, SharedRows::bytes), "us", fifo);
      Processors.use(pid(), processors);
    }
  }

  /** Wakes a process many times. */
  private interface Wakes {
    double[] measure(Pool pool, int counted) throws Exception;
  }

  /** Returns the median with this process on one set of processors and the worker on another. */
  private double placed(List<Integer> here, List<Integer> there, int counted, Wakes wakes)
      throws Exception {
    try (Pool pool = open(1)) {
      Processors.use(pool.submit(SharedRows::pid).get(), there);
      Processors.use(pid(), here);
      double[] times = wakes.measure(pool, counted);
      return quantile(Arrays.copyOfRange(times, HAND_OVERS_BEFORE, times.length), 0.5);
    }
  }

  /**
   * Returns the times that a byte takes through a FIFO to a process that sleeps in a read, in
   * microseconds: what a wake-up takes that nothing of Fornada's is part of.
   */
  private static double[] bytes(Pool pool, int counted) throws Exception {
    int rounds = HAND_OVERS_BEFORE + counted;
    Path folder = Files.createTempDirectory("fornada-benchmark-");
    Path fifo = folder.resolve("fifo");
    try {
      check(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0, "mkfifo");
      String path = fifo.toString();
      SharedSpace shared = SharedSpace.of(pool);
      SharedCounter turn = shared.counter(0);
      SharedArray written = shared.longs(1);
      try (var file = new RandomAccessFile(path, "rw")) {
        CompletableFuture<Integer> writes =
            pool.submit(
                rounds,
                n -> {
                  try (var out = new RandomAccessFile(path, "rw")) {
                    for (int i = 1; i <= n; i++) {
                      turn.awaitAtLeast(i);
                      Thread.sleep(1); // the other sleeps by now
                      written.setLong(0, System.nanoTime());
                      out.write(1);
                    }
                  }
                  return n;
                });
        var times = new double[rounds];
        var one = new byte[1];
        for (int i = 0; i < rounds; i++) {
          turn.set(i + 1L);
          check(file.read(one) == 1, "a byte");
          times[i] = (System.nanoTime() - written.getLong(0)) / 1e3;
        }
        check(writes.get() == rounds, "rounds");
        return times;
      }
    } finally {
      Files.deleteIfExists(fifo);
      Files.delete(folder);
    }
  }

  /** Returns the times of hand-overs in microseconds, those too that come before what counts. */
  private static double[] handOvers(Pool pool, int counted) throws Exception {
    int rounds = HAND_OVERS_BEFORE + counted;
    SharedSpace shared = SharedSpace.of(pool);
    SharedLock lock = shared.lock();
    SharedCounter turn = shared.counter(0);
    SharedArray released = shared.longs(1);
    CompletableFuture<Integer> holds =
        pool.submit(
            rounds,
            n -> {
              for (int i = 0; i < n; i++) {
                turn.awaitAtLeast(2L * i + 1);
                try (var _ = lock.acquire()) {
                  turn.set(2L * i + 2);
                  Thread.sleep(1); // the other sleeps by now
                  released.setLong(0, System.nanoTime());
                }
              }
              return n;
            });
    var times = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      turn.set(2L * i + 1);
      turn.awaitAtLeast(2L * i + 2);
      try (var _ = lock.acquire()) {
        times[i] = (System.nanoTime() - released.getLong(0)) / 1e3;
      }
    }
    check(holds.get() == rounds, "rounds");
    return times;
  }

  /** Processor time of a process of which one thread waits. */
  private void cost(SharedSpace shared, Pool pool) throws Exception {
    SharedFlag flag = shared.flag();
    SharedCounter waits = shared.counter(0);
    CompletableFuture<Boolean> waiter =
        pool.submit(
            0,
            x -> {
              waits.set(pid());
              flag.await();
              return true;
            });
    waits.awaitAtLeast(1);
    Process sleeper = Sleeper.start();
    try {
      pause(2); // what the processes did before settles
      double length = 3 + seconds;
      long before = Processes.cpuNanos(waits.get());
      long beforeOfSleeper = Processes.cpuNanos(sleeper.pid());
      long began = System.nanoTime();
      pause(length);
      double used = Processes.cpuNanos(waits.get()) - before;
      double usedBySleeper = Processes.cpuNanos(sleeper.pid()) - beforeOfSleeper;
      double passed = System.nanoTime() - began;
      String text = "the whole process, for %.1f s".formatted(length);
      emit("wait-cpu", 100 * used / passed, "%", text);
      emit("sleep-cpu", 100 * usedBySleeper / passed, "%", "a JVM that sleeps, meanwhile");
      emit("wait-more", 100 * (used - usedBySleeper) / passed, "%", "the difference");
    } finally {
      sleeper.destroy();
    }
    flag.set();
    check(waiter.get(), "the end of the wait");
  }

  /** A JVM that does nothing: what its own threads take, a process that waits takes too. */
  static final class Sleeper {
    static Process start() throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC", // as workers
              "-cp",
              System.getProperty("java.class.path"),
              Sleeper.class.getName())
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    }

    public static void main(String[] args) throws InterruptedException {
      Thread.sleep(Duration.ofMinutes(5)); // longer than anybody looks at it
    }
  }

  /** From the end of a process to the next owner of its lock. */
  void owner() throws Exception {
    int kills = Math.max(15, (int) (20 * seconds));
    var times = new ArrayList<Double>();
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      for (int i = 0; i < kills; i++) {
        SharedLock lock = shared.lock();
        SharedCounter owner = shared.counter(0);
        SharedFlag never = shared.flag();
        CompletableFuture<Integer> dies =
            pool.submit(
                0,
                x -> {
                  try (var _ = lock.acquire()) {
                    owner.set(pid());
                    never.await();
                  }
                  return 0;
                });
        owner.awaitAtLeast(1);
        var killed = new long[1];
        Thread killer =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    Thread.sleep(5); // the other sleeps by now
                  } catch (InterruptedException e) {
                    return;
                  }
                  ProcessHandle process = ProcessHandle.of(owner.get()).orElseThrow();
                  killed[0] = System.nanoTime();
                  boolean _ = process.destroyForcibly();
                });
        try (var hold = lock.acquire()) {
          long got = System.nanoTime();
          check(hold.died() != null, "a death");
          killer.join();
          times.add((got - killed[0]) / 1e6);
        }
        try {
          int result = dies.get();
          check(result < 0, "it was killed");
        } catch (ExecutionException e) {
          lock.free();
        }
      }
    }
    emitAll("owner", times, "ms", "SIGKILL to the next owner");
  }

  // ---- the queue

  void queue() throws Exception {
    emit("queue-1-1", transfer(1, Math.max(1, seconds)), "/s", "Integer, one by one");
    emit("queue-4-4", transfer(4, Math.max(1, seconds)), "/s", "Integer, one by one");
    large();
  }

  private double transfer(int each, double length) throws Exception {
    try (Pool pool = open(2 * each)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> queue = shared.queue(10_000);
      SharedFlag stop = shared.flag();
      SharedFlag measure = shared.flag();
      SharedCounter received = shared.counter(0);
      List<CompletableFuture<Long>> senders =
          IntStream.range(0, each)
              .mapToObj(i ->
                  pool.submit(
                      i,
                      x -> {
                        long sent = 0;
                        while (!stop.isSet()) {
                          queue.send((int) sent);
                          sent++;
                        }
                        return sent;
                      }))
              .toList();
      List<CompletableFuture<Used>> receivers =
          IntStream.range(0, each)
              .mapToObj(i -> pool.submit(i, x -> receive(queue, measure, received)))
              .toList();
      received.awaitAtLeast(each); // each has received some
      pause(warmUp(length));
      measure.set();
      pause(length);
      stop.set();
      for (int i = 0; i < each; i++) {
        queue.send(END);
      }
      double rate = 0;
      for (CompletableFuture<Used> receiver : receivers) {
        Used used = receiver.get();
        rate += used.times * 1e9 / used.nanos;
      }
      queue.closeWithError(new IllegalStateException("measured"));
      for (CompletableFuture<Long> sender : senders) {
        var _ = sender.handle((sent, closed) -> 0).get();
      }
      return rate;
    }
  }

  private static Used receive(
      SharedQueue<Integer> queue, SharedFlag measure, SharedCounter received)
      throws InterruptedException {
    int _ = queue.receive();
    long _ = received.increment();
    long times = 0;
    long began = System.nanoTime();
    boolean measuring = false;
    while (true) {
      if (!measuring && measure.isSet()) {
        measuring = true;
        times = 0;
        began = System.nanoTime();
      }
      if (queue.receive() == END) {
        break;
      }
      times++;
    }
    return new Used(times, 0, System.nanoTime() - began);
  }

  private void large() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<byte[]> queue = shared.queue(16, 32L * MIB);
      SharedFlag stop = shared.flag();
      CompletableFuture<Integer> sends =
          pool.submit(
              0,
              x -> {
                byte[] element = new byte[MIB];
                while (!stop.isSet()) {
                  queue.send(element);
                }
                queue.close();
                return 0;
              });
      Measure.Operations once =
          n -> {
            for (int i = 0; i < n; i++) {
              check(queue.receive().length == MIB, "length");
            }
          };
      double rate = Measure.rate(Math.max(1, seconds), 10, once);
      stop.set();
      for (byte[] rest : queue) {
        check(rest.length == MIB, "length");
      }
      check(sends.get() == 0, "the end");
      emit("queue-large", rate, "/s", "byte[] of 1 MiB, one to one");
    }
  }

  // ---- the array

  /** What two workers, which read and write all of an array of 1 GiB, and this process take. */
  void array() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedCounter pids = shared.counter(0);
      long[] workers = both(pool, shared);
      long before = proportional(workers);
      SharedArray array = shared.longs(GIB / Long.BYTES);
      SharedCounter here = shared.counter(0);
      List<CompletableFuture<Long>> sums =
          IntStream.range(0, 2)
              .mapToObj(i ->
                  pool.submit(
                      i,
                      x -> {
                        here.increment();
                        here.awaitAtLeast(2); // one in each worker
                        for (long k = x; k < array.length(); k += 2) {
                          array.setLong(k, k);
                        }
                        pids.increment();
                        pids.awaitAtLeast(2);
                        long sum = 0;
                        for (long k = 0; k < array.length(); k++) {
                          sum += array.getLong(k);
                        }
                        return sum;
                      }))
              .toList();
      long length = GIB / Long.BYTES;
      for (CompletableFuture<Long> sum : sums) {
        check(sum.get() == length * (length - 1) / 2, "the sum");
      }
      double taken = proportional(workers) - before;
      emit("array-memory", taken / GIB, "", "of its size, by proportional shares");
    }
  }

  private static long[] both(Pool pool, SharedSpace shared) throws Exception {
    SharedCounter here = shared.counter(0);
    List<CompletableFuture<Long>> two =
        IntStream.range(0, 2)
            .mapToObj(i ->
                pool.submit(
                    i,
                    x -> {
                      here.increment();
                      here.awaitAtLeast(2);
                      return pid();
                    }))
            .toList();
    return new long[] {two.get(0).get(), two.get(1).get(), pid()};
  }

  private static long proportional(long[] processes) throws IOException {
    long sum = 0;
    for (long pid : processes) {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
        if (line.toLowerCase(Locale.ROOT).startsWith("pss:")) {
          sum += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    }
    return sum;
  }
}
