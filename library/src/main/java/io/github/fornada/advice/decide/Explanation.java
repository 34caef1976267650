package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Forecast.Plan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says in words and figures what was found out, the cause first. */
final class Explanation {
  /** Waits for a larger part of an item's time are what the job is about. */
  private static final double WAITS = 0.3;

  /** A lock that is this near to the lowest of the other walls is what holds the job up. */
  private static final double NEAR = 1.3;

  /** A part of a lock's waits above which it holds the job up whatever the walls say. */
  private static final double MUCH = 0.3;

  /** So few items may be over before they were looked at. Guess. */
  private static final int FEW = 20;

  /** The part of the time after which the longest item may still begin. Guess. */
  private static final double LAST_PART = 0.8;

  private static final String EARLIER = "As an earlier run has found: ";

  /** How sure one can be at most while it is not known which models can be used. */
  private static final double SURE_OF_UNKNOWN = 0.5;

  private static final double TIE = 1.05;
  private static final double TIE_NANOS = 20e6;

  private final Estimates known;
  private final Machine machine;
  private final Job job;
  private final Setting setting;
  private final Forecast forecast;
  private final boolean memoryBound;
  private final boolean sharedState;
  private final boolean wentBack;
  private final @Nullable Learned earlier;
  private final Plan best;

  Explanation(
      Estimates known,
      Machine machine,
      Job job,
      Setting setting,
      Forecast forecast,
      boolean memoryBound,
      boolean sharedState,
      boolean wentBack,
      @Nullable Learned begunWith) {
    this.known = known;
    this.machine = machine;
    this.job = job;
    this.setting = setting;
    this.forecast = forecast;
    this.memoryBound = memoryBound;
    this.sharedState = sharedState;
    this.wentBack = wentBack;
    // Worker processes do not show why threads are worse.
    boolean unseen =
        begunWith != null
            && known.done() > 0
            && begunWith.setting().model() == ExecutionModel.PROCESSES
            && setting.model() == ExecutionModel.PROCESSES
            && !(forecast.lock() > 0);
    earlier = unseen ? begunWith : null;
    best = wentBack ? forecast.plan(setting.model()) : forecast.best(TIE, TIE_NANOS, true);
  }

  Finding finding(List<String> changes, int workersForNothing) {
    Cause cause = earlier != null ? earlier.cause() : cause();
    var sentences = new ArrayList<String>();
    sentences.add(earlier != null ? fromEarlier(earlier) : first(cause));
    if (cause != Cause.UNKNOWN) {
      sentences.add(whatToDo());
      extras(cause, sentences, workersForNothing);
    }
    return new Finding(
        setting,
        best.setting(),
        cause,
        sentences,
        predictions(),
        confidence(),
        wouldChange(cause),
        walls(),
        dots(),
        changes,
        known.failed(),
        known.refused(),
        workersForNothing);
  }

  // The cause.

  private Cause cause() {
    if (known.done() == 0) {
      return Cause.UNKNOWN;
    }
    double cores = machine.usableCores();
    boolean waits = known.waitingShare() >= WAITS;
    boolean computes = known.waitingShare() < 0.5;
    if (job.items() >= 0 && job.items() <= 1) {
      return Cause.FEW_ITEMS;
    }
    if (!known.isLookedAt() && job.items() >= 0 && job.items() <= FEW) {
      return Cause.FEW_ITEMS; // over before anybody could look
    }
    if (known.dry.or(0) > 0.5) {
      return Cause.SLOW_SOURCE;
    }
    if (computes && known.foreign.or(0) > Math.max(0.25, 0.2 * cores)) {
      return Cause.BUSY_MACHINE;
    }
    if (known.throttled.or(0) > 0.1) {
      return Cause.QUOTA;
    }
    if (known.inside.or(1) > 1.2) {
      return Cause.PARALLEL_INSIDE;
    }
    if (lockHoldsUp()) {
      return known.nativeLockWait.or(0) > known.lockWait.or(0) ? Cause.NATIVE_LOCK : Cause.LOCK;
    }
    if (permitsHoldUp()) {
      return Cause.CONNECTION_POOL;
    }
    if (job.threadDoubt() != null
        && job.processDoubt() == null
        && forecast.shipping() > 0.3 * known.work()
        && best.setting().model() != ExecutionModel.PROCESSES) {
      return Cause.SHIPPING;
    }
    if (sharedState) {
      return Cause.SHARED_STATE;
    }
    if (memoryBound) {
      return Cause.MEMORY;
    }
    if (known.collector.or(0) > 0.3) {
      return Cause.COLLECTOR;
    }
    if (computes && setting.size() > 1 && known.inflation() > Forecast.INFLATED) {
      return known.inflation() > 1.1 * 2 / Math.max(1, machine.memoryScaling())
          ? Cause.SHARED_STATE
          : Cause.MEMORY;
    }
    if (wentBack && computes) {
      return Cause.SHARED_STATE;
    }
    if (waits) {
      return waitKind();
    }
    double alone = known.alone();
    if (alone < 5 * machine.handOverNanos()) {
      return Cause.SMALL_ITEMS;
    }
    boolean sequential = best.setting().model() == ExecutionModel.SEQUENTIAL;
    if (sequential && known.coldNanos() > 0.5 * known.elapsed()) {
      return Cause.WARM_UP;
    }
    if (sequential && job.items() >= 0 && job.items() * alone < 5 * TIE_NANOS) {
      return Cause.FEW_ITEMS;
    }
    if (cores < machine.processors() - 0.05 && setting.size() >= cores) {
      return Cause.QUOTA;
    }
    return Cause.COMPUTES;
  }

