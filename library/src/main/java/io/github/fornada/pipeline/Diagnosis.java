package io.github.fornada.pipeline;

import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What holds a pipeline up, from the figures alone.
 *
 * <p>Every stage sees the same stream of items, so the busiest is the one that can do the least of
 * it; what waits before it waits for room, what comes after it for input. (The utilization law of
 * operational analysis; the account of busy, idle and back-pressured time is Flink's.)
 *
 * <p>How busy a stage is says that of the time in which it had items alone: while the queues fill,
 * one that fills them runs more items than those behind it. So stages are compared by how many
 * items of the source they could run: the rate at which their workers would, divided by how often
 * an item of the source visits the stage. (The forced flow law.)
 *
 * @param busiest the stage with the busiest workers; null if nothing is said of one
 * @param promised items a second that it would run with one more worker
 * @param doubt why this rests on little; empty if it does not
 */
record Diagnosis(
    Kind kind, @Nullable StageSummary busiest, double promised, String text, String doubt) {
  /** Workers that are busier than this keep the others waiting. */
  private static final double BUSY = 0.9; // Guess

  /** Who is waited for at the ends of the pipeline for less than this is not said to hold it up. */
  private static final double SELDOM = 0.1; // Guess

  /** Less than it takes to pass an item on to a thread that sleeps. */
  private static final double QUICK_NANOS = 10_000; // Guess

  /** A gain that is not worth a worker. */
  private static final double WORTH = 1.02; // Guess

  /** Fewer items than these say little. */
  private static final int FEW = 10; // Guess

  /** Where to replace workers takes much of the time, fewer than these say little of it. */
  private static final int FEW_RESTARTS = 5; // Guess

  /** A mean that may be off by more says little. */
  private static final double UNSURE = 0.1; // Guess

  /** A stage that keeps this part of a processor busy while it runs an item computes. */
  private static final double COMPUTES = 0.2; // Guess

  /** The part of all processors that a newcomer gets where others use all of them. */
  private static final double SHARE = 0.1; // Guess

  /** As many as the processors, but for so much. */
  private static final double NEARLY = 0.25; // Guess

  /** Items that are run so often, on average, are retried more than now and then. */
  private static final double OFTEN = 1.01; // Guess

  enum Kind {
    NOTHING,
    STAGE,
    SOURCE,
    CONSUMER
  }

  /** What holds it up, and how sure that is. */
  static Diagnosis of(List<StageSummary> stages, double freeProcessors) {
    Diagnosis found = find(stages, freeProcessors);
    StageSummary at = found.busiest;
    String doubt = at == null ? "" : doubt(at, stages);
    return doubt.isEmpty()
        ? found
        : new Diagnosis(found.kind, at, found.promised, found.text + " " + doubt, doubt);
  }

  private static String doubt(StageSummary at, List<StageSummary> stages) {
    for (StageSummary stage : stages) {
      String name = '"' + stage.name() + '"';
      if (stage.starting() > 0) {
        int up = stage.size() - stage.starting();
        return "This may change: "
            + up
            + " of "
            + stage.size()
            + " workers of "
            + name
            + " have started.";
      }
      if (stage.rate() == 0 && stage.taken() > 0) {
        return "This may change: no item of " + name + " has ended yet.";
      }
    }
    String name = '"' + at.name() + '"';
    if (at.measured() == 0) {
      return "This rests on the first item of each worker of "
          + name
          + " alone, and later ones may"
          + " be faster.";
    }
    if (at.measured() < FEW) {
      return "This rests on only "
          + at.measured()
          + (at.measured() == 1 ? " item" : " items")
          + " of "
          + name
          + ".";
    }
    if (at.restarting() > UNSURE && at.measuredRestarts() < FEW_RESTARTS) {
      return "This rests on only "
          + at.measuredRestarts()
          + (at.measuredRestarts() == 1 ? " restart" : " restarts")
          + " of workers of "
          + name
          + ".";
    }
    double error = at.load() == 0 ? at.error() : at.error() * at.busy() / at.load();
    if (error > UNSURE) {
      return "The times of the items of "
          + name
          + " differ much: their mean may be off by "
          + percent(error)
          + ".";
    }
    return "";
  }

  private static Diagnosis find(List<StageSummary> stages, double freeProcessors) {
    double[] capacities = capacities(stages);
    StageSummary busiest = null;
    double least = 0;
    for (int k = 0; k < capacities.length; k++) {
      StageSummary stage = stages.get(k);
      if (stage.rate() > 0
          && (busiest == null
              || (Math.min(stage.load(), busiest.load()) >= BUSY
                  ? capacities[k] < least
                  : stage.load() > busiest.load()))) {
        busiest = stage;
        least = capacities[k];
      }
    }
    if (busiest == null) {
      return new Diagnosis(Kind.NOTHING, null, 0, "Nothing has run yet.", "");
    }
    if (busiest.load() < BUSY) {
      StageSummary computing = onAllProcessors(stages, freeProcessors);
      if (computing != null) {
        return ofProcessors(computing);
      }
      double most = longWait(busiest);
      StageSummary first = stages.getFirst();
      double forSource = first.waitsForInput() - first.idleAtEnd();
      StageSummary last = stages.getLast();
      double forConsumer = last.waitsForRoom() - last.waitsForTurn();
      StageSummary byOrder = heldByOrder(stages);
      if (byOrder != null) {
        return ofOrder(byOrder);
      }
      if (forConsumer > most && forConsumer >= forSource) {
        return new Diagnosis(
            Kind.CONSUMER,
            busiest,
            0,
            "The consumer holds the pipeline up: the last stage waits for room "
                + percent(forConsumer)
                + " of the time.",
            "");
      }
      if (first.waitsForInput() > 0.5 && forSource < first.idleAtEnd()) {
        return new Diagnosis(Kind.NOTHING, null, 0, usedUp(first), "");
      }
      if (forSource > most) {
        return new Diagnosis(
            Kind.SOURCE,
            busiest,
            0,
            "The source holds the pipeline up: the first stage waits for input "
                + percent(forSource)
                + " of the time, and \""
                + busiest.name()
                + "\", the busiest stage, could run "
                + number(busiest.trueRate())
                + "/s.",
            "");
      }
    }
    if (busiest.load() < 0.5 && busiest.meanTime().toNanos() < QUICK_NANOS) {
      return new Diagnosis(
          Kind.NOTHING,
          busiest,
          0,
          "No stage holds the pipeline up: an item takes "
              + time((double) busiest.meanTime().toNanos())
              + " in \""
              + busiest.name()
              + "\", the busiest one, and passing it on takes longer. Put several items into one"
              + " with batches.",
          "");
    }
    return ofStage(busiest, least, stages, capacities, freeProcessors);
  }

  /** Returns how busy each stage is where all run as many items as the slowest one does now. */
  static double[] loads(List<StageSummary> stages) {
    double[] capacities = capacities(stages);
    int slowest = 0;
    for (int k = 1; k < capacities.length; k++) {
      if (capacities[k] < capacities[slowest]) {
        slowest = k;
      }
    }
    double flow = capacities[slowest] * stages.get(slowest).load();
    var loads = new double[capacities.length];
    for (int k = 0; k < loads.length; k++) {
      loads[k] = capacities[k] > 0 ? Math.min(1, flow / capacities[k]) : 0;
    }
    return loads;
  }

  /**
   * Returns how many items of the source a second each stage could run; infinite for one that no
   * item comes to.
   */
  private static double[] capacities(List<StageSummary> stages) {
    var capacities = new double[stages.size()];
    double visits = 1;
    for (int k = 0; k < capacities.length; k++) {
      StageSummary stage = stages.get(k);
      capacities[k] = visits == 0 ? Double.POSITIVE_INFINITY : stage.trueRate() / visits;
      visits *= stage.resultsPerItem();
    }
    return capacities;
  }

  /**
   * Returns for how much of the time the first stage must wait for input, or the last one for room,
   * if that is what keeps the busiest stage from being busy: for half of the time that this is
   * idle. Where items are so small that to pass them on takes longer, it says less.
   */
  private static double longWait(StageSummary busiest) {
    return busiest.meanTime().toNanos() < QUICK_NANOS
        ? 0.5
        : Math.max(SELDOM, (1 - busiest.load()) / 2);
  }

  /** Returns the stage that waits most for items to end that come before others; null for none. */
  private static @Nullable StageSummary heldByOrder(List<StageSummary> stages) {
    StageSummary most = null;
    for (StageSummary stage : stages) {
      if (stage.waitsForTurn() > longWait(stage)
          && (most == null || stage.waitsForTurn() > most.waitsForTurn())) {
        most = stage;
      }
    }
    return most;
  }

  private static Diagnosis ofOrder(StageSummary at) {
    String text =
        "The order of \""
            + at.name()
            + "\" holds the pipeline up: now and then an item takes long, those after it wait for"
            + " their turn, and fill the queue. So "
            + (at.size() == 1 ? "its one worker waits" : "its " + at.size() + " workers wait")
            + " for room "
            + percent(at.waitsForRoom())
            + " of the time, and one more would give nothing. To take results in any order would"
            + " help, or a longer queue.";
    return new Diagnosis(Kind.STAGE, at, at.rate(), text, "");
  }

  /**
   * Returns the stage whose items compute on virtual threads, and get all processors: as many of
   * its many workers are busy as there are processors, and the others are idle only because their
   * items have not got one. Null for none.
   */
  private static @Nullable StageSummary onAllProcessors(
      List<StageSummary> stages, double freeProcessors) {
    int processors = Runtime.getRuntime().availableProcessors();
    if (freeProcessors < 0 || freeProcessors > SHARE * processors) {
      return null;
    }
    StageSummary most = null;
    double mostBusy = 0;
    for (StageSummary stage : stages) {
      double busy = stage.rate() * stage.runsPerItem() * stage.meanTime().toNanos() / 1e9;
      if (stage.model().equals(ExecutionModel.VIRTUAL_THREADS.label())
          && stage.size() > processors
          && busy > mostBusy
          && Math.abs(busy / processors - 1) < NEARLY) {
        most = stage;
        mostBusy = busy;
      }
    }
    return most;
  }

  private static Diagnosis ofProcessors(StageSummary at) {
    int processors = Runtime.getRuntime().availableProcessors();
    String text =
        "\""
            + at.name()
            + "\" holds the pipeline up: an item computes for "
            + time((double) at.meanTime().toNanos())
            + ", and "
            + (processors == 1 ? "the one processor gives " : "all processors give ")
            + number(at.rate())
            + "/s, however many workers it has.";
    return new Diagnosis(Kind.STAGE, at, at.rate(), text, "");
  }

  /** What is said of a run that has too few items to keep its workers busy. */
  private static String usedUp(StageSummary first) {
    return "No stage holds the pipeline up: the source has given all that it had, and "
        + number((double) first.taken())
        + (first.taken() == 1 ? " item does" : " items do")
        + " not keep "
        + (first.size() == 1
            ? "the one worker of \""
            : "the " + number((double) first.size()) + " workers of \"")
        + first.name()
        + "\" busy.";
  }

  private static Diagnosis ofStage(
      StageSummary at,
      double capacity,
      List<StageSummary> stages,
      double[] capacities,
      double freeProcessors) {
    double now = at.trueRate();
    double wanted = now * (at.size() + 1) / at.size();
    StageSummary next = null;
    double nextRate = Double.POSITIVE_INFINITY;
    double cores = 0;
    for (int k = 0; k < capacities.length; k++) {
      StageSummary stage = stages.get(k);
      cores += Math.max(0, stage.cpuCores());
      if (stage != at && stage.trueRate() > 0) {
        double rate = now * capacities[k] / capacity; // in items of the one that holds it up
        if (rate < nextRate) {
          next = stage;
          nextRate = rate;
        }
      }
    }
    // At this rate the pipeline keeps `cores` busy, and `freeProcessors` are left. A stage that
    // mostly waits needs little of them, and gets that from those that others use, too.
    double left =
        at.cpuCores() >= COMPUTES * at.size() * at.load()
            ? freeProcessors
            : Math.max(freeProcessors, SHARE * Runtime.getRuntime().availableProcessors());
    double byProcessors =
        cores > 0.05 && freeProcessors >= 0
            ? at.rate() * (cores + left) / cores
            : Double.POSITIVE_INFINITY;
    double promised = Math.min(wanted, Math.min(nextRate, byProcessors));
    var text = new StringBuilder();
    text.append('"')
        .append(at.name())
        .append("\" holds the pipeline up: an item takes ")
        .append(time((double) at.meanTime().toNanos()))
        .append(retries(at))
        .append(restarts(at))
        .append(", so ")
        .append(at.size() == 1 ? "its one worker runs" : "its " + at.size() + " workers run")
        .append(" at most ")
        .append(number(now))
        .append("/s. ");
    if (promised < wanted && promised < now * WORTH) { // of many workers one is a small part
      text.append(
          byProcessors <= nextRate
              ? "All processors are in use: one more worker would give nothing."
              : "One more worker would give nothing: \""
                  + name(next)
                  + "\" is next, at "
                  + number(nextRate)
                  + "/s.");
      return new Diagnosis(Kind.STAGE, at, Math.max(promised, at.rate()), text.toString(), "");
    }
    text.append(
            at.model().equals(ExecutionModel.SEQUENTIAL.label())
                ? "It is sequential, which is one worker: two, of threads or of processes, would"
                    + " give "
                : "One more worker would give ")
        .append(number(promised))
        .append("/s");
    if (promised == byProcessors) {
      text.append(", and then all processors are in use");
    } else if (promised == nextRate) {
      text.append(", because then \"").append(name(next)).append("\" holds it up");
    } else if (next != null) {
      text.append("; beyond that \"")
          .append(name(next))
          .append("\" is next, at ")
          .append(number(nextRate))
          .append("/s");
    }
    text.append('.');
    return new Diagnosis(Kind.STAGE, at, promised, text.toString(), "");
  }

  /** What is said of items that are run more than once, where that is not rare. */
  private static String retries(StageSummary at) {
    return at.runsPerItem() < OFTEN ? "" : " in each of its " + number(at.runsPerItem()) + " runs";
  }

  /** What is said of workers that are replaced, where that takes time. */
  private static String restarts(StageSummary at) {
    return at.restarting() < 0.01
        ? ""
        : " and " + time(at.restartNanos()) + " more because workers start anew";
  }

  private static String name(@Nullable StageSummary stage) {
    return stage == null ? "" : stage.name();
  }

  static String percent(double part) {
    return Math.round(part * 100) + " %";
  }

  /** A rate or a count, with as many digits as mean something. */
  static String number(double value) {
    if (value >= 100 || value == Math.rint(value)) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
  }

  static String time(double nanos) {
    if (nanos >= 1e9) {
      return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }
    if (nanos >= 1e6) {
      return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }
    if (nanos >= 1e3) {
      return String.format(Locale.ROOT, "%.1f us", nanos / 1e3);
    }
    return String.format(Locale.ROOT, "%.0f ns", nanos);
  }
}
