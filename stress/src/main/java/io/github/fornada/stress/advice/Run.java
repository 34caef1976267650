package io.github.fornada.stress.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Decider;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.LockSite;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.advice.decide.WaitKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One run of a job: under one setting, or steered by a decider. Items that are in flight together
 * go on at the rate that their shape gives for so many; each ends when it has had its size. Where
 * many would end within a stretch, their number is drawn instead of each end.
 */
final class Run {
  /** More ends than this within a stretch are drawn at once. */
  private static final int MANY = 60;

  private static final int COLD = 3;

  private final World world;
  private final @Nullable Decider decider;
  private final SplittableRandom random;
  private final Senses senses;

  private Setting setting;
  private Setting running;
  private double readyAt = Double.NaN;
  private double debt;

  private double now;
  private double progress;

  // Items in flight: a heap by the progress at which they end.
  private double[] ends = new double[64];
  private double[] begins = new double[64];
  private double[] sizes = new double[64];
  private int[] epochs = new int[64];
  private int inFlight;
  private int refusedInFlight;
  private int epoch;

  private long begun;
  private long done;
  private long failed;

  // The stretch.
  private double from;
  private long begunBefore;
  private long ended;
  private long endedBadly;
  private boolean settled = true;
  private double sum;
  private double squares;
  private double sizeSum;
  private double area;
  private double busyArea;
  private double compilerArea;

  // What is told of the run.
  private int modelChanges;

  /** How often it went back to a model that it had left. */
  private int turnsBack;

  private final Set<ExecutionModel> used = EnumSet.of(ExecutionModel.SEQUENTIAL);
  private double aboveLimit;
  private @Nullable Prediction predicted;
  private double predictedAt;
  private Setting predictedFor = Setting.SEQUENTIAL;
  private double checkAt;
  private @Nullable StringBuilder log;

  /** Which sensors work; for the ablation. */
  record Senses(
      boolean cpu, boolean waits, boolean offProcessor, boolean busyCores, boolean compilers) {
    static final Senses ALL = new Senses(true, true, true, true, true);
  }

  /** How a run went. */
  record Result(
      double seconds,
      long failed,
      int modelChanges,
      int turnsBack,
      Setting last,
      int workersForNothing,
      double aboveLimit,
      double predictedLow,
      double predicted,
      double predictedHigh,
      double came) {}

  Run(World world, @Nullable Decider decider, Setting setting, Senses senses) {
    this.world = world;
    this.decider = decider;
    this.senses = senses;
    random = new SplittableRandom(world.seed);
    this.setting = setting;
    running = setting;
    debt = world.debt;
    if (setting.model() == ExecutionModel.PROCESSES) {
      running = Setting.SEQUENTIAL; // until the workers are there
      begin(setting);
    }
    checkAt = 0.25;
  }

  Run logged() {
    log = new StringBuilder();
    return this;
  }

  String log() {
    return String.valueOf(log);
  }

  /** Runs the job to its end. */
  Result run() {
    double look = decider == null ? Double.POSITIVE_INFINITY : 2e-3;
    long mostFailures = Long.MAX_VALUE;
    while (done + failed < world.items) {
      if (decider == null) {
        look = now + Math.max(0.01, now * 0.05);
      }
      boolean cut = advance(look, mostFailures);
      if (decider != null && (cut || now >= look)) {
        Decision decision = decider.next(observation());
        if (decision.changed()) {
          if (log != null) {
            log.append(
                String.format(
                    "%.4f %s -> %s: %s (done %d)%n",
                    now, setting, decision.setting(), decision.reason(), done));
          }
          begin(decision.setting());
        }
        mostFailures = decision.mostFailures();
        look = now + Math.max(1e-4, decision.nextLookNanos() / 1e9);
        reset();
        mayAsk();
      }
    }
    // Nobody can foresee that the work changes or that another setting is chosen.
    boolean foreseeable = predictedFor.equals(setting) && world.first == world.second;
    double came = predicted == null || !foreseeable ? Double.NaN : now - predictedAt;
    return new Result(
        now,
        failed,
        modelChanges,
        turnsBack,
        setting,
        decider == null ? 0 : decider.result().workersForNothing(),
        aboveLimit,
        predicted == null ? Double.NaN : predicted.secondsLow(),
        predicted == null ? Double.NaN : predicted.seconds(),
        predicted == null ? Double.NaN : predicted.secondsHigh(),
        came);
  }

  private void mayAsk() {
    if (decider == null
        || predicted != null
        || done < checkAt * world.items
        || done < 20
        || world.items - begun < 20) {
      return;
    }
    Finding finding = decider.result();
    predictedFor = setting;
    predictedAt = now;
    for (Prediction each : finding.predictions()) {
      // Of the setting in use; the best size of its model may be another one.
      if (each.setting().model() == setting.model()
          && Math.abs(each.setting().size() - setting.size()) <= 0.1 * setting.size()) {
        predicted = each;
      }
    }
  }

