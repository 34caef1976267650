package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the figures mean, in plain words.
 *
 * <p>It knows nothing but the figures: how many cores one task at a time keeps busy says whether
 * the tasks wait or compute, and how the models differ says what helps.
 */
final class Verdict {
  /** Tasks that keep less of a core busy than this wait. Guess. */
  static final double WAITS_BELOW = 0.25;

  /** Tasks that keep more of a core busy than this compute. Guess. */
  static final double COMPUTES_ABOVE = 0.75;

  /** A speed-up below this is none. Guess: what noise can make. */
  static final double NO_SPEEDUP_BELOW = 1.3;

  /**
   * Processes must be this many times as fast as threads to show that threads are held up. Guess.
   */
  static final double HELD_UP_FACTOR = 1.4;

  /** Time saved below this, in seconds, is not worth a thread. Guess: what nobody notices. */
  static final double WORTH_SECONDS = 0.05;

  /** A simpler model within this factor of the best is as good. Guess. */
  static final double AS_GOOD_FACTOR = 1.1;

  /** With fewer idle processors than this, a task that waits may be waiting for one. Guess. */
  static final double CROWDED_BELOW = 0.5;

  private final List<Figures> runs;
  private final int processors;

  private Verdict(List<Figures> runs, int processors) {
    this.runs = runs;
    this.processors = processors;
  }

  /** Two or three sentences. */
  static List<String> of(List<Figures> runs, int processors) {
    return new Verdict(runs, processors).sentences();
  }

  private List<String> sentences() {
    var sentences = new ArrayList<String>();
    Optional<Figures> sequential = of(ExecutionModel.SEQUENTIAL);
    if (sequential.isEmpty()) {
      best()
          .ifPresent(best ->
              sentences.add(
                  "Best here: "
                      + best.model().label()
                      + ", "
                      + Words.seconds(best.seconds())
                      + ". Without a sequential run there is nothing to compare with."));
      return sentences;
    }
    Figures one = sequential.get();
    if (crowded(one)) {
      sentences.add(
          "Other programs kept this machine busy: the sequential run got "
              + Words.figure(one.busyCores())
              + " of a core, and "
              + Words.figure(one.idleCores())
              + " were idle. So these figures say little about the tasks; compare again when the"
              + " machine is quiet.");
      return sentences;
    }
    sentences.add(kind(one));
    if (heldUp()) {
      sentences.add(lock());
    } else {
      sentences.add(advice(one));
    }
    processesCost(one).ifPresent(sentences::add);
    return sentences;
  }

  /** Whether it may have been others that kept the tasks waiting. */
  private static boolean crowded(Figures one) {
    return one.idleCores() < CROWDED_BELOW && one.busyCores() < COMPUTES_ABOVE;
  }

  private String kind(Figures one) {
    double cores = one.busyCores();
    String measured = Words.figure(cores) + " cores busy with one task at a time";
    if (cores < WAITS_BELOW) {
      return "The tasks wait (I/O-bound): "
          + measured
          + ". More in flight helps, more cores do not.";
    }
    if (cores > COMPUTES_ABOVE) {
      return "The tasks compute (CPU-bound): "
          + measured
          + ". At best they get "
          + processors
          + " times as fast on the "
          + Words.count(processors, "processor")
          + " here.";
    }
    return "The tasks wait and compute by turns (mixed): " + measured + ".";
  }

  /** Threads gain nothing, though processes do. */
  private boolean heldUp() {
    Optional<Figures> threads = of(ExecutionModel.PLATFORM_THREADS);
    Optional<Figures> processes = of(ExecutionModel.PROCESSES);
    return threads.isPresent()
        && processes.isPresent()
        && !processes.get().cutOff()
        && threads.get().speedup() < NO_SPEEDUP_BELOW
        && processes.get().speedup() > HELD_UP_FACTOR * threads.get().speedup()
        && processes.get().speedup() > NO_SPEEDUP_BELOW;
  }

  private String lock() {
    Figures threads = of(ExecutionModel.PLATFORM_THREADS).orElseThrow();
    Figures processes = of(ExecutionModel.PROCESSES).orElseThrow();
    return "Threads do not speed it up ("
        + times(threads)
        + ") and processes do ("
        + times(processes)
        + "): something within one JVM lets one task in at a time, a lock for instance. Remove it,"
        + " or go around it with --on processes.";
  }

  private String advice(Figures one) {
    Optional<Figures> found = best();
    if (found.isEmpty()) {
      return "No other model ran to its end.";
    }
    Figures best = found.get();
    double saved = one.seconds() - whole(best);
    String compared =
        best.model().label()
            + " took "
            + Words.seconds(best.seconds())
            + " where one after the other took "
            + Words.seconds(one.seconds());
    if (saved < WORTH_SECONDS) {
      return "Leave it sequential: "
          + compared
          + (best.startupSeconds() > WORTH_SECONDS
              ? ", and " + Words.seconds(best.startupSeconds()) + " to start"
              : "")
          + ". That is not worth it.";
    }
    if (best.speedup() < NO_SPEEDUP_BELOW) {
      return "Leave it sequential: "
          + compared
          + " ("
          + times(best)
          + "). Something that all tasks share holds them up: a lock, the disk, the memory or the"
          + " other side.";
    }
    return "Use --on " + best.model().label() + ": " + compared + " (" + times(best) + ").";
  }

  /** What processes cost, where they are not what was advised. */
  private Optional<String> processesCost(Figures one) {
    return of(ExecutionModel.PROCESSES)
        .filter(processes -> processes.startupSeconds() > 0)
        .map(processes ->
            "Processes cost "
                + Words.seconds(processes.startupSeconds())
                + " to start"
                + (processes.peakMemoryBytes() > one.peakMemoryBytes() && one.peakMemoryBytes() > 0
                    ? " and "
                        + Words.bytes(processes.peakMemoryBytes() - one.peakMemoryBytes())
                        + " more memory"
                    : "")
                + "; they are for tasks that crash, leak, hang or share a lock.");
  }

  /** The simplest of the models that are about as fast as the fastest, start-up included. */
  private Optional<Figures> best() {
    List<ExecutionModel> simplestFirst =
        of(ExecutionModel.SEQUENTIAL).filter(one -> one.busyCores() > COMPUTES_ABOVE).isPresent()
            ? List.of(
                ExecutionModel.PLATFORM_THREADS,
                ExecutionModel.VIRTUAL_THREADS,
                ExecutionModel.PROCESSES)
            : List.of(
                ExecutionModel.VIRTUAL_THREADS,
                ExecutionModel.PLATFORM_THREADS,
                ExecutionModel.PROCESSES);
    List<Figures> others =
        runs.stream()
            .filter(run -> run.model() != ExecutionModel.SEQUENTIAL && !run.cutOff())
            .toList();
    double least = others.stream().mapToDouble(Verdict::whole).min().orElse(Double.NaN);
    return others.stream()
        .filter(run -> whole(run) <= AS_GOOD_FACTOR * least)
        .min(Comparator.comparingInt(run -> simplestFirst.indexOf(run.model())));
  }

  /** With the start of the pool, which a single run pays too. */
  private static double whole(Figures run) {
    return run.seconds() + run.startupSeconds();
  }

  private static String times(Figures run) {
    return ComparisonTable.speedup(run.speedup());
  }

  private Optional<Figures> of(ExecutionModel model) {
    return runs.stream().filter(run -> run.model() == model).findFirst();
  }
}
