package io.github.fornada.stress;

import io.github.fornada.Outcome;
import io.github.fornada.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * One pool with work of every kind for a long time, whose workers are recycled and lost: memory,
 * threads, descriptors and files must not grow.
 */
final class Soak implements Storm {
  /** Threads, or descriptors, of workers that come and go at the moment of a sample. */
  private static final long BEING_REPLACED = 9; // three for each worker of the short form

  private static final int BURST = 2000;
  private static final long PAUSE_NANOS = 20_000_000;
  private static final int SAMPLES = 60;
  private static final long MIB = 1 << 20;

  private record Sample(long heap, long resident, int threads, int descriptors, int files) {
    static Sample take() {
      return new Sample(
          Vitals.heapAfterGc(),
          Vitals.residentBytes(),
          Vitals.threads(),
          Vitals.descriptors().size(),
          poolFiles());
    }

    private static int poolFiles() {
      int count = 0;
      for (String folder : Vitals.folders()) {
        try (var files = Files.list(Path.of(folder))) {
          count += (int) files.count();
        } catch (IOException e) {
          // a pool that has just closed
        }
      }
      return count;
    }
  }

  private final Settings settings;
  private final List<Sample> samples = new ArrayList<>();

  Soak(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public Duration deadline() {
    return settings.soak().plusSeconds(90);
  }

  @Override
  public String run(Findings findings) throws Exception {
    var random = new SplittableRandom(settings.seed());
    var work = new Work(random.nextLong(), null, 50);
    long began = System.nanoTime();
    long end = began + settings.soak().toNanos();
    long pause = settings.soak().toNanos() / SAMPLES;
    long nextSample = began + pause;
    long items = 0;
    try (var pool = ProcessPool.open(o -> o.withWorkers(2).withHeap("64m").withMaxTasks(20_000))) {
      while (System.nanoTime() < end) {
        switch (random.nextInt(20)) {
          case 0 -> exit(pool, findings);
          case 1, 2 -> stopEarly(pool, work);
          default -> burst(pool, work, findings);
        }
        items += BURST;
        if (System.nanoTime() >= nextSample) {
          samples.add(Sample.take());
          nextSample += pause;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    flat(findings, "heap after a collection (MiB)", s -> s.heap() / MIB, 3, 0.1);
    flat(findings, "resident memory (MiB)", s -> s.resident() / MIB, 24, 0.1);
    // Workers that are being replaced, longer on a busy machine. A leak would be one for each
    // death.
    flat(findings, "threads", Sample::threads, BEING_REPLACED, 0);
    flat(findings, "descriptors", Sample::descriptors, BEING_REPLACED, 0);
    flat(findings, "files of the pool", Sample::files, 4, 0);
    Sample last = samples.getLast();
    return String.format(
        Locale.ROOT,
        "about %,d items; at the end heap %d MiB, resident %d MiB, %d threads, %d descriptors",
        items,
        last.heap() / MIB,
        last.resident() / MIB,
        last.threads(),
        last.descriptors());
  }

  private static void burst(ProcessPool pool, Work work, Findings findings) {
    List<Object> items = IntStream.range(0, BURST).mapToObj(work::item).toList();
    try (var completions = pool.completions(items, work)) {
      completions.forEach(each ->
          findings.check(
              each.outcome() instanceof Outcome.Done<Object>(Object value)
                  && work.isRight(each.item(), value),
              "item %d: %s",
              each.index(),
              each.outcome()));
    }
  }

  private static void stopEarly(ProcessPool pool, Work work) {
    try (var completions = pool.completions(work.items(BURST), work)) {
      long _ = completions.limit(BURST / 2).count();
    }
  }

  private static void exit(ProcessPool pool, Findings findings) {
    try (var outcomes =
        pool.outcomes(
            IntStream.range(0, 200).boxed().toList(),
            i -> {
              if (i == 100) {
                System.exit(Trouble.EXIT);
              }
              return i;
            })) {
      long lost = outcomes.filter(Outcome.WorkerLost.class::isInstance).count();
      findings.check(lost == 1, "one item ended its worker, and %d are lost", lost);
    }
  }

  /** Checks that the last third of the time is no higher than the middle third, with some slack. */
  private void flat(
      Findings findings, String what, ToLongFunction<Sample> figure, long slack, double share) {
    int third = samples.size() / 3;
    if (third < 3) {
      return; // too short for a conclusion
    }
    long before = median(samples.subList(third, 2 * third), figure);
    long after = median(samples.subList(2 * third, samples.size()), figure);
    findings.check(
        after <= before + slack + before * share,
        "%s grew from %d to %d: %s",
        what,
        before,
        after,
        samples.stream().mapToLong(figure).boxed().toList());
  }

  private static long median(List<Sample> of, ToLongFunction<Sample> figure) {
    return of.stream().mapToLong(figure).sorted().skip(of.size() / 2).findFirst().orElseThrow();
  }
}
