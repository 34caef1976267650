package io.github.fornada.stress.advice;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What a kind of item does, in terms of the time that an item takes alone, and how fast such items
 * run with so many in flight: found by simulating them event by event, not by formulae. An item
 * waits for the other side, computes, takes the lock, and computes or waits within it.
 */
final class Shape {
  /** The numbers in flight that are simulated; between them rates are interpolated. */
  static final int[] SIZES = {
    1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024
  };

  static final int MOST = SIZES[SIZES.length - 1];

  /** The index of the next smaller size, for each number in flight. */
  private static final int[] BELOW = new int[MOST];

  static {
    for (int i = 0; i < SIZES.length - 1; i++) {
      Arrays.fill(BELOW, SIZES[i], SIZES[i + 1], i);
    }
  }

  /** What makes items slow each other down without waiting. */
  enum Sharing {
    NOTHING,
    /** Something within a JVM, such as an atomic. */
    STATE,
    /** The machine's memory. */
    MEMORY
  }

  final int cores;

  /** Processor time in all, that within the lock included. */
  final double cpu;

  final double wait;

  /** The time for which the lock is held. */
  final double lock;

  /** Whether an item waits while it holds the lock, instead of computing. */
  final boolean sleepsInLock;

  /** How many items the other side serves at a time. */
  final int servers;

  /** The variation of all times: standard deviation over mean. */
  final double variation;

  final Sharing sharing;

  /** How much an item's processor time grows with each other core that is busy. */
  final double growth;

  private final Table inOne;
  private final Table inMany;

  /** Rates and waits for each of the sizes. */
  private static final class Table {
    final double[] rate = new double[SIZES.length];
    final double[] lockWait = new double[SIZES.length];
    final double[] queue = new double[SIZES.length];
  }

  Shape(SplittableRandom random, int cores) {
    this.cores = cores;
    double kind = random.nextDouble();
    double waits;
    if (kind < 0.4) {
      waits = random.nextDouble() < 0.7 ? 0 : random.nextDouble() * 0.1;
    } else if (kind < 0.75) {
      waits = 1 - Math.pow(10, -3 + 2 * random.nextDouble());
    } else {
      waits = 0.1 + 0.8 * random.nextDouble();
    }
    wait = waits;
    cpu = 1 - waits;
    boolean locked = random.nextDouble() < 0.25;
    sleepsInLock = locked && waits > 0.2 && random.nextDouble() < 0.3;
    lock = locked ? (sleepsInLock ? waits : cpu) * (0.05 + 0.95 * random.nextDouble()) : 0;
    boolean limited = waits > 0.3 && !locked && random.nextDouble() < 0.4;
    servers = limited ? (int) Math.round(Math.pow(10, 2.5 * random.nextDouble())) : MOST;
    double[] variations = {0, 0.2, 0.5, 1, 1.5};
    variation = variations[random.nextInt(variations.length)];
    double shares = random.nextDouble();
    boolean mayShare = !locked && waits < 0.2;
    sharing =
        !mayShare || shares < 0.7
            ? Sharing.NOTHING
            : shares < 0.85 ? Sharing.STATE : Sharing.MEMORY;
    growth =
        switch (sharing) {
          case NOTHING -> 0;
          case STATE -> 0.3 + random.nextDouble();
          case MEMORY -> 0.1 + 0.8 * random.nextDouble();
        };
    inOne = simulate(random, lock, growth);
    inMany =
        lock > 0 || sharing == Sharing.STATE
            ? simulate(random, 0, sharing == Sharing.MEMORY ? growth : 0)
            : inOne;
  }

  /** Returns items per unit of time with {@code k} in flight, in one JVM or each in its own. */
  double rate(double k, boolean processes) {
    return between((processes ? inMany : inOne).rate, k);
  }

  double lockWait(double k, boolean processes) {
    return between((processes ? inMany : inOne).lockWait, k);
  }

  double queue(double k, boolean processes) {
    return between((processes ? inMany : inOne).queue, k);
  }

  /** Returns the processor time of an item with {@code k} in flight. */
  double cpu(double k, boolean processes) {
    double of = processes && sharing == Sharing.STATE ? 0 : growth;
    return cpu * inflation(k, of);
  }

  private double inflation(double k, double of) {
    return 1 + of * Math.max(0, Math.min(k * cpu, cores) - 1);
  }

  private static double between(double[] values, double k) {
    if (k <= 1) {
      return values[0] * Math.max(0, k);
    }
    if (k >= MOST) {
      return values[SIZES.length - 1];
    }
    int low = BELOW[(int) k];
    double part = (k - SIZES[low]) / (SIZES[low + 1] - SIZES[low]);
    return values[low] + part * (values[low + 1] - values[low]);
  }

  private Table simulate(SplittableRandom random, double lock, double growth) {
    int count = SIZES.length;
    var table = new Table();
    double best = 0;
    int flat = 0;
    for (int i = 0; i < count; i++) {
      if (flat >= 3) {
        // More in flight only wait longer, for what they wait for already.
        double rate = table.rate[i - 1];
        table.rate[i] = rate;
        double more = (SIZES[i] - SIZES[i - 1]) / rate;
        boolean atLock = table.lockWait[i - 1] > table.queue[i - 1];
        table.lockWait[i] = table.lockWait[i - 1] + (atLock ? more : 0);
        boolean atCores = !atLock && rate * cpu(SIZES[i], false) > 0.9 * cores;
        table.queue[i] = table.queue[i - 1] + (atCores ? more : 0);
        continue;
      }
      new Events(random, SIZES[i], lock, growth).run(table, i);
      flat = table.rate[i] < best * 1.01 ? flat + 1 : 0;
      best = Math.max(best, table.rate[i]);
    }
    return table;
  }

