package io.github.fornada.stress;

import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Everything at once: tasks that throw, exit, hang and spawn; clients that cancel, stop early and
 * are interrupted; workers that are killed, recycled and started on demand; pools that are shut
 * down during work. Each round has a new pool.
 */
final class MixStorm implements Storm {
  static final Duration LIMIT = Duration.ofMillis(400);
  private static final Duration GRACE = Duration.ofMillis(100);
  private static final Duration ROUND = Duration.ofSeconds(60);
  private static final int CLIENTS = 3;

  private final Settings settings;

  MixStorm(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "mix";
  }

  @Override
  public Duration deadline() {
    return settings.mix().plus(ROUND).plusSeconds(60);
  }

  @Override
  public String run(Findings findings) throws Exception {
    var random = new SplittableRandom(settings.seed());
    List<String> descriptors = Vitals.descriptorsAfterFirstPool();
    var totals = new MixCheck.Totals();
    int rounds = 0;
    long end = System.nanoTime() + settings.mix().toNanos();
    while (System.nanoTime() < end) {
      round(random.split(), findings, totals);
      rounds++;
    }
    Vitals.checkNothingLeft(findings, descriptors);
    findings.check(
        totals.late() * 20 <= totals.items(),
        "%d of %d quick items were over their limit of %s",
        totals.late(),
        totals.items(),
        LIMIT);
    return "%d pools, %s".formatted(rounds, totals);
  }

  private static void round(SplittableRandom random, Findings findings, MixCheck.Totals totals)
      throws Exception {
    try (Tally tally = Tally.of(MixClient.MAX_ITEMS)) {
      var work = new Trouble(random.nextLong(), tally);
      var check = new MixCheck(work, tally, findings, totals);
      ProcessPool pool = ProcessPool.open(o -> options(o, random).withListener(check));
      var killer = new Killer(pool, random.split(), Duration.ofMillis(1500), Integer.MAX_VALUE);
      check.killed(killer.killed());
      try {
        var clients = new ArrayList<Thread>();
        for (int i = 0; i < CLIENTS; i++) {
          var client = new MixClient(pool, work, check, random.split(), i);
          clients.add(Thread.ofPlatform().name("client-" + i).start(client));
        }
        LockSupport.parkNanos(random.nextLong(2_500_000_000L));
        switch (random.nextInt(3)) {
          case 0 -> pool.close();
          case 1 -> {
            var _ = pool.shutdownNow();
            awaitEnd(pool, findings);
          }
          default -> {
            pool.shutdown();
            LockSupport.parkNanos(random.nextLong(500_000_000L));
            if (random.nextBoolean()) {
              var _ = pool.shutdownNow();
            }
            awaitEnd(pool, findings);
          }
        }
        for (Thread client : clients) {
          client.join(ROUND);
          if (client.isAlive()) {
            var stack = new IllegalStateException("where the client hangs");
            stack.setStackTrace(client.getStackTrace());
            throw new IllegalStateException(
                client.getName() + " waits though the pool is closed", stack);
          }
        }
      } finally {
        killer.close();
        pool.close();
      }
      check.total();
    }
  }

  private static void awaitEnd(ProcessPool pool, Findings findings) throws InterruptedException {
    findings.check(
        pool.awaitTermination(ROUND.toSeconds(), TimeUnit.SECONDS),
        "a pool did not end: %s",
        pool.stats());
  }

  private static ProcessOptions options(ProcessOptions defaults, SplittableRandom random) {
    ProcessOptions options =
        defaults
            .withWorkers(1 + random.nextInt(4))
            .withHeap("64m")
            .withPolicy(defaults.policy().withTimeout(LIMIT).withGrace(GRACE));
    if (random.nextInt(3) == 0) {
      options = options.withMaxTasks(20 + random.nextInt(200));
    }
    if (random.nextInt(4) == 0) {
      options = options.withSpares(1);
    }
    if (random.nextInt(4) == 0) {
      options = options.withMinWorkers(random.nextInt(2));
    }
    return random.nextBoolean() ? options.withWindow(1 + random.nextInt(300)) : options;
  }
}