  private boolean lockHoldsUp() {
    double waited = known.lockWait.or(0) + known.nativeLockWait.or(0);
    if (!(forecast.lock() > 0)) {
      return false;
    }
    if (setting.model() == ExecutionModel.PROCESSES) {
      return true; // it is why they were started
    }
    if (waited > MUCH * known.response.or(0)) {
      return true;
    }
    double others = Math.min(known.capacity, known.cores() / Math.max(1, known.work()));
    return 1 / forecast.lock() < NEAR * others;
  }

  /** Returns whether more items were in flight than there are permits, or would be if more were. */
  private boolean permitsHoldUp() {
    Estimates.PermitQueue queue = known.longestPermitQueue();
    return queue != null
        && queue.share() > MUCH
        && (Double.isFinite(known.capacity)
            || known.permitWait.or(0) > MUCH * known.response.or(0));
  }

  private Cause waitKind() {
    WaitKind most = WaitKind.UNKNOWN;
    for (WaitKind kind : WaitKind.values()) {
      if (kind != WaitKind.LOCK
          && kind != WaitKind.NATIVE_LOCK
          && known.waited(kind) > known.waited(most)) {
        most = kind;
      }
    }
    return switch (most) {
      case SOCKET -> Cause.SOCKETS;
      case CONNECTION_POOL -> Cause.CONNECTION_POOL;
      case SLEEP -> Cause.SLEEPS;
      case FILE -> Cause.FILES;
      case SIGNAL -> Cause.SIGNALS;
      case LOCK, NATIVE_LOCK, UNKNOWN -> Cause.WAITS;
    };
  }

  // The first sentence.

  private static String fromEarlier(Learned earlier) {
    String told = earlier.sentence();
    return told.startsWith(EARLIER) ? told : EARLIER + told;
  }

  private String first(Cause cause) {
    double alone = known.alone();
    return switch (cause) {
      case UNKNOWN -> "No item has ended yet, so nothing is known.";
      case COMPUTES ->
          "The items compute: "
              + Say.time(known.work())
              + " of processor time each, "
              + Say.digits(known.work() / Math.max(1, alone))
              + " cores for one at a time, and they do not hold each other up.";
      case SOCKETS -> waits("for sockets", alone);
      case CONNECTION_POOL -> permits(alone);
      case SLEEPS -> waits("in a sleep", alone);
      case FILES -> waits("for files", alone);
      case SIGNALS -> waits("for other tasks", alone);
      case WAITS -> waits("for something that could not be told", alone);
      case LOCK -> lock("a lock in this JVM");
      case NATIVE_LOCK -> lock("a lock within a native library");
      case SHARED_STATE -> sharedState();
      case MEMORY ->
          "The items compete for memory or cache: an item computes for "
              + Say.time(known.cpuTogether.or(0))
              + " beside others and for "
              + Say.time(known.work())
              + " alone"
              + (memoryBound ? ", and worker processes are no better." : ".");
      case COLLECTOR ->
          "The garbage collector takes "
              + Say.percent(known.collector.or(0))
              + " of the processor time: an item allocates "
              + Say.bytes(known.allocated.or(0))
              + ".";
      case QUOTA ->
          "A quota gives this program "
              + Say.digits(machine.usableCores())
              + " cores where "
              + Say.count(machine.processors(), "processor")
              + (machine.processors() == 1 ? " is" : " are")
              + " visible, and held it back in "
              + Say.percent(known.throttled.or(0))
              + " of the time.";
      case BUSY_MACHINE ->
          "Other programs keep "
              + Say.digits(known.foreign.or(0))
              + " of "
              + Say.count(machine.processors(), "processor")
              + " busy, so these figures say little about a quiet machine.";
      case FEW_ITEMS -> fewItems(alone > 0 ? alone : known.response.or(0));
      case SMALL_ITEMS ->
          "An item takes "
              + Say.time(alone)
              + ", and handing it to a thread takes "
              + Say.time(machine.handOverNanos())
              + ": the items are too small.";
      case WARM_UP ->
          "Most of the time went into loading and compiling: "
              + Say.time(known.coldNanos())
              + " of the first "
              + Say.time(known.elapsed())
              + "; an item takes "
              + Say.time(alone)
              + " now.";
      case SHIPPING ->
          "Sending costs more than worker processes gain: "
              + Say.bytes(known.argumentBytes.or(0) + known.resultBytes.or(0))
              + " for each item take "
              + Say.time(forecast.shipping())
              + ", and an item computes for "
              + Say.time(known.work())
              + ".";
      case SLOW_SOURCE ->
          "The source of the items is what takes the time: it had none ready for "
              + Say.percent(known.dry.or(0))
              + " of the time.";
      case PARALLEL_INSIDE ->
          "An item is parallel inside: one at a time keeps "
              + Say.digits(known.inside.or(1))
              + " of "
              + Say.digits(machine.usableCores())
              + " cores busy.";
    };
  }