  @Override
  public String toString() {
    return String.format(
        java.util.Locale.ROOT,
        "cpu=%.3f wait=%.3f lock=%.2f%s servers=%d variation=%.1f %s growth=%.2f",
        cpu,
        wait,
        lock,
        sleepsInLock ? "(sleeps)" : "",
        servers,
        variation,
        sharing,
        growth);
  }

  /** The simulation of one size: a closed network, event by event. */
  private final class Events {
    private static final int AT_OTHER_SIDE = 0;
    private static final int COMPUTES = 1;
    private static final int IN_LOCK = 2;

    private final Sizes.Even[] sizes = new Sizes.Even[3];
    private final int items;
    private final double lock;
    private final double slower;

    private final double[] times;
    private final int[] ids;
    private int events;

    private final int[] stage;
    private final double[] since;
    private final Queue atOtherSide;
    private final Queue atCores;
    private final Queue atLock;
    private int idleServers = servers;
    private int idleCores = cores;
    private boolean lockTaken;
    private double now;
    private double lockWaited;
    private double queued;

    Events(SplittableRandom random, int items, double lock, double growth) {
      for (int i = 0; i < sizes.length; i++) {
        sizes[i] = new Sizes.Even(variation, random);
      }
      this.items = items;
      this.lock = lock;
      slower = inflation(items, growth);
      times = new double[items + 1];
      ids = new int[items + 1];
      stage = new int[items];
      since = new double[items];
      atOtherSide = new Queue(items);
      atCores = new Queue(items);
      atLock = new Queue(items);
    }

    void run(Table table, int at) {
      for (int id = 0; id < items; id++) {
        begin(id);
      }
      int warm = 100 + 2 * items;
      int measured = 800 + 6 * items;
      int ended = 0;
      double began = 0;
      while (ended < warm + measured) {
        now = times[0];
        int id = pop();
        if (step(id)) {
          ended++;
          if (ended == warm) {
            began = now;
            lockWaited = 0;
            queued = 0;
          }
          begin(id);
        }
      }
      table.rate[at] = measured / (now - began);
      table.lockWait[at] = lockWaited / measured;
      table.queue[at] = queued / measured;
    }

    private void begin(int id) {
      stage[id] = AT_OTHER_SIDE;
      if (idleServers > 0) {
        idleServers--;
        push(now + waitTime(), id);
      } else {
        atOtherSide.add(id);
      }
    }

    private double waitTime() {
      return sample(sleepsInLock && lock > 0 ? Math.max(0, wait - lock) : wait, AT_OTHER_SIDE);
    }

    /** Returns whether the item has ended. */
    private boolean step(int id) {
      if (stage[id] == AT_OTHER_SIDE) {
        if (atOtherSide.isEmpty()) {
          idleServers++;
        } else {
          push(now + waitTime(), atOtherSide.take());
        }
        stage[id] = COMPUTES;
        askForCore(id);
        return false;
      }
      return stage[id] == COMPUTES ? computed(id) : leftLock();
    }

    private boolean computed(int id) {
      freeCore();
      if (lock == 0) {
        return true;
      }
      stage[id] = IN_LOCK;
      since[id] = now;
      if (lockTaken) {
        atLock.add(id);
      } else {
        lockTaken = true;
        inLock(id);
      }
      return false;
    }

    private boolean leftLock() {
      if (!sleepsInLock) {
        freeCore();
      }
      if (atLock.isEmpty()) {
        lockTaken = false;
      } else {
        int next = atLock.take();
        lockWaited += now - since[next];
        inLock(next);
      }
      return true;
    }

    private void inLock(int id) {
      if (sleepsInLock) {
        push(now + sample(lock, IN_LOCK), id);
      } else {
        askForCore(id);
      }
    }

    private void askForCore(int id) {
      since[id] = now;
      if (idleCores > 0) {
        idleCores--;
        push(now + coreTime(id), id);
      } else {
        atCores.add(id);
      }
    }

    private double coreTime(int id) {
      double within = sleepsInLock ? 0 : lock;
      return slower * sample(stage[id] == IN_LOCK ? within : cpu - within, stage[id]);
    }

    private void freeCore() {
      if (atCores.isEmpty()) {
        idleCores++;
      } else {
        int next = atCores.take();
        queued += now - since[next];
        push(now + coreTime(next), next);
      }
    }

    private double sample(double mean, int stage) {
      return mean == 0 ? 0 : mean * sizes[stage].next();
    }

    private void push(double time, int id) {
      int i = events++;
      while (i > 0 && times[(i - 1) >> 1] > time) {
        times[i] = times[(i - 1) >> 1];
        ids[i] = ids[(i - 1) >> 1];
        i = (i - 1) >> 1;
      }
      times[i] = time;
      ids[i] = id;
    }

    private int pop() {
      int first = ids[0];
      double time = times[--events];
      int id = ids[events];
      int i = 0;
      while (2 * i + 1 < events) {
        int child = 2 * i + 1;
        if (child + 1 < events && times[child + 1] < times[child]) {
          child++;
        }
        if (times[child] >= time) {
          break;
        }
        times[i] = times[child];
        ids[i] = ids[child];
        i = child;
      }
      times[i] = time;
      ids[i] = id;
      return first;
    }
  }

  /** First come, first served. */
  private static final class Queue {
    private final int[] ids;
    private int first;
    private int size;

    Queue(int most) {
      ids = new int[most];
    }

    boolean isEmpty() {
      return size == 0;
    }

    void add(int id) {
      ids[(first + size++) % ids.length] = id;
    }

    int take() {
      int id = ids[first];
      first = (first + 1) % ids.length;
      size--;
      return id;
    }
  }
}