  private void begin(Setting next) {
    if (next.model() != setting.model()) {
      modelChanges++;
      turnsBack += used.add(next.model()) ? 0 : 1;
    }
    epoch++;
    boolean there = running.model() == ExecutionModel.PROCESSES;
    if (next.model() == ExecutionModel.PROCESSES && !there) {
      int n = next.size();
      double start = Math.max(World.WORKER_START, n * World.WORKER_START_CPU / world.first.cores);
      readyAt = now + start;
    } else {
      running = next;
      readyAt = Double.NaN;
    }
    setting = next;
  }

  private double cpuShare(Shape shape) {
    return shape.cpu;
  }

  /** Returns how much progress {@code k} items make per second, each in terms of its size. */
  private double pace(Shape shape, int k, double unit) {
    boolean processes = running.model() == ExecutionModel.PROCESSES;
    double rate = shape.rate(k, processes) / unit;
    if (running.model() == ExecutionModel.PROCESSES) {
      double extra = world.bytes * World.SECONDS_PER_BYTE + World.PROCESS_HAND_OVER;
      rate *= unit / (unit + extra);
      rate = Math.min(rate, 1 / (0.3 * extra));
    } else if (running.model() != ExecutionModel.SEQUENTIAL) {
      rate = Math.min(1 / World.HAND_OVER, rate * unit / (unit + World.HAND_OVER));
    }
    double cold = debt > 0 ? 1 / (1 + (COLD - 1) * cpuShare(shape)) : 1;
    return cold * world.speed(now) * rate * unit / k;
  }

  /** Goes on until a time, or until so many items have failed; returns whether it was that. */
  private boolean advance(double until, long mostFailures) {
    while (done + failed < world.items) {
      if (now >= readyAt) {
        running = setting;
        readyAt = Double.NaN;
        debt = world.debt * setting.size();
      }
      fill();
      double to = Math.min(until, Double.isNaN(readyAt) ? until : readyAt);
      Shape shape = world.shape(Math.max(0, begun - 1));
      int k = Math.max(1, inFlight - refusedInFlight);
      double pace = pace(shape, k, world.unit);
      double ratePerSecond = pace / world.unit * k / world.mean(begun);
      if (debt > 0) {
        double share = Math.min(world.first.cores, k * cpuShare(shape));
        to = Math.min(to, now + Math.max(1e-3, debt / Math.max(0.05, share)));
      }
      long untilChange = begun < world.changesAt ? world.changesAt - begun : world.items - begun;
      double expected = Math.min(ratePerSecond * (to - now), untilChange / 2.0);
      if (refusedInFlight == 0 && expected > MANY && inFlight == running.size()) {
        many(shape, k, expected, Math.min(to, now + expected / ratePerSecond));
      } else if (one(shape, k, pace / world.unit, to) && endedBadly >= mostFailures) {
        return true;
      }
      if (now >= until) {
        return false;
      }
    }
    return false;
  }

  private void many(Shape shape, int k, double expected, double to) {
    double variation = shape.variation * Math.sqrt(expected);
    long n = (long) Math.clamp(expected + variation * Sizes.normal(random), 1, 2 * expected);
    double took = (to - now) * k / n;
    pass(to - now, shape, k);
    now = to;
    done += n;
    begun += n;
    ended += n;
    sum += n * took;
    squares += n * took * took * (1 + shape.variation * shape.variation);
    sizeSum += n * world.mean(begun);
    if (took < (to - from) / 2) {
      java.util.Arrays.fill(epochs, 0, inFlight, epoch);
    }
    for (int i = 0; i < inFlight; i++) {
      begins[i] = Math.max(begins[i], now - took * random.nextDouble());
    }
  }

  /** Goes to the next end of an item, or to a time; returns whether an item ended. */
  private boolean one(Shape shape, int k, double pace, double to) {
    double step = (ends[0] - progress) / pace;
    if (inFlight == 0 || now + step > to) {
      step = Math.max(0, to - now);
      pass(step, shape, k);
      progress += step * pace;
      now = to;
      return false;
    }
    step = Math.max(0, step);
    pass(step, shape, k);
    progress = ends[0];
    now += step;
    double took = Math.max(1e-9, now - begins[0]);
    settled &= epochs[0] == epoch;
    boolean bad = sizes[0] < 0;
    pop();
    if (bad) {
      refusedInFlight--;
      failed++;
      endedBadly++;
    } else {
      done++;
      ended++;
      sum += took;
      squares += took * took;
      sizeSum += lastSize;
    }
    return true;
  }

  private double lastSize;

  private void pass(double time, Shape shape, int k) {
    boolean processes = running.model() == ExecutionModel.PROCESSES;
    area += time * inFlight;
    double busy = Math.min(world.first.cores, shape.rate(k, processes) * shape.cpu(k, processes));
    if (debt > 0) {
      debt -= time * Math.max(0.01, busy) * (COLD - 1) / COLD;
      compilerArea += time * 0.8;
    }
    busyArea += time * busy;
    if (k > world.refuses) {
      aboveLimit += time * k;
    }
  }