  private String fewItems(double each) {
    boolean isOne = items() <= 1;
    String there = isOne ? "There is one item" : "There are only " + Say.count(items(), "item");
    if (!(each > 0)) {
      return there + (isOne ? ", and it was" : ", and they were") + " over before one could look.";
    }
    return isOne
        ? there + ", and it takes " + Say.time(each) + "."
        : there + " of " + Say.time(each) + " each: " + Say.time(items() * each) + " in all.";
  }

  private String sharedState() {
    double beside = known.cpuTogether.or(0);
    if (beside < Forecast.INFLATED * known.work()) {
      return "The items hold each other up in this JVM, and no lock was seen that tells why: "
          + (wentBack
              ? "threads gave less than one at a time."
              : "more threads give no more, and worker processes do.");
    }
    return "The items share something in this JVM that is not a lock: an item computes for "
        + Say.time(beside)
        + " beside others and for "
        + Say.time(known.work())
        + " alone or in a process of its own.";
  }

  private String waits(String what, double alone) {
    return "The items wait "
        + what
        + ": "
        + Say.percent(known.waitingShare())
        + " of the "
        + Say.time(alone)
        + " that an item takes alone.";
  }

  private String permits(double alone) {
    Estimates.PermitQueue queue = known.longestPermitQueue();
    if (queue == null) {
      return waits("for a connection from a pool", alone);
    }
    return "The items wait for a connection from a pool: with "
        + Math.round(queue.inFlight())
        + " in flight, "
        + Say.time(queue.waited())
        + " of the "
        + Say.time(queue.took())
        + " that an item took; alone it takes "
        + Say.time(alone)
        + ".";
  }

  private String lock(String what) {
    double waited = known.lockWait.or(0) + known.nativeLockWait.or(0);
    String place = known.locks().isEmpty() ? "" : " at " + known.locks().getFirst().place();
    return "One item at a time is within "
        + what
        + place
        + ": an item holds it for "
        + Say.time(forecast.lock())
        + " and, with "
        + (Forecast.onThreads(setting) ? setting.size() : known.sizeBefore())
        + " in flight, waits "
        + Say.time(waited)
        + " for it.";
  }

  // What to do.

  private String whatToDo() {
    Plan sequential = forecast.plan(ExecutionModel.SEQUENTIAL);
    String items =
        forecast.isAgain()
            ? "as many items again"
            : known.left() > 0 ? "the " + Say.count(known.left(), "item") + " left" : "the items";
    if (best.setting().model() == ExecutionModel.SEQUENTIAL) {
      Plan other = fastestOther();
      String compared =
          other == null
              ? areAllExamined()
                  ? "no other model can be used"
                  : "whether another model can be used is not known"
              : Say.setting(other.setting())
                  + " would take "
                  + Say.time(other.nanos())
                  + " for "
                  + items
                  + " where one after the other takes "
                  + Say.time(sequential.nanos());
      return "Leave it sequential: " + compared + ".";
    }
    String tie = "";
    Plan rival = closest();
    if (rival != null) {
      tie =
          " "
              + capital(Say.setting(rival.setting()))
              + " would be within "
              + Say.percent(Math.max(0.01, Math.abs(rival.nanos() / best.nanos() - 1)))
              + ": no difference here, so keep the simpler.";
    }
    return "Use "
        + Say.setting(best.setting())
        + ": "
        + Say.time(best.nanos())
        + " for "
        + items
        + " where one after the other would take "
        + Say.time(sequential.nanos())
        + " ("
        + Say.times(sequential.nanos() / Math.max(1, best.nanos()))
        + ")."
        + tie;
  }

