package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Explains what the figures mean.
 *
 * <p>It uses only the figures: the number of cores that one task at a time keeps busy shows whether
 * the tasks wait or compute, and the differences between the models show what helps.
 */
final class Verdict {
  /** Tasks that keep a smaller part of a core busy than this wait. Guess. */
  static final double WAITS_BELOW = 0.25;

  /** Tasks that keep a larger part of a core busy than this compute. Guess. */
  static final double COMPUTES_ABOVE = 0.75;

  /** A smaller speed-up counts as none. Guess: as much as noise can cause. */
  static final double NO_SPEEDUP_BELOW = 1.3;

  /**
   * Processes must be this many times as fast as threads to show that threads block each other.
   * Guess.
   */
  static final double HELD_UP_FACTOR = 1.4;

  /** Time saved below this, in seconds, is not worth a thread. Guess: too short to notice. */
  static final double WORTH_SECONDS = 0.05;

  /** A simpler model within this factor of the best counts as equally good. Guess. */
  static final double AS_GOOD_FACTOR = 1.1;

  /**
   * With fewer idle processors than this, a task that waits may be waiting for a processor. Guess.
   */
  static final double CROWDED_BELOW = 0.5;

  /**
   * Other programs that use less than this part of a processor keep no task waiting. Guess: as much
   * as the clocks may differ, and a quiet system uses.
   */
  static final double OTHERS_ABOVE = 0.1;

  /**
   * A model this many times as fast as the machine has processors is faster for a reason that other
   * programs are not. Guess.
   */
  static final double BEYOND_NOISE_FACTOR = 2;

  /** Rounds that differ by more than this part of their time say nothing even so. Guess. */
  static final double WILD_SPREAD = 0.5;

  /**
   * Where a run was cut off, so many more failures are expected of it than it had before they
   * count: as many as can be missing by chance, in 1 of 20 cases.
   */
  static final double UNSEEN_BY_CHANCE = 3;

  private final List<Figures> runs;
  private final int processors;

  /** The models under which more items fail than under the first. */
  private final List<Figures> failing;

  private Verdict(List<Figures> runs, int processors) {
    this.runs = runs;
    this.processors = processors;
    this.failing = failing();
  }

  /** Returns two or three sentences. */
  static List<String> of(List<Figures> runs, int processors) {
    if (haveNoResult(runs)) {
      return List.of(
          "No item has given a result under any model, so there is nothing to recommend: the times"
              + " are those of failures.");
    }
    return new Verdict(runs, processors).sentences();
  }

  private static boolean haveNoResult(List<Figures> runs) {
    return runs.stream().allMatch(run -> run.done() == 0 && run.failed() > 0);
  }

  /**
   * Returns what the figures of one run say of its tasks: whether they compute or wait, as a
   * comparison says it. What another model would cost they cannot say.
   */
  static String ofRun(Figures run, int processors) {
    double each = run.busyCores() / run.inFlight();
    if (Double.isNaN(each) || run.inFlight() <= 0) {
      return "It was too short to tell whether the tasks compute or wait.";
    }
    if (run.busyCores() > COMPUTES_ABOVE * processors) {
      return "The tasks compute (CPU-bound): they kept "
          + Words.figure(run.busyCores())
          + " of "
          + Words.count(processors, "processor")
          + " busy.";
    }
    if (isCrowded(run, processors)) {
      return "Other programs kept this machine busy: the tasks got "
          + Words.figure(run.busyCores())
          + " of its "
          + Words.count(processors, "processor")
          + ", and "
          + Words.figure(run.idleCores())
          + " were idle. So these figures say little about the tasks.";
    }
    String measured = Words.figure(each) + " of a core busy for each task in flight";
    if (each < WAITS_BELOW) {
      return "The tasks wait (I/O-bound): "
          + measured
          + ". More in flight helps, more cores do not.";
    }
    return each > COMPUTES_ABOVE
        ? "The tasks compute (CPU-bound): " + measured + "."
        : "The tasks wait and compute by turns (mixed), or for each other: " + measured + ".";
  }

  /** Returns the model that the sentences advise; empty if they advise none. */
  static Optional<ExecutionModel> recommended(List<Figures> runs, int processors) {
    if (haveNoResult(runs)) {
      return Optional.empty();
    }
    return new Verdict(runs, processors).recommended();
  }

  private Optional<ExecutionModel> recommended() {
    Optional<Figures> sequential = of(ExecutionModel.SEQUENTIAL);
    if (sequential.isEmpty()) {
      return best().map(Figures::model);
    }
    if (crowded(sequential.get())) {
      return beyondNoise().map(Figures::model);
    }
    if (heldUp()) {
      return Optional.of(ExecutionModel.PROCESSES);
    }
    Optional<Figures> found = best();
    if (found.isEmpty()) {
      return failing.isEmpty() ? Optional.empty() : Optional.of(ExecutionModel.SEQUENTIAL);
    }
    return Optional.of(
        leaveSequential(sequential.get(), found.get())
            ? ExecutionModel.SEQUENTIAL
            : found.get().model());
  }

  private static boolean leaveSequential(Figures one, Figures best) {
    return one.seconds() - whole(best) < WORTH_SECONDS || best.speedup() < NO_SPEEDUP_BELOW;
  }

