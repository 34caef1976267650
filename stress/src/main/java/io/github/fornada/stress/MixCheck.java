package io.github.fornada.stress;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Compares every outcome that listeners of a pool receive with what the item does. */
final class MixCheck implements TaskListener {
  /** Counts over all pools. */
  static final class Totals {
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger timedOut = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private final AtomicInteger late = new AtomicInteger();

    int items() {
      return done.get() + failed.get() + timedOut.get() + cancelled.get() + lost.get();
    }

    int late() {
      return late.get();
    }

    @Override
    public String toString() {
      return "%,d items: %,d done, %,d failed, %,d timed out, %,d cancelled, %,d lost with their worker"
          .formatted(
              items(), done.get(), failed.get(), timedOut.get(), cancelled.get(), lost.get());
    }
  }

  private final Trouble work;
  private final Tally tally;
  private final Findings findings;
  private final Totals totals;
  private final Set<Integer> submitted = ConcurrentHashMap.newKeySet();
  private volatile Set<Long> killed = Set.of();

  MixCheck(Trouble work, Tally tally, Findings findings, Totals totals) {
    this.work = work;
    this.tally = tally;
    this.findings = findings;
    this.totals = totals;
  }

  void killed(Set<Long> pids) {
    killed = pids;
  }

  void wrong(String what) {
    findings.add(what);
  }

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Submitted submission when submission.item() instanceof Integer id ->
          findings.check(submitted.add(id), "item %d was submitted twice", id);
      case TaskEvent.Finished finished when finished.item() instanceof Integer id -> {
        Outcome<?> outcome = finished.outcome();
        findings.check(finished.last(), "item %d is tried again, unasked", id);
        int before = tally.ended(id);
        findings.check(before == 0, "item %d has %d outcomes, now %s", id, before + 1, outcome);
        outcome(id, work.kind(id), outcome);
      }
      default -> {}
    }
  }

  private void outcome(int id, Trouble.Kind kind, Outcome<?> outcome) {
    switch (outcome) {
      case Outcome.Done<?>(var value) -> {
        totals.done.incrementAndGet();
        findings.check(value.equals(work.result(id)), "item %d: wrong result %s", id, value);
        findings.check(
            switch (kind) {
              case QUICK, NAPS, SPAWNS -> true;
              default -> false;
            },
            "item %d is done and should not be: %s",
            id,
            kind);
      }
      case Outcome.Failed<?>(Throwable cause) -> {
        totals.failed.incrementAndGet();
        boolean asked =
            switch (kind) {
              case THROWS, FAILS -> String.valueOf(cause.getMessage()).contains(Trouble.ASKED);
              case OVERFLOWS -> cause.toString().contains("StackOverflowError");
              default -> false;
            };
        findings.check(asked, "item %d (%s) failed with %s", id, kind, cause);
      }
      case Outcome.TimedOut<?> _ -> {
        totals.timedOut.incrementAndGet();
        if (kind != Trouble.Kind.SLEEPS && kind != Trouble.Kind.DEAF) {
          totals.late.incrementAndGet();
        }
      }
      case Outcome.Cancelled<?> _ -> totals.cancelled.incrementAndGet();
      case Outcome.WorkerLost<?> dead -> {
        totals.lost.incrementAndGet();
        boolean asked =
            switch (kind) {
              case EXITS -> dead.exitCode() == Trouble.EXIT;
              case HALTS -> dead.exitCode() == Trouble.HALT;
              default -> false;
            };
        findings.check(
            asked || killed.contains(dead.pid()), "item %d (%s): %s", id, kind, dead.message());
      }
    }
  }

  void total() {
    for (int id : submitted) {
      findings.check(tally.outcomes(id) == 1, "item %d (%s): no outcome", id, work.kind(id));
      findings.check(tally.runs(id) <= 1, "item %d was run twice", id);
    }
    for (int id = 0; id < MixClient.MAX_ITEMS; id++) {
      findings.check(
          tally.outcomes(id) == 0 || submitted.contains(id), "item %d: never submitted", id);
    }
  }
}
