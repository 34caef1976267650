package io.github.fornada.stress;

import io.github.fornada.process.ProcessPool;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Pools opened and closed, one after the other: at once, after some work, or during it. */
final class ReopenStorm implements Storm {
  private final Settings settings;

  ReopenStorm(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "pools";
  }

  @Override
  public Duration deadline() {
    return Duration.ofSeconds(60).plusSeconds(2L * settings.pools());
  }

  @Override
  public String run(Findings findings) throws Exception {
    var random = new SplittableRandom(settings.seed());
    int threads = 0;
    List<String> descriptors = List.of();
    for (int i = 0; i < settings.pools(); i++) {
      if (i == 1) {
        threads = Vitals.threads();
        descriptors = Vitals.descriptors();
      }
      // The first one is closed in a known way, because the others are compared with it.
      once(i == 0 ? 1 : random.nextInt(4), random, findings);
      List<String> folders = Vitals.folders();
      findings.check(folders.isEmpty(), "pool %d is closed and leaves %s", i, folders);
      List<String> processes = Vitals.marked();
      findings.check(processes.isEmpty(), "pool %d is closed and leaves %s", i, processes);
    }
    Vitals.checkNothingLeft(findings, descriptors);
    int now = Vitals.threads();
    findings.check(now <= threads + 1, "%d threads after one pool, %d after all", threads, now);
    return "%d pools opened and closed".formatted(settings.pools());
  }

  private static void once(int way, SplittableRandom random, Findings findings)
      throws InterruptedException {
    List<Integer> items = IntStream.range(0, 20).boxed().toList();
    try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
      switch (way) {
        case 0 -> {}
        case 1 -> {
          List<Integer> results = pool.map(items, i -> i + 1);
          findings.check(results.get(19) == 20, "wrong results: %s", results);
        }
        case 2 -> {
          for (int item : items) {
            var _ =
                pool.submit(
                    item,
                    i -> {
                      Thread.sleep(600_000);
                      return i;
                    });
          }
          LockSupport.parkNanos(random.nextLong(300_000_000));
          var _ = pool.shutdownNow();
        }
        default -> {
          LockSupport.parkNanos(random.nextLong(300_000_000)); // somewhere in its worker's start
        }
      }
    }
  }
}