  private @Nullable Plan fastestOther() {
    return forecast.simplestFirst().stream()
        .filter(Plan::possible)
        .filter(plan -> plan.setting().model() != best.setting().model())
        .min(Comparator.comparingDouble(Plan::nanos))
        .orElse(null);
  }

  /** Returns the model that is as fast as the best one but less simple; null if there is none. */
  private @Nullable Plan closest() {
    Plan other = fastestOther();
    return other != null
            && other.setting().model() != ExecutionModel.SEQUENTIAL
            && Math.abs(other.nanos() / best.nanos() - 1) < TIE - 1
        ? other
        : null;
  }

  private static String capital(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  private void extras(Cause cause, List<String> sentences, int workersForNothing) {
    if (earlier == null && (cause == Cause.LOCK || cause == Cause.NATIVE_LOCK)) {
      int n = forecast.threadsWithoutLock();
      double now = forecast.plan(ExecutionModel.PLATFORM_THREADS).rate();
      double gain = forecast.rateWithoutLock(n) / now;
      sentences.add(
          gain < TIE
              ? "Without that lock threads would do no more."
              : "Without that lock "
                  + Say.count(n, "thread")
                  + " would do "
                  + Say.times(gain)
                  + " as much.");
      if (!known.locks().isEmpty() && !known.locks().getFirst().holderPlace().isEmpty()) {
        sentences.add(
            "Whoever held it was at " + known.locks().getFirst().holderPlace() + " meanwhile.");
      }
    }
    if (wouldShipTooMuch(cause)) {
      sentences.add(
          "Worker processes would not wait for each other, but to send "
              + Say.bytes(known.argumentBytes.or(0) + known.resultBytes.or(0))
              + " for each item takes "
              + Say.time(forecast.shipping())
              + " where an item computes for "
              + Say.time(known.work())
              + ": share what the items have in common (Pool.share) instead of sending it.");
    }
    if (Double.isFinite(known.capacity)) {
      sentences.add(
          (hasOtherSide(cause)
                  ? "The other side gave no more than "
                  : "The rate rose no further than ")
              + Say.rate(known.capacity * 1e9)
              + ", however many were in flight.");
    }
    doubts(sentences);
    if (known.refused() > 0) {
      sentences.add(
          "The other side refused " + Say.count(known.refused(), "item") + " while this ran.");
    }
    if (workersForNothing > 0) {
      sentences.add(
          (workersForNothing == 1
                  ? "1 worker process was"
                  : workersForNothing + " worker processes were")
              + " started without gain.");
    }
  }

  /** Returns whether items may wait for something that others provide. */
  private static boolean hasOtherSide(Cause cause) {
    return cause == Cause.SOCKETS
        || cause == Cause.CONNECTION_POOL
        || cause == Cause.FILES
        || cause == Cause.WAITS
        || cause == Cause.SIGNALS;
  }

  private void doubts(List<String> sentences) {
    boolean threads = Job.isNotExamined(job.threadDoubt());
    boolean processes = Job.isNotExamined(job.processDoubt());
    if (job.threadDoubt() != null && !threads) {
      sentences.add("Threads were not used: " + job.threadDoubt() + ".");
    }
    if (job.processDoubt() != null
        && !processes
        && (job.threadDoubt() != null || forecast.lock() > 0)) {
      sentences.add("Worker processes cannot be used: " + job.processDoubt() + ".");
    }
    if (threads || processes) {
      sentences.add(
          "Whether "
              + (threads && processes
                  ? "threads and worker processes"
                  : threads ? "threads" : "worker processes")
              + " can be used is not known: "
              + Job.NOT_EXAMINED
              + ". Measure again, with more items or for longer.");
    }
  }

  private boolean areAllExamined() {
    return forecast.simplestFirst().stream().noneMatch(plan -> Job.isNotExamined(plan.ruledOut()));
  }

  private boolean wouldShipTooMuch(Cause cause) {
    boolean held = cause == Cause.LOCK || cause == Cause.NATIVE_LOCK || cause == Cause.SHARED_STATE;
    return held
        && job.processDoubt() == null
        && best.setting().model() != ExecutionModel.PROCESSES
        && forecast.shipping() > 0.3 * known.work();
  }

  // Figures.

  private List<Prediction> predictions() {
    var list = new ArrayList<Prediction>();
    if (known.done() == 0) {
      return list;
    }
    for (Plan plan : forecast.simplestFirst()) {
      double spread = 1.645 * plan.error();
      double low = plan.nanos() * Math.exp(-spread);
      double high = plan.nanos() * Math.exp(spread);
      // One of the longest items may begin among the last.
      high = Math.max(high, LAST_PART * plan.nanos() + forecast.longest(plan));
      if (plan.open()) {
        // More in flight than was ever seen may give no more than what was seen.
        high = Math.max(high, forecast.plan(setting.model()).nanos());
        high = Math.max(high, forecast.nanosAsNow());
      }
      list.add(
          new Prediction(
              plan.setting(),
              plan.rate() * 1e9,
              low / 1e9,
              plan.nanos() / 1e9,
              high / 1e9,
              plan.memoryBytes(),
              plan.ruledOut()));
    }
    return list;
  }

  private double confidence() {
    if (known.done() == 0) {
      return 0;
    }
    double sure = areAllExamined() ? 1 : SURE_OF_UNKNOWN;
    for (Plan plan : forecast.simplestFirst()) {
      if (plan.possible() && plan.setting().model() != best.setting().model()) {
        sure = Math.min(sure, Forecast.notSlower(best, plan, TIE));
      }
    }
    return sure;
  }

  private String wouldChange(Cause cause) {
    double alone = known.alone();
    return switch (cause) {
      case UNKNOWN -> "The first item that ends.";
      case LOCK, NATIVE_LOCK ->
          "It would change if the lock went, or were held for less than "
              + Say.time(known.work() / Math.max(1, known.cores()))
              + " an item.";
      case SHARED_STATE ->
          "It would change if each item, or each thread, had its own copy of what is shared.";
      case MEMORY -> "It would change if an item touched less memory, or memory in another order.";
      case COLLECTOR -> "It would change with a larger heap, or fewer allocations.";
      case QUOTA -> "It would change with another quota.";
      case BUSY_MACHINE -> "It would change on a quiet machine: measure again then.";
      case FEW_ITEMS -> "It would change with more items, or longer ones.";
      case SMALL_ITEMS ->
          "It would change if an item took more than "
              + Say.time(20 * machine.handOverNanos())
              + ", for instance by taking "
              + Say.digits(Math.max(2, 20 * machine.handOverNanos() / Math.max(1, alone)))
              + " of them at a time.";
      case WARM_UP -> "It would change if the job were ten times as long.";
      case SHIPPING ->
          "It would change if what items have in common were shared instead of sent with each, or"
              + " if an item computed for more than "
              + Say.time(3 * forecast.shipping())
              + ".";
      case SLOW_SOURCE -> "It would change if the source were faster.";
      case PARALLEL_INSIDE -> "It would change if an item used one core only.";
      case COMPUTES ->
          best.setting().model() == ExecutionModel.SEQUENTIAL
              ? "It would change with more items, longer ones, or more cores."
              : "It would change with another number of cores, or if the items began to share"
                  + " something.";
      case SOCKETS, CONNECTION_POOL, SLEEPS, FILES, SIGNALS, WAITS ->
          Double.isFinite(known.capacity)
              ? "It would change if the other side gave more than it does."
              : "It would change if the other side began to slow down or to refuse.";
    };
  }

  private Finding.Walls walls() {
    return new Finding.Walls(
        known.work() / 1e9,
        known.baseWait() / 1e9,
        forecast.lock() / 1e9,
        known.cores(),
        known.capacity * 1e9);
  }

  private List<Finding.Dot> dots() {
    return known.levels().entrySet().stream()
        .filter(each -> each.getValue().items() >= 1)
        .map(each ->
            new Finding.Dot(
                each.getKey(),
                each.getValue().rate() * 1e9,
                each.getValue().response() / 1e9,
                (long) each.getValue().items()))
        .sorted(
            Comparator.comparing((Finding.Dot dot) -> dot.setting().model())
                .thenComparingInt(dot -> dot.setting().size()))
        .toList();
  }

  /**
   * Returns how many items there were, those included that had begun when the job was first seen.
   */
  private long items() {
    return Math.max(job.items(), known.done() + Math.max(0, known.left()));
  }
}
