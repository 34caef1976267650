package io.github.fornada.stress.pipelines;

import io.github.fornada.Outcome;
import io.github.fornada.pipeline.Origin;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineSummary;
import io.github.fornada.pipeline.StageSummary;
import io.github.fornada.stress.pipelines.Plan.Kind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Says whether what was seen of a run is what its plan must give. Each item has one outcome, the
 * right one, in the right order; after a stop each that was taken has one; figures agree.
 *
 * <p>What comes into one batch is a matter of time. So for what has been in batches, only that it
 * came out once is looked at, and that what failed had to.
 */
final class Oracle {
  /** More outcomes than are compared with a plain loop: an endless source may give any number. */
  private static final int MOST_COMPARED = 300_000;

  private static final double ROUNDING = 1e-6;
  private static final int EXIT_OF_TASKS = 7;
  private static final Pattern PLACES = Pattern.compile("(\\d+) of \\d+ places used");

  /** Something is not as it must be. */
  static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1;

    Fault(String message) {
      super(message);
    }
  }

  private final Plan plan;
  private final Execution.Seen seen;
  private final boolean isStopped;

  /** What ended each item, by its token; for items of a flat stage, by what comes after it. */
  private final Map<Long, PipelineOutcome<Object>> endings = new HashMap<>();

  /** Batches that were stopped while single items were made of them, by their tokens. */
  private final Map<Long, PipelineOutcome<Object>> unpacking = new HashMap<>();

  private final Set<Long> expected = new HashSet<>();

  private Oracle(Plan plan, Execution.Seen seen) {
    this.plan = plan;
    this.seen = seen;
    Kind kind = plan.consumption().kind();
    isStopped =
        seen.thrown() instanceof CancellationException
            || seen.thrown() instanceof RejectedExecutionException
            || kind == Kind.LIMIT
            || kind == Kind.NOT_AT_ALL
            || wasStoppedByFailure();
  }

  private boolean wasStoppedByFailure() {
    return plan.options().stopsOnFailure()
        && seen.outcomes().stream().anyMatch(outcome -> !outcome.isDone());
  }

  /**
   * Checks what was seen.
   *
   * @throws Fault if something is not as it must be
   */
  static void check(Plan plan, Execution.Seen seen) {
    new Oracle(plan, seen).check();
  }

  private static void require(boolean holds, String what, Object about) {
    if (!holds) {
      throw new Fault(what + ": " + about);
    }
  }

  private void check() {
    checkShares(seen.summary());
    require(
        seen.wrongProgress() == null, "figures on the way", String.valueOf(seen.wrongProgress()));
    checkThrown();
    for (PipelineOutcome<Object> outcome : seen.outcomes()) {
      checkOne(outcome);
    }
    Kind kind = plan.consumption().kind();
    if (plan.options().isOrdered() && kind != Kind.PARALLEL) {
      checkOrder();
    }
    boolean deliversAll =
        !isStopped
            || kind.isCancel()
            || kind.isShutDown()
            || (wasStoppedByFailure() && kind.goesToTheEnd());
    if (deliversAll && seen.outcomes().size() <= MOST_COMPARED) {
      compareWithLoop();
    }
    if (!isStopped && kind.goesToTheEnd()) {
      checkFigures();
    }
  }

  // ---- the end

  private void checkThrown() {
    Throwable thrown = seen.thrown();
    boolean isOfSource = thrown instanceof PlannedSource.SourceException;
    boolean isCancel = thrown instanceof CancellationException;
    Kind kind = plan.consumption().kind();
    require(
        thrown == null
            || (isOfSource && plan.source().throwsAtEnd())
            || (isCancel && !kind.goesToTheEnd() && kind != Kind.LIMIT && !kind.isShutDown())
            || (isOfShutDown(thrown) && kind.isShutDown()),
        "the stream threw",
        String.valueOf(thrown));
    require(
        isStopped || isOfSource == plan.source().throwsAtEnd(),
        "what the source throws is to be thrown",
        String.valueOf(thrown));
    require(
        kind != Kind.INTERRUPTED || !isCancel || seen.wasInterrupted(),
        "the interrupt is to be kept",
        String.valueOf(thrown));
  }

  private static boolean isOfShutDown(@Nullable Throwable thrown) {
    return thrown instanceof RejectedExecutionException
        && String.valueOf(thrown.getMessage()).contains("was shut down while the pipeline ran");
  }

  // ---- each outcome

  private void checkOne(PipelineOutcome<Object> outcome) {
    StagePlan stage = plan.stage(outcome.stage());
    Object value = value(outcome);
    Ending ending = Ending.of(outcome.outcome());
    boolean isBatch = value instanceof List<?>;
    switch (ending) {
      case DONE -> require(isBatch == (plan.end() != null), "a list or not", outcome);
      case CANCELLED -> require(isStopped, "cancelled without a stop", outcome);
      default -> require(isBatch == (stage.batches() != null), "a list or not", outcome);
    }
    long[] tokens = Value.tokens(value);
    checkEnding(outcome, stage, ending, tokens[0]);
    checkOrigins(outcome, tokens);
    for (long token : tokens) {
      if (ending != Ending.DONE && stage.unpacks()) {
        var _ = unpacking.putIfAbsent(token, outcome); // some of its items may have gone on
      } else {
        PipelineOutcome<Object> other = endings.put(key(outcome, stage, token), outcome);
        require(
            other == null, "an item with two outcomes, of which the first is " + other, outcome);
      }
    }
  }

  private static Object value(PipelineOutcome<Object> outcome) {
    Object value = outcome.isDone() ? outcome.get() : outcome.item();
    if (value == null) {
      throw new Fault("an outcome without its item: " + outcome);
    }
    return value;
  }

  private static long key(PipelineOutcome<?> outcome, StagePlan stage, long token) {
    return outcome.isDone() ? token : stopKey(stage, token);
  }

  /** Returns what stands in the order for an item that ends in this stage. */
  private static long stopKey(StagePlan stage, long token) {
    return stage.multiplies() ? Tokens.afterChildren(token, stage.depth()) : token;
  }

  private void checkEnding(
      PipelineOutcome<Object> outcome, StagePlan stage, Ending ending, long token) {
    boolean hasTimeout = stage.limits().timeoutMillis() > 0;
    boolean isPlanned = stage.ending(token) == ending || isExcused(outcome);
    switch (outcome.outcome()) {
      case Outcome.Failed<?>(Throwable cause) -> {
        require(
            String.valueOf(cause).contains(StageTask.PlannedException.MESSAGE),
            "failed otherwise than planned",
            outcome);
        boolean breaks = stage.multiplies() && stage.breaksAt(token, stage.children(token)) >= 0;
        require(isPlanned || breaks, "failed unplanned", outcome);
      }
      case Outcome.TimedOut<?> _ -> require(hasTimeout, "timed out without a timeout", outcome);
      case Outcome.WorkerLost<?> lost -> {
        require(isPlanned, "blamed for a death that it did not cause", outcome);
        require(lost.exitCode() == EXIT_OF_TASKS, "died otherwise than planned", outcome);
      }
      default -> {}
    }
  }

  private void checkOrigins(PipelineOutcome<?> outcome, long[] tokens) {
    var indices =
        LongStream.of(tokens)
            .map(Tokens::index)
            .boxed()
            .collect(Collectors.toCollection(TreeSet::new));
    var origins =
        outcome.origins().stream()
            .map(Origin::index)
            .collect(Collectors.toCollection(TreeSet::new));
    boolean isUnpacked = plan.stages().stream().anyMatch(StagePlan::unpacks);
    require(
        origins.equals(indices) || (isUnpacked && origins.containsAll(indices)),
        "wrong origins " + origins + " of " + indices,
        outcome);
    require(origins.size() == outcome.origins().size(), "an origin that comes twice", outcome);
    for (Origin origin : outcome.origins()) {
      require(
          origin.item() instanceof Value value
              && value.tokens()[0] == Tokens.ofSource(origin.index()),
          "an origin with another's item",
          origin);
    }
  }

  // ---- the order

  private void checkOrder() {
    boolean isExact = !isStopped && !plan.hasBatches();
    long last = -1;
    for (PipelineOutcome<Object> outcome : seen.outcomes()) {
      long[] tokens = Value.tokens(value(outcome));
      for (int k = 1; k < tokens.length; k++) {
        require(tokens[k - 1] < tokens[k], "out of order within a batch", outcome);
      }
      if (outcome.isDone() || isExact) {
        long key = key(outcome, plan.stage(outcome.stage()), tokens[0]);
        require(key > last, "out of order", outcome);
        last = key;
      }
    }
  }

  // ---- what a plain loop would give

  private void compareWithLoop() {
    long taken = seen.summary().sourceItems();
    require(
        isStopped || taken == plan.source().items(), "items taken from the source", seen.summary());
    for (long index = 0; index < taken; index++) {
      loop(0, Tokens.ofSource(index), false);
    }
    for (var each : endings.entrySet()) {
      require(
          expected.contains(each.getKey()) || isExcused(each.getValue()),
          "an outcome that no loop would give",
          each.getValue());
    }
  }

  /** Goes on with an item at a stage; {@code isOpen} if batches have decided about it before. */
  private void loop(int depth, long token, boolean isOpen) {
    if (depth == plan.stages().size()) {
      expect(token, Ending.DONE, token, depth, isOpen);
      return;
    }
    StagePlan stage = plan.stages().get(depth);
    if (stage.takesBatches()) {
      loop(depth + 1, token, true);
      return;
    }
    long stop = stopKey(stage, token);
    if (stage.ending(token) != Ending.DONE) {
      expect(stop, stage.ending(token), token, depth, false);
    } else if (!stage.isFlat()) {
      loopUnlessDropped(stage, token);
    } else {
      int children = stage.children(token);
      int breaksAt = stage.breaksAt(token, children);
      boolean givesNone = breaksAt >= 0 && stage.where().model().isOfProcesses();
      int given = givesNone ? 0 : breaksAt >= 0 ? breaksAt : children;
      for (int k = 0; k < given; k++) {
        loopUnlessDropped(stage, Tokens.child(token, depth, k));
      }
      if (breaksAt >= 0) {
        expect(stop, Ending.FAILED, token, depth, false);
      }
    }
  }

  private void loopUnlessDropped(StagePlan stage, long token) {
    if (!stage.drops(token)) {
      loop(stage.depth() + 1, token, false);
    }
  }

  private void expect(long key, Ending ending, long token, int depth, boolean isOpen) {
    expected.add(key);
    PipelineOutcome<Object> outcome = endings.get(key);
    if (outcome == null) {
      require(
          (isOpen && unpacking.containsKey(token)) || hasStoppedAncestor(token, depth),
          "no outcome, and a loop gives "
              + ending
              + " in stage "
              + depth
              + " of "
              + plan.stages().size(),
          Long.toHexString(key) + " of source item " + Tokens.index(key));
    } else {
      require(
          isOpen || Ending.of(outcome.outcome()) == ending || isExcused(outcome),
          "a loop gives " + ending,
          outcome);
    }
  }

  /** Whether what the item would have been made from was stopped before. */
  private boolean hasStoppedAncestor(long token, int depth) {
    for (int k = 0; k <= Math.min(depth, plan.stages().size() - 1); k++) {
      StagePlan stage = plan.stages().get(k);
      PipelineOutcome<Object> outcome = endings.get(stopKey(stage, Tokens.ancestor(token, k)));
      if (outcome != null && outcome.stage().equals(stage.name()) && isExcused(outcome)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the outcome may be there in place of the planned one: because of a stop, after which
   * nothing is tried again, or of a machine so slow that timeouts are over.
   */
  private boolean isExcused(PipelineOutcome<Object> outcome) {
    StagePlan stage = plan.stage(outcome.stage());
    boolean hasTimeout = stage.limits().timeoutMillis() > 0;
    long token = Value.tokens(value(outcome))[0];
    return switch (Ending.of(outcome.outcome())) {
      case DONE -> false;
      case CANCELLED -> isStopped;
      case TIMED_OUT -> hasTimeout;
      case FAILED -> stage.isFlaky(token) && (isStopped || hasTimeout);
      case LOST -> stage.haltsOnce(token) && (isStopped || hasTimeout);
    };
  }

  // ---- figures

  /** Checks that the parts of a stage's time are parts. */
  static void checkShares(PipelineSummary summary) {
    for (StageSummary stage : summary.stages()) {
      double sum = 0;
      for (double share :
          new double[] {
            stage.busy(), stage.restarting(), stage.waitsForInput(), stage.waitsForRoom()
          }) {
        require(share >= -ROUNDING && share <= 1 + ROUNDING, "a part of the time", stage);
        sum += share;
      }
      require(Math.abs(sum - 1) < ROUNDING, "parts of the time that are not all of it", stage);
      require(stage.rate() >= 0 && stage.rate() < Double.POSITIVE_INFINITY, "a rate", stage);
      require(stage.queued() >= 0 && stage.deepestQueue() >= 0, "a depth", stage);
    }
    require(!summary.toString().isEmpty(), "no text of figures", "");
  }

  private void checkFigures() {
    List<StageSummary> stages = seen.summary().stages();
    int given = seen.outcomes().size();
    require(
        seen.summary().outcomes() == given,
        "another number of outcomes than " + given,
        seen.summary());
    if (!plan.source().throwsAtEnd()) {
      Matcher places = PLACES.matcher(seen.text());
      while (places.find()) {
        require(places.group(1).equals("0"), "places that were not freed", seen.text());
      }
    }
    for (StageSummary stage : stages) {
      checkFigures(stage, plan.stage(stage.name()));
    }
    for (int k = 1; k < stages.size(); k++) {
      require(
          plan.stages().get(k).batches() != null
              || stages.get(k).taken() == stages.get(k - 1).results(),
          "stage " + k + " took another number than the one before gave",
          seen.summary());
    }
    require(
        plan.stages().getFirst().batches() != null
            || stages.getFirst().taken() == plan.source().items(),
        "the first stage took another number than there are",
        seen.summary());
  }

  private void checkFigures(StageSummary stage, StagePlan planned) {
    long failed =
        seen.outcomes().stream()
            .filter(outcome -> !outcome.isDone() && outcome.stage().equals(stage.name()))
            .count();
    require(stage.failed() == failed, "failed items are " + failed, stage);
    require(
        planned.isFlat()
            || planned.drops() > 0
            || stage.taken() == stage.results() + stage.failed(),
        "taken is not results and failed",
        stage);
    require(stage.queued() == 0, "items that wait at the end", stage);
    int limit = stage.queueLimit();
    require(
        plan.options().queue() == 0 || stage.deepestQueue() <= limit + limit / 2 + 1,
        "deeper than its limit",
        stage);
  }
}
