package io.github.fornada.stress;

import io.github.fornada.Outcome;
import io.github.fornada.WorkerLostException;
import io.github.fornada.process.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Workers are killed at random moments. Each item has one outcome and runs at most once. Every
 * result is correct. Only an item that was running at a kill is lost, at most one for each kill.
 */
final class KillStorm implements Storm {
  private static final int LONGEST_MICROS = 200;
  private static final int SUBMITTERS = 3;
  private static final int IN_FLIGHT = 2000;

  private final Settings settings;

  KillStorm(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "kills";
  }

  @Override
  public Duration deadline() {
    return Duration.ofSeconds(90).plusMillis(3L * settings.tasks());
  }

  @Override
  public String run(Findings findings) throws Exception {
    var random = new SplittableRandom(settings.seed());
    List<String> descriptors = Vitals.descriptorsAfterFirstPool();
    var lost = new AtomicInteger();
    int kills = 0;
    int half = settings.tasks() / 2;
    for (boolean streamed : new boolean[] {true, false}) {
      try (Tally tally = Tally.of(half)) {
        var work = new Work(random.nextLong(), tally, LONGEST_MICROS);
        var check = new Check(work, tally, half, findings, lost);
        try (var pool = ProcessPool.open(o -> o.withWorkers(settings.workers()).withHeap("96m"))) {
          try (var killer = new Killer(pool, random.split(), settings.killPause(), half / 1000)) {
            check.killed = killer.killed();
            if (streamed) {
              stream(pool, check);
            } else {
              submit(pool, check);
            }
          }
        }
        kills += check.killed.size();
        check.total();
      }
    }
    Vitals.checkNothingLeft(findings, descriptors);
    return "%,d items, %d kills, %d items lost with their worker"
        .formatted(settings.tasks(), kills, lost.get());
  }

  private static void stream(ProcessPool pool, Check check) {
    try (var completions = pool.completions(check.work.items(check.items), check.work)) {
      completions.forEach(each -> check.outcome((int) each.index(), each.outcome()));
    }
  }

  private static void submit(ProcessPool pool, Check check) throws InterruptedException {
    var threads = new ArrayList<Thread>();
    var next = new AtomicInteger();
    for (int t = 0; t < SUBMITTERS; t++) {
      threads.add(Thread.ofPlatform().name("submitter").start(() -> submitter(pool, check, next)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void submitter(ProcessPool pool, Check check, AtomicInteger next) {
    var room = new Semaphore(IN_FLIGHT);
    for (int i = next.getAndIncrement(); i < check.items; i = next.getAndIncrement()) {
      int id = i;
      room.acquireUninterruptibly();
      CompletableFuture<Object> future = pool.submit(check.work.item(id), check.work);
      var _ =
          future.whenComplete((value, thrown) -> {
            check.outcome(id, outcome(value, thrown));
            room.release();
          });
    }
    room.acquireUninterruptibly(IN_FLIGHT); // all items of this client have ended
  }

  @SuppressWarnings("NullAway") // no item has a null for a result, so null means thrown
  private static Outcome<Object> outcome(Object value, Throwable thrown) {
    Throwable cause = thrown instanceof ExecutionException e ? e.getCause() : thrown;
    return switch (cause) {
      case null -> new Outcome.Done<>(value);
      case WorkerLostException e -> new Outcome.WorkerLost<>(e.getMessage(), e.certificate());
      default -> new Outcome.Failed<>(cause);
    };
  }

  private static final class Check {
    final Work work;
    final int items;
    private final Tally tally;
    private final Findings findings;
    private final AtomicInteger lost;
    private final Set<Long> blaming = ConcurrentHashMap.newKeySet();
    volatile Set<Long> killed = Set.of();

    Check(Work work, Tally tally, int items, Findings findings, AtomicInteger lost) {
      this.work = work;
      this.tally = tally;
      this.items = items;
      this.findings = findings;
      this.lost = lost;
    }

    void outcome(int id, Outcome<Object> outcome) {
      int before = tally.ended(id);
      findings.check(before == 0, "item %d has %d outcomes, the last %s", id, before + 1, outcome);
      switch (outcome) {
        case Outcome.Done<Object>(Object value) ->
            findings.check(work.isRight(work.item(id), value), "item %d: wrong: %s", id, value);
        case Outcome.WorkerLost<Object> dead -> {
          lost.incrementAndGet();
          findings.check(
              killed.contains(dead.pid()), "item %d: nobody killed %s", id, dead.message());
          findings.check(dead.exitCode() == 137, "item %d: not a SIGKILL: %s", id, dead.message());
          findings.check(
              blaming.add(dead.pid()), "item %d is a second one for %s", id, dead.message());
        }
        default -> findings.add("item " + id + " ended as " + outcome);
      }
    }

    void total() {
      for (int id = 0; id < items; id++) {
        findings.check(tally.outcomes(id) == 1, "item %d: no outcome", id);
        findings.check(tally.runs(id) <= 1, "item %d was run twice", id);
      }
    }
  }
}
