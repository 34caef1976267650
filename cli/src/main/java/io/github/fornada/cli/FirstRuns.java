package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares how items ran first, in the {@link Pilot}, with how the same items run afterwards. A
 * task that keeps what it has done, in a cache or a file, has nothing to do any more when it is
 * measured; one that refuses to do it twice fails then.
 *
 * <p>It is a listener of the pilot, and then gives one to each run that is measured.
 */
final class FirstRuns implements TaskListener {
  /** A shorter first run proves nothing: a pause of the JVM or of the system takes as long. */
  private static final long LEAST_NANOS = 5_000_000; // Guess

  /** An item that waits must take so many times as long first. Guess: times vary by less. */
  private static final double FACTOR = 10;

  /**
   * So many times for an item that computes, because it gets faster when its classes are loaded and
   * compiled. Guess: by less than this.
   */
  private static final double COMPUTING_FACTOR = 50;

  /** What happens once, such as loading classes, is slow for one item; a cache is for most. */
  private static final double MOST = 0.75; // Guess

  /** With the very first item alone, what happens once could be all. */
  private static final int LEAST_ITEMS = 2;

  /**
   * What was found.
   *
   * @param sentence what is said instead of advice
   * @param figures the same under the stable names of the JSON form
   */
  record Finding(String sentence, Map<String, Object> figures) {}

  /** The first run of an item that took its time. */
  private static final class Slow {
    final long nanos;
    final boolean computes;

    /** The longest of the runs afterwards; negative before there is one. */
    long againNanos = -1;

    Slow(long nanos, boolean computes) {
      this.nanos = nanos;
      this.computes = computes;
    }

    boolean isKept() {
      return againNanos >= 0
          && nanos >= (computes ? COMPUTING_FACTOR : FACTOR) * Math.max(1, againNanos);
    }
  }

  /** Changed by the pilot only, and then read by many threads. */
  private final Map<Long, Slow> slow = new HashMap<>();

  private long results;
  private long end;
  private volatile boolean resultAgain;
  private volatile boolean failureAgain;

  /** Notes how an item of the pilot has run. */
  @Override
  public synchronized void onEvent(TaskEvent event) {
    if (!(event instanceof TaskEvent.Finished finished)
        || !finished.last()
        || !finished.outcome().isDone()) {
      return;
    }
    results++;
    end = Math.max(end, finished.index() + 1);
    TaskUsage usage = finished.usage();
    long nanos = nanos(usage);
    if (usage != null && nanos >= LEAST_NANOS) {
      boolean waits =
          usage.cpuNanos() != TaskUsage.UNKNOWN && usage.cpuNanos() < Verdict.WAITS_BELOW * nanos;
      slow.put(finished.index(), new Slow(nanos, !waits));
    }
  }

  private static long nanos(@Nullable TaskUsage usage) {
    return usage == null ? TaskUsage.UNKNOWN : usage.endedNanos() - usage.startedNanos();
  }

  /**
   * Returns a listener for a run that is measured.
   *
   * @param models all models that are compared: where items run one after the other, as they did
   *     first, only those times count
   */
  TaskListener again(ExecutionModel model, List<ExecutionModel> models) {
    boolean timed =
        model == ExecutionModel.SEQUENTIAL || !models.contains(ExecutionModel.SEQUENTIAL);
    return event -> {
      if (event instanceof TaskEvent.Finished finished
          && finished.last()
          && finished.index() < end
          && !(finished.outcome() instanceof Outcome.Cancelled<?>)) {
        again(finished, timed);
      }
    };
  }

  private void again(TaskEvent.Finished finished, boolean timed) {
    if (!finished.outcome().isDone()) {
      failureAgain = true;
      return;
    }
    if (!resultAgain) {
      resultAgain = true;
    }
    Slow first = timed ? slow.get(finished.index()) : null;
    if (first != null) {
      synchronized (first) {
        first.againNanos = Math.max(first.againNanos, nanos(finished.usage()));
      }
    }
  }

  /** Returns what is to be said instead of advice; empty if items run again as they ran first. */
  Optional<Finding> finding() {
    if (results > 0 && failureAgain && !resultAgain) {
      return Optional.of(
          new Finding(
              Words.count(results, "item")
                  + " gave a result when run first, and failed each time afterwards: it seems that"
                  + " this task cannot run an item twice, so there is nothing to recommend. Use"
                  + " fornada advise, which runs each item once.",
              Map.of("items", results, "failedAgain", true)));
    }
    List<Slow> kept = slow.values().stream().filter(Slow::isKept).toList();
    if (kept.size() < LEAST_ITEMS || kept.size() < MOST * results) {
      return Optional.empty();
    }
    double first = median(kept.stream().map(each -> each.nanos).toList());
    double again = median(kept.stream().map(each -> each.againNanos).toList());
    return Optional.of(
        new Finding(
            "An item took "
                + Words.seconds(first)
                + " when it ran first and "
                + Words.seconds(again)
                + " afterwards: this task seems to keep what it has done (a cache, a file), so what"
                + " was compared is that. Use fornada advise, which runs each item once.",
            Map.of("items", kept.size(), "firstSeconds", first, "againSeconds", again)));
  }

  private static double median(List<Long> nanos) {
    return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e9;
  }
}
