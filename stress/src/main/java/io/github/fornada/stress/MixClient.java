package io.github.fornada.stress;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Uses a pool in every way, cancelling and abandoning work, until the pool is shut down. */
final class MixClient implements Runnable {
  private static final int MAX_CLIENTS = 8;
  private static final int MAX_OF_CLIENT = 20_000;
  static final int MAX_ITEMS = MAX_CLIENTS * MAX_OF_CLIENT;

  private final Pool pool;
  private final Trouble work;
  private final MixCheck check;
  private final SplittableRandom random;
  private int nextId;
  private final int lastId;

  MixClient(Pool pool, Trouble work, MixCheck check, SplittableRandom random, int number) {
    this.pool = pool;
    this.work = work;
    this.check = check;
    this.random = random;
    this.nextId = number * MAX_OF_CLIENT;
    this.lastId = nextId + MAX_OF_CLIENT;
  }

  @Override
  public void run() {
    try {
      while (nextId + 1000 < lastId) {
        int way = random.nextInt(4);
        boolean interrupted = way > 0 && random.nextInt(5) == 0;
        Thread rude = interrupted ? interrupter() : null;
        switch (way) {
          case 0 -> futures();
          case 1 -> stoppedEarly();
          case 2 -> inOrder();
          default -> map();
        }
        while (rude != null && rude.isAlive()) {
          Thread.onSpinWait();
        }
        var _ = Thread.interrupted();
      }
    } catch (RejectedExecutionException e) {
      // The pool was shut down: the end of the round.
    } catch (RuntimeException e) {
      check.wrong("a client got " + e + " at " + List.of(e.getStackTrace()));
    }
  }

  private Thread interrupter() {
    Thread self = Thread.currentThread();
    long pause = random.nextLong(100_000_000);
    return Thread.ofPlatform()
        .name("interrupter")
        .start(() -> {
          LockSupport.parkNanos(pause);
          self.interrupt();
        });
  }

  private List<Integer> ids(int count) {
    List<Integer> ids = IntStream.range(nextId, nextId + count).boxed().toList();
    nextId += count;
    return ids;
  }

  private void futures() {
    var all = new ArrayList<CompletableFuture<Long>>();
    boolean rude = random.nextBoolean();
    RejectedExecutionException rejected = null;
    for (int id : ids(1 + random.nextInt(200))) {
      try {
        all.add(pool.submit(id, work));
      } catch (RejectedExecutionException e) {
        rejected = e;
        break;
      }
      if (rude && random.nextInt(5) == 0) {
        var _ = all.get(random.nextInt(all.size())).cancel(true);
      }
    }
    for (CompletableFuture<Long> each : all) {
      try {
        var _ = each.join();
      } catch (CompletionException | CancellationException e) {
        // The listener sees the outcome.
      }
    }
    if (rejected != null) {
      throw rejected;
    }
  }

  private void stoppedEarly() {
    List<Integer> ids = ids(1 + random.nextInt(300));
    int wanted = random.nextInt(ids.size());
    try (var completions = pool.completions(ids, work)) {
      var seen = completions.limit(wanted).toList();
      for (var each : seen) {
        if (!ids.get((int) each.index()).equals(each.item())) {
          check.wrong("completion " + each + " names a wrong item");
        }
      }
    } catch (CancellationException e) {
      // It was interrupted.
    }
  }

  @SuppressWarnings("UnnecessaryMethodReference") // no Collection: read on a thread of its own
  private void inOrder() {
    List<Integer> ids = ids(1 + random.nextInt(200));
    try (var outcomes = pool.outcomes(ids::iterator, work)) {
      List<Outcome<Long>> seen = outcomes.toList();
      if (seen.size() != ids.size()) {
        check.wrong(ids.size() + " items went into a stream and " + seen.size() + " came out");
      }
      for (int i = 0; i < Math.min(seen.size(), ids.size()); i++) {
        if (seen.get(i) instanceof Outcome.Done<Long>(Long value)
            && value != work.result(ids.get(i))) {
          check.wrong("place " + i + " of an ordered stream has another item's result");
        }
      }
    } catch (CancellationException e) {
      // It was interrupted.
    }
  }

  private void map() {
    List<Integer> ids = ids(1 + random.nextInt(60));
    try {
      List<Long> results = pool.map(ids, work);
      if (!results.equals(ids.stream().map(work::result).toList())) {
        check.wrong("map gave wrong results: " + results);
      }
    } catch (TaskException e) {
      // As asked, or cancelled with the pool.
    } catch (InterruptedException e) {
      // As asked.
    }
  }
}