  private void fill() {
    while (inFlight < running.size() && begun < world.items) {
      boolean refused = inFlight - refusedInFlight >= world.refuses;
      double size = refused ? 0.1 : world.size(begun);
      if (refused) {
        refusedInFlight++;
      }
      push(progress + size, refused ? -1 : size);
      begun++;
    }
  }

  private Observation observation() {
    double length = Math.max(1e-9, now - from);
    double took = ended > 0 ? sum / ended : Double.NaN;
    Shape shape = world.shape(Math.max(0, begun - 1));
    int k = Math.max(1, inFlight);
    boolean processes = running.model() == ExecutionModel.PROCESSES;
    double mean = ended > 0 ? sizeSum / ended : 1;
    double unit = world.unit * mean;
    double cold =
        1 + (COLD - 1) * Math.min(1, compilerArea / 0.8 / length) / (1 + (COLD - 1) * shape.cpu);
    double cpu = shape.cpu(k, processes) * unit * cold * wobble(0.02);
    double lock = shape.lockWait(k, processes) * unit;
    double queue = shape.queue(k, processes) * unit;
    double waits = Math.max(0, took - cpu - lock - queue);
    boolean virtual = running.model() == ExecutionModel.VIRTUAL_THREADS;
    double compilers = compilerArea / length;
    double busy = busyArea / length * wobble(0.03) + compilers;
    double rate = ended / length;
    boolean locked = lock > 0.02 * took;
    return new Observation(
        setting,
        settled && Double.isNaN(readyAt),
        length * 1e9,
        begun - begunBefore,
        ended,
        endedBadly,
        endedBadly,
        area / length,
        took * 1e9,
        ended > 0 ? squares / ended * 1e18 : Double.NaN,
        virtual || ended == 0 || !senses.cpu ? Double.NaN : cpu * 1e9,
        Double.NaN,
        world.bytes,
        100,
        ended == 0 || !senses.waits
            ? Map.of()
            : Map.of(WaitKind.LOCK, lock * 1e9 * wobble(0.1), WaitKind.SOCKET, waits * 1e9),
        locked && senses.waits
            ? List.of(
                new LockSite(
                    "Parser.parse(Parser.java:42)",
                    "",
                    "java.lang.Object",
                    "",
                    1,
                    world.seesHolder
                        ? Math.min(1, rate * shape.lock * unit * wobble(0.1))
                        : Double.NaN))
            : List.of(),
        virtual ? Double.NaN : queue * 1e9,
        senses.offProcessor ? offProcessor(shape) * 1e9 : 0,
        senses.busyCores ? busy : Double.NaN,
        0,
        0,
        0,
        senses.compilers ? compilers : 0,
        0,
        world.items - begun);
  }

  private double wobble(double by) {
    return Math.max(0.1, 1 + by * Sizes.normal(random));
  }

  /** Returns how long all in flight have been waiting; an item waits first and computes then. */
  private double offProcessor(Shape shape) {
    if (inFlight == 0 || inFlight > 32 || ended > 0) {
      return 0;
    }
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < inFlight; i++) {
      double part = 1 - (ends[i] - progress) / Math.abs(sizes[i]);
      if (part >= shape.wait) {
        return 0;
      }
      least = Math.min(least, now - begins[i]);
    }
    return least;
  }

  private void reset() {
    from = now;
    begunBefore = begun;
    ended = 0;
    endedBadly = 0;
    settled = true;
    sum = 0;
    squares = 0;
    sizeSum = 0;
    area = 0;
    busyArea = 0;
    compilerArea = 0;
  }

  private void push(double end, double size) {
    if (inFlight == ends.length) {
      int more = 2 * inFlight;
      ends = java.util.Arrays.copyOf(ends, more);
      begins = java.util.Arrays.copyOf(begins, more);
      sizes = java.util.Arrays.copyOf(sizes, more);
      epochs = java.util.Arrays.copyOf(epochs, more);
    }
    int i = inFlight++;
    while (i > 0 && ends[(i - 1) >> 1] > end) {
      move((i - 1) >> 1, i);
      i = (i - 1) >> 1;
    }
    ends[i] = end;
    begins[i] = now;
    sizes[i] = size;
    epochs[i] = epoch;
  }

  private void pop() {
    lastSize = sizes[0];
    int last = --inFlight;
    double end = ends[last];
    double begin = begins[last];
    double size = sizes[last];
    int of = epochs[last];
    int i = 0;
    while (2 * i + 1 < last) {
      int child = 2 * i + 1;
      if (child + 1 < last && ends[child + 1] < ends[child]) {
        child++;
      }
      if (ends[child] >= end) {
        break;
      }
      move(child, i);
      i = child;
    }
    ends[i] = end;
    begins[i] = begin;
    sizes[i] = size;
    epochs[i] = of;
  }

  private void move(int from, int to) {
    ends[to] = ends[from];
    begins[to] = begins[from];
    sizes[to] = sizes[from];
    epochs[to] = epochs[from];
  }
}