  /** Returns the best model if it is better by far more than other programs explain. */
  private Optional<Figures> beyondNoise() {
    return best()
        .filter(best -> best.speedup() >= BEYOND_NOISE_FACTOR * processors)
        .filter(
            best -> Double.isNaN(best.spread()) || best.spread() < WILD_SPREAD * best.seconds());
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
      String busy =
          "Other programs kept this machine busy: the sequential run got "
              + Words.figure(one.busyCores())
              + " of a core, and "
              + Words.figure(one.idleCores())
              + " were idle.";
      Optional<Figures> clear = beyondNoise();
      sentences.add(
          busy
              + (clear.isEmpty()
                  ? " So these figures say little about the tasks; compare again when the machine"
                      + " is quiet."
                  : " So small differences between these figures say nothing."));
      failures().ifPresent(sentences::add);
      clear.ifPresent(best ->
          sentences.add(
              "But "
                  + best.model().label()
                  + " took "
                  + Words.seconds(best.seconds())
                  + " where one after the other took "
                  + Words.seconds(one.seconds())
                  + " ("
                  + times(best)
                  + "), which other programs do not explain: use --on "
                  + best.model().label()
                  + "."));
      return sentences;
    }
    sentences.add(kind(one));
    failures().ifPresent(sentences::add);
    if (heldUp()) {
      sentences.add(lock());
    } else {
      sentences.add(advice(one));
    }
    processesCost(one).ifPresent(sentences::add);
    return sentences;
  }

  /** Returns whether other programs may have kept the tasks waiting. */
  private boolean crowded(Figures one) {
    return isCrowded(one, processors) && one.busyCores() < COMPUTES_ABOVE;
  }

  /**
   * Returns whether there was hardly an idle processor, and not because of the tasks alone: where
   * there is one processor, a task that computes for half of its time leaves half of one.
   */
  private static boolean isCrowded(Figures run, int processors) {
    double others = processors - run.busyCores() - run.idleCores();
    return run.idleCores() < CROWDED_BELOW && others > OTHERS_ABOVE;
  }

  /**
   * Returns the models under which more items fail than under the first, which is the sequential
   * one if it was run. To fail takes less time than to work, so their times say nothing.
   */
  private List<Figures> failing() {
    List<Figures> others = of(ExecutionModel.SEQUENTIAL).map(List::of).orElse(runs);
    return runs.stream()
        .filter(run -> others.stream().anyMatch(other -> failsMore(run, other)))
        .toList();
  }

  /**
   * Returns whether more items fail in one run than in another, and more than chance explains. They
   * are compared as far as both of them came: one that was cut off has fewer of everything.
   */
  private static boolean failsMore(Figures run, Figures other) {
    double both = Math.min(ended(run), ended(other));
    double failed = run.failed() * both / Math.max(1, ended(run));
    double least = other.failed() * both / Math.max(1, ended(other));
    boolean inPart = run.cutOff() || other.cutOff();
    return areMore(inPart ? failed - UNSEEN_BY_CHANCE : failed, least);
  }

  /** Returns whether so many failures are more than others, and more than chance explains. */
  static boolean areMore(double failed, double least) {
    return failed > least + (least == 0 ? 0 : least / 2 + 1);
  }

  private static long ended(Figures run) {
    return run.done() + run.failed();
  }

  /** Returns a sentence about the models under which items fail, if there are any. */
  private Optional<String> failures() {
    if (failing.isEmpty()) {
      return Optional.empty();
    }
    String each = failing.stream().map(Verdict::failed).collect(Collectors.joining(", "));
    String inPart =
        of(ExecutionModel.SEQUENTIAL)
            .filter(Figures::cutOff)
            .map(one -> "; " + failed(one) + ", which was cut off")
            .orElse("");
    return Optional.of(
        "More items failed than one after the other: "
            + each
            + inPart
            + ". The task may not be safe to run more than once at a time.");
  }

  private static String failed(Figures run) {
    return run.failed() + " of " + Words.count(ended(run), "item") + " on " + run.model().label();
  }

  private String kind(Figures one) {
    double cores = one.busyCores();
    if (Double.isNaN(cores)) {
      return "One after the other took "
          + Words.seconds(one.seconds())
          + ": too short to tell whether the tasks compute or wait. Give more or larger inputs.";
    }
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

  /** Returns whether threads are no faster although processes are. */
  private boolean heldUp() {
    Optional<Figures> threads = of(ExecutionModel.PLATFORM_THREADS);
    Optional<Figures> processes = of(ExecutionModel.PROCESSES);
    return threads.isPresent()
        && processes.isPresent()
        && !processes.get().cutOff()
        && !failing.contains(processes.get())
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
      if (runs.size() == 1) {
        return "Only one model was run, so there is nothing to compare it with: give --on more of"
            + " them, or leave it out for all.";
      }
      return failing.isEmpty()
          ? "No other model ran to its end."
          : "Leave it sequential: no other model ran to its end with as many results.";
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

  /** Returns a sentence about the cost of processes, if they are not advised. */
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

  /**
   * Returns the simplest of the models that are about as fast as the fastest, start-up included.
   */
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
            .filter(run ->
                run.model() != ExecutionModel.SEQUENTIAL && !run.cutOff() && !failing.contains(run))
            .toList();
    double least = others.stream().mapToDouble(Verdict::whole).min().orElse(Double.NaN);
    return others.stream()
        .filter(run -> whole(run) <= AS_GOOD_FACTOR * least)
        .min(Comparator.comparingInt(run -> simplestFirst.indexOf(run.model())));
  }

  /** Returns the time including the start of the pool, which a single run pays too. */
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
