package io.github.fornada.process;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/** A separate JVM that owns a pool, and that a test may kill, stop or release. */
final class Owner implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  private Owner(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts it with a job, and waits until it reports that it has begun. */
  static Owner start(String what, String... jvmOptions) throws IOException {
    return start(System.getProperty("java.class.path"), what, jvmOptions);
  }

  static Owner start(String classPath, String what, String... jvmOptions) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx600m");
    String cache = System.getProperty(CacheBeforeTests.FOLDER);
    if (cache != null) {
      command.add("-D" + CacheBeforeTests.FOLDER + "=" + cache);
      command.add("-Dio.github.fornada.aotCache=use");
    }
    command.addAll(List.of(jvmOptions));
    command.addAll(List.of("-cp", classPath, Owner.class.getName(), what));
    var owner = new Owner(new ProcessBuilder(command).redirectErrorStream(true).start());
    owner.await("at it");
    return owner;
  }

  /** Waits for a line; fails if it does not come before the end. */
  void await(String line) throws IOException {
    var seen = new StringBuilder();
    for (String s = out.readLine(); s != null; s = out.readLine()) {
      if (s.equals(line)) {
        return;
      }
      seen.append(s).append('\n');
    }
    throw new AssertionError("it ended without \"" + line + "\" but with:\n" + seen);
  }

  /** Waits for a line that begins with {@code words}, and returns it. */
  String awaitBeginning(String words) throws IOException {
    var seen = new StringBuilder();
    for (String s = out.readLine(); s != null; s = out.readLine()) {
      if (s.startsWith(words)) {
        return s;
      }
      seen.append(s).append('\n');
    }
    throw new AssertionError("it ended without \"" + words + "\" but with:\n" + seen);
  }

  long pid() {
    return process.pid();
  }

  Process process() {
    return process;
  }

  /** Whether this process ignores a signal, and with it every process that it starts. */
  private static boolean isIgnored(int number) throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .anyMatch(mask -> (mask >> (number - 1) & 1) != 0);
  }

  void signal(String name) throws Exception {
    Integer number = Map.of("HUP", 1, "INT", 2, "TERM", 15).get(name);
    assumeFalse(
        number != null && isIgnored(number),
        "SIG"
            + name
            + " is ignored where the tests run (nohup, a job in the background), and so by"
            + " the processes that they start");
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  boolean ends() throws InterruptedException {
    return process.waitFor(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  // ---- in that JVM

  /** What ends by itself when it has done what it is for. */
  private static final Set<String> RETURN =
      Set.of(
          "forgets",
          "counts",
          "one",
          "processes",
          "threads",
          "virtual",
          "sequential",
          "deaf",
          "exits",
          "exits with retries",
          "exits with many retries",
          "times out");

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "runs" -> runs();
      case "runs and exits" -> {
        runs();
        System.exit(0);
      }
      case "spawns" -> spawns();
      case "sends" -> sends();
      case "shares" -> shares();
      case "nests" -> nests();
      case "hoards" -> hoards();
      case "forgets" -> forgets();
      case "reserves" -> reserves();
      case "counts" -> counts();
      case "one" -> one();
      case "finishes" -> isToldToEnd(Duration.ofSeconds(30));
      case "closes while it exits" -> closesWhileItExits();
      case "is cut off" -> isToldToEnd(Duration.ofMillis(300));
      case "processes", "threads", "virtual", "sequential" -> shutsDown(args[0]);
      case "deaf" -> shutsDownAtOnce();
      case "exits" -> exits(0);
      case "exits with retries" -> exits(1);
      case "exits with many retries" -> exits(100_000);
      case "times out" -> timesOut();
      case "leaves a lock" -> leavesALock();
      default -> throw new IllegalArgumentException(args[0]);
    }
    if (!RETURN.contains(args[0])) {
      LockSupport.park();
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static void runs() throws Exception {
    Pool pool = Pools.open(2);
    Pools.soon(pool.submit(1, x -> x + 1));
    for (int i = 0; i < 2; i++) {
      var _ =
          pool.submit(
              i,
              x -> {
                while (x >= 0) {
                  Thread.onSpinWait();
                }
                return x;
              });
    }
    say("at it");
  }

  private static void spawns() throws Exception {
    Pool pool = Pools.open(2);
    for (int i = 0; i < 2; i++) {
      // A child, and a grandchild whose parent is gone: it is no process's descendant any more.
      Pools.soon(
          pool.submit(
              i,
              x -> {
                new ProcessBuilder("sleep", "600").start();
                return new ProcessBuilder("sh", "-c", "sleep 600 & exit 0").start().waitFor();
              }));
    }
    say("at it");
  }

  private static void sends() throws Exception {
    Pool pool = Pools.open(2, o -> o.withHeap("512m"));
    Pools.soon(pool.submit(1, x -> x + 1));
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (true) {
            CompletableFuture<byte[]> there = pool.submit(new byte[100 << 20], x -> x);
            var _ = there.join();
          }
        });
    say("at it");
  }

  /** Shares and closes bytes repeatedly, and keeps one that the workers use. */
  private static void shares() throws Exception {
    Pool pool = Pools.open(2);
    SharedBytes kept = pool.share(new byte[8 << 20]);
    Pools.soon(pool.submit(kept, b -> b.segment().byteSize()));
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (true) {
            try (SharedBytes shared = pool.share(new byte[8 << 20])) {
              CompletableFuture<Long> size =
                  pool.submit(shared, b -> b.segment().byteSize() + kept.segment().byteSize());
              var _ = size.join();
            }
          }
        });
    say("at it");
  }

  private static void nests() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("128m"));
    Pools.soon(pool.submit(3, Owner::nest));
    say("at it");
  }

  /** Opens a pool in the pool, and leaves it open; at the bottom two processes are started. */
  static int nest(int levels) throws Exception {
    if (levels == 0) {
      new ProcessBuilder("sleep", "600").start();
      new ProcessBuilder("sh", "-c", "sleep 600 & exit 0").start().waitFor();
      return 0;
    }
    Pool inner = Pools.open(1, o -> o.withHeap("128m"));
    return 1 + inner.submit(levels - 1, Owner::nest).join();
  }

  static final List<Object> HOARD = new ArrayList<>();

  private static void hoards() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("32m"));
    Pools.soon(pool.submit(1, x -> x + 1));
    var _ =
        pool.submit(
            1,
            x -> {
              Object[] last = null;
              while (true) {
                try {
                  last = new Object[] {last, last, last, last};
                } catch (OutOfMemoryError e) {
                  x++; // ignores that too
                }
              }
            });
    LockSupport.parkNanos(2_000_000_000L);
    say("at it");
  }

  private static void forgets() throws Exception {
    Pools.soon(Pools.open(2).submit(1, x -> x + 1));
    say("at it");
  }

  /** A thread ends that has the lock of the queue, as one did whose stack was full. */
  private static void leavesALock() throws Exception {
    Pool pool = Pools.open(1);
    Pools.soon(pool.submit(1, x -> x + 1));
    Field queue = AbstractPool.class.getDeclaredField("queue");
    queue.setAccessible(true);
    Object all = queue.get(((ProcessPool) pool).engine);
    Field lock = all.getClass().getDeclaredField("lock");
    lock.setAccessible(true);
    var held = (ReentrantLock) lock.get(all);
    Thread.ofPlatform().start(held::lock).join();
    say("at it");
    LockSupport.park();
  }

  private static void one() throws Exception {
    try (Pool pool = Pools.open(1)) {
      say("got " + Pools.soon(pool.submit(1, x -> x + 1)));
    }
    say("at it");
  }

  private static void reserves() throws Exception {
    try (WorkerReserve reserve = WorkerReserve.open(o -> o.withWorkers(1).withHeap("32m"))) {
      while (reserve.pids().isEmpty() || reserve.nextFolder() == null) {
        LockSupport.parkNanos(1_000_000);
      }
      say("at it");
      LockSupport.park(); // until it is killed
    }
  }

  private static Path file(String name) {
    return Path.of(System.getProperty("folder"), name);
  }

  /** A task that says that it runs, and goes on until it is let go. */
  private static int waitsForGo(int x) throws Exception {
    Files.createFile(file("begun"));
    while (!Files.exists(file("go"))) {
      Thread.sleep(5);
    }
    Files.createFile(file("done"));
    return x;
  }

  private static void begun() throws InterruptedException {
    while (!Files.exists(file("begun"))) {
      Thread.sleep(5);
    }
    say("at it");
  }

  /** Has work running, and a hook of its own that waits for the result. */
  private static void isToldToEnd(Duration grace) throws Exception {
    Pool pool = Pools.open(1, o -> o.withExitGrace(grace));
    CompletableFuture<Integer> running = pool.submit(1, Owner::waitsForGo);
    CompletableFuture<Integer> waiting = pool.submit(2, x -> x);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              String end = "results ";
              try {
                end += running.join() + " " + waiting.join();
              } catch (RuntimeException e) {
                end = "lost: " + e.getMessage();
              }
              say(end);
            }));
    begun();
  }

  /** Has work running, and a hook of its own that goes on to use the pool, and closes it. */
  private static void closesWhileItExits() throws Exception {
    Pool pool = Pools.open(1, o -> o.withExitGraceUntilClosed(Duration.ofMinutes(10)));
    CompletableFuture<Integer> running = pool.submit(1, Owner::waitsForGo);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              int first = running.join();
              int second = pool.submit(2, x -> x).join();
              pool.close();
              say("results " + first + " " + second);
            }));
    begun();
  }

  /** Hooks wait for all that was accepted, and for a call of their own. */
  private static void exits(int retries) throws Exception {
    Pool pool =
        Pools.open(
            1, o -> o.withPolicy(o.policy().withRetries(retries).withBackOff(Duration.ofHours(1))));
    var futures = new ArrayList<CompletableFuture<Integer>>();
    futures.add(pool.submit(1, Owner::waitsForGo));
    for (int i = 0; i < 4; i++) {
      futures.add(pool.submit(i, x -> x));
    }
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              String end = "ended";
              for (CompletableFuture<Integer> each : futures) {
                try {
                  end += " " + each.join();
                } catch (RuntimeException e) {
                  end += " lost";
                }
              }
              try {
                end += " " + pool.map(List.of(1), x -> x);
              } catch (RejectedExecutionException | InterruptedException e) {
                end += " rejected";
              }
              say(end);
            }));
    begun();
    System.exit(0);
  }

  private static void timesOut() throws Exception {
    var ends = new TreeMap<String, Integer>();
    try (Pool pool = Pools.open(2, o -> o.withTimeout(Duration.ofSeconds(1)))) {
      List<Integer> items = IntStream.range(0, 40).boxed().toList();
      try (var outcomes = pool.completions(items, Owner::naps)) {
        outcomes.forEach(each -> {
          if (ends.isEmpty()) {
            say("at it");
          }
          ends.merge(each.outcome().getClass().getSimpleName(), 1, Integer::sum);
        });
      }
    }
    say("ends " + ends.keySet());
  }

  private static int naps(int x) throws InterruptedException {
    Thread.sleep(100);
    return x;
  }

  private static void shutsDown(String model) throws Exception {
    Pool pool =
        switch (model) {
          case "processes" -> Pools.open(1);
          case "threads" -> ThreadPool.open(o -> o.withWorkers(1));
          case "virtual" -> VirtualThreadPool.open(o -> o.withWorkers(1));
          default -> SequentialPool.open();
        };
    var _ = pool.submit(1, Owner::waitsForGo);
    var _ =
        pool.submit(2, x -> Files.createFile(file("second")).toString())
            .thenAccept(done -> afterThePool(pool));
    pool.shutdown();
    begun();
  }

  /** Ends after the pool, whose keeper must wait for it all the same. */
  private static void afterThePool(Pool pool) {
    try {
      if (pool.awaitTermination(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS)) {
        Files.createFile(file("dependent"));
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void shutsDownAtOnce() throws Exception {
    Pool pool = ThreadPool.open(o -> o.withWorkers(1));
    var _ =
        pool.submit(
            1,
            x -> {
              Files.createFile(file("begun"));
              while (x > 0) {
                Thread.onSpinWait();
              }
              return x;
            });
    begun();
    pool.shutdown();
    var _ = pool.shutdownNow();
  }

  private static void counts() throws Exception {
    try (Pool pool = Pools.open(2)) {
      Pools.soon(pool.submit(1, x -> x + 1));
      say("at it");
      long sum = 0;
      for (var outcome :
          pool.outcomes(
                  java.util.stream.IntStream.range(0, 3000).boxed().toList(),
                  x -> {
                    Thread.sleep(1);
                    return x;
                  })
              .toList()) {
        sum += outcome.get();
      }
      say("sum " + sum);
    }
  }
}
