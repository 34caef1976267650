package io.github.fornada.advice.sense;

import com.sun.management.ThreadMXBean;
import io.github.fornada.advice.decide.WaitKind;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackSample;
import java.io.IOException;
import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the threads that run items, a few hundred times a second, and tells what they wait for.
 *
 * <p>How long a platform thread was off the processor is known exactly, from its processor time and
 * its time in the run queue; what it waited for is known from its state at the looks. Of virtual
 * threads only the state is known. A stack is asked for when a thread waits in a way not seen
 * before, and for a few of the others; a helper thread takes it ({@link StackSample}). So nothing
 * here waits for user code, and no lock that user code can hold is taken.
 *
 * <p>Looking takes less than 0.5 % of a processor: each pause is at least 200 times as long as the
 * look before it took.
 *
 * <p>May be used by any thread.
 */
public final class Sampler implements AutoCloseable {
  /** The maximum number of threads that are looked at; the others are assumed to do the same. */
  static final int MOST_THREADS = 64;

  /** How long a pause between two looks is until {@link #pauseFor} says otherwise. */
  private static final Duration PERIOD = Duration.ofMillis(5);

  /** Looks with pauses up to this one may take more of the processor; see below. */
  private static final Duration QUICK_PERIOD = Duration.ofMillis(2);

  private static final Duration LONGEST_PERIOD = Duration.ofMillis(100); // Guess

  /** A pause is this many times as long as the processor time of the look before it. */
  private static final int PAUSES_PER_LOOK = 200;

  /** The same while quick looks are asked for, which is never for long. */
  private static final int QUICK_PAUSES_PER_LOOK = 50;

  /**
   * A runnable thread that had the processor for less than this part of the time since the last
   * look may wait within native code.
   */
  private static final double OFF_SHARE = 0.6; // Guess

  /** A thread that uses less than this part of the time is regarded as off the processor. */
  private static final double NEARLY_OFF = 0.02; // Guess

  /** Less time off the processor than this part of the time on it is not regarded as waiting. */
  private static final double READING_ERROR = 0.02; // Guess

  /** One in so many waits has its stack taken, of those of a kind that is known already. */
  private static final int ONE_IN = 10;

  /** The number of stacks after which a way to wait is known. */
  private static final int FEW = 3; // Guess

  /** A thread is remembered for this many looks after its last item. */
  private static final int KEPT_LOOKS = 50; // Guess

  private static final double STACKS_PER_SECOND = 25; // Guess; a stack takes about 50 us
  private static final double MOST_STACKS = 25; // Guess: at once, after a pause

  private static final Duration STACK_LOST = Duration.ofSeconds(1);

  /**
   * The pause before threads that the kernel's list did not have are searched for again; twice as
   * long after each search that finds none, up to the longest.
   */
  private static final Duration FIRST_SEARCH = Duration.ofMillis(20); // Guess

  private static final Duration LONGEST_SEARCH = Duration.ofSeconds(1); // Guess

  /** The queue of all threads is told from those that the kernel tells of, if they are so many. */
  private static final double METERED = 0.2; // Guess

  private static final String NATIVE_LOCK = "a lock in native code";

  /** What a stack says, apart from the kinds of waits: it does not belong to an item. */
  private static final String IDLE = "idle";

  private static final ThreadMXBean METER = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Supplier<? extends Collection<Thread>> workers;
  private final NativeThreads kernel = new NativeThreads(METER);
  private final boolean isLinux = countsTheQueue();

  /** Held for as long as a look takes, by threads of this library only. */
  private final ReentrantLock lock = new ReentrantLock();

  /** Stacks that helpers have taken, not yet counted. */
  private final Queue<Taken> taken = new ConcurrentLinkedQueue<>();

  private volatile long pauseNanos = PERIOD.toNanos();
  private volatile boolean closed;

  // Guarded by the lock.
  private boolean begun;
  private @Nullable Thread own;
  private final IdentityHashMap<Thread, Watched> watched = new IdentityHashMap<>();
  private final Map<Way, Waits> ways = new HashMap<>();
  private final LockWaits locks = new LockWaits();
  private long look;
  private long lookedAt;
  private long searchAt;
  private long searchPause = FIRST_SEARCH.toNanos();
  private double stacks = MOST_STACKS;

  // The same: since the last reading.
  private long readAt;
  private long looks;
  private double threadLooks;
  private double cpuNanos;
  private double queueNanos;

  /** The time of the threads whose time in the run queue is known, and that of the others. */
  private double meteredNanos;

  private double unmeteredNanos;

  /** Time off the processor that ended before the next look. */
  private double unseenNanos;

  /**
   * A way to wait, as far as it is known without a stack.
   *
   * @param state the state of the thread
   * @param detail the class of what it is parked on, or the kind of system call; may be empty
   */
  private record Way(Thread.State state, String detail) {}

  /** The threads that wait in one way. */
  private static final class Waits {
    /** What they wait for, if the way says so; null if their stacks must. */
    final @Nullable WaitKind known;

    /** The names of kinds, and {@link #IDLE}. */
    final Votes<String> kinds = new Votes<>();

    final Map<WaitKind, Votes<String>> places = new EnumMap<>(WaitKind.class);
    double nanos;
    int sinceStack;

    Waits(@Nullable WaitKind known) {
      this.known = known;
    }

    boolean isWanted() {
      return ++sinceStack >= ONE_IN || kinds.sum() < FEW;
    }
  }

  /**
   * A stack that was taken.
   *
   * @param site the lock that the thread waited for, or holds; null for none
   * @param isHolder whether it holds it
   */
  private record Taken(
      Watched of, Way way, LockWaits.@Nullable Site site, boolean isHolder, Stack stack) {}

  /**
   * Creates a sampler that does nothing yet.
   *
   * @param workers returns the threads that run an item now, as a collection that does not change
   *     while it is read or that may be read meanwhile; called at each look, so it must be quick,
   *     and must not wait
   */
  public Sampler(Supplier<? extends Collection<Thread>> workers) {
    this.workers = workers;
  }

  /**
   * Returns whether the kernel tells how long a thread was in the run queue; some are built
   * without.
   */
  private static boolean countsTheQueue() {
    try {
      // Its last number is how often the thread had the processor, which the first one has had.
      return !Files.readString(Path.of("/proc/self/schedstat")).strip().endsWith(" 0");
    } catch (IOException e) {
      return false;
    }
  }

  /** Begins to look, on a thread of its own, until {@link #close}. Has no effect a second time. */
  public void begin() {
    lock.lock();
    try {
      if (begun || closed) {
        return;
      }
      begun = true;
      readAt = System.nanoTime();
      lookedAt = readAt;
    } finally {
      lock.unlock();
    }
    OwnThreads.start("fornada-sampler", this::run);
  }

  /**
   * Pauses for so long between two looks from now on, or for longer where they take long.
   *
   * @param nanos the shortest pause
   */
  public void pauseFor(long nanos) {
    boolean sooner = nanos < pauseNanos;
    pauseNanos = nanos;
    if (sooner) {
      LockSupport.unpark(own());
    }
  }

  private @Nullable Thread own() {
    lock.lock();
    try {
      return own;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    lock.lock();
    try {
      own = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    while (!closed) {
      long before = METER.getCurrentThreadCpuTime();
      try {
        lookOnce();
      } catch (OutOfMemoryError e) {
        // The items have filled the heap: a look is missed.
      }
      long took = METER.getCurrentThreadCpuTime() - before;
      long pause = pauseNanos;
      boolean quick = pause <= QUICK_PERIOD.toNanos();
      long cheap = took * (quick ? QUICK_PAUSES_PER_LOOK : PAUSES_PER_LOOK);
      LockSupport.parkNanos(Math.min(Math.max(pause, cheap), LONGEST_PERIOD.toNanos()));
    }
  }

  private void lookOnce() {
    lock.lock();
    try {
      if (!closed) {
        look(System.nanoTime());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Looks once more, and returns what happened since the last call, or since {@link #begin}. Waits
   * only for a look that goes on, which takes less than a millisecond. Without {@link #begin}, it
   * knows of no time before this call.
   */
  public Reading read() {
    lock.lock();
    try {
      long now = System.nanoTime();
      if (!closed) {
        look(now);
      }
      return take(now);
    } finally {
      lock.unlock();
    }
  }

  /** Ends looking. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(own());
    lock.lock();
    try {
      watched.values().forEach(Watched::forget);
      watched.clear();
      taken.clear();
    } finally {
      lock.unlock();
    }
  }

  // ---- looking; all below is called with the lock

  private void look(long now) {
    count();
    if (lookedAt == 0) { // it has not begun
      lookedAt = now;
      readAt = now;
    }
    double sinceLook = now - lookedAt;
    stacks = Math.min(MOST_STACKS, stacks + sinceLook / 1e9 * STACKS_PER_SECOND);
    look++;
    looks++;
    Collection<Thread> all = workers.get();
    List<Watched> chosen = choose(all);
    threadLooks += all.size();
    double scale = chosen.isEmpty() ? 1 : Math.max(1.0, (double) all.size() / chosen.size());
    search(chosen, now);
    long[] cpu = cpuTimes(chosen);
    List<Watched> lockers = new ArrayList<>();
    List<Double> lockerNanos = new ArrayList<>();
    List<Way> lockerWays = new ArrayList<>();
    for (int k = 0; k < chosen.size(); k++) {
      Watched one = chosen.get(k);
      Thread.State state = one.thread.getState();
      Object blocker = state == Thread.State.RUNNABLE ? null : LockSupport.getBlocker(one.thread);
      long at = System.nanoTime();
      long used = cpu[k];
      long queued = one.inKernel == null ? -1 : one.inKernel.queueNanos();
      if (queued < 0 && one.inKernel != null) { // another one was found for it, which has ended
        one.forget();
      }
      boolean isNew = one.at == 0 || (!one.virtual && one.look != look - 1);
      // A virtual thread may live for one item only. Its state now stands for those of all that
      // came and went since the last look.
      double time = one.virtual ? sinceLook : isNew ? 0 : at - one.at;
      double ran = used < 0 || one.cpuNanos < 0 ? Double.NaN : used - one.cpuNanos;
      double waitedToRun = queued < 0 || one.queueNanos < 0 ? Double.NaN : queued - one.queueNanos;
      one.cpuNanos = used;
      one.queueNanos = queued;
      one.at = at;
      one.look = look;
      if (isNew) {
        one.carry = 0;
        one.settle();
        one.offSince = at;
      }
      if (time > 0) {
        cpuNanos += ran * scale;
        if (Double.isNaN(waitedToRun)) {
          unmeteredNanos += time * scale;
        } else {
          queueNanos += waitedToRun * scale;
          meteredNanos += time * scale;
        }
      }
      double balance =
          Double.isNaN(ran)
              ? state == Thread.State.RUNNABLE ? 0 : time
              : one.carry + time - ran - (waitedToRun > 0 ? waitedToRun : 0);
      double off = Math.max(0, balance);
      Way way = way(one, state, blocker, ran, off, time, isNew);
      if (way == null) {
        one.offSince = at;
        // It has the processor or waits for it. Without the time in the run queue, nothing is
        // known.
        one.keep(Double.isNaN(waitedToRun) ? 0 : balance);
        continue;
      }
      one.settle();
      one.carry = Math.min(0, balance);
      if (!Double.isNaN(ran) && ran > NEARLY_OFF * time) {
        one.offSince = Math.max(one.offSince, at - (long) off);
      }
      Waits waits = ways.computeIfAbsent(way, w -> new Waits(known(w)));
      waits.nanos += off * scale;
      if (isLock(waits, way, blocker)) {
        lockers.add(one);
        lockerNanos.add(off * scale);
        lockerWays.add(way);
      } else if (waits.isWanted()) {
        ask(one, way, waits, null, null, 0);
      }
    }
    lookAtLocks(lockers, lockerNanos, lockerWays);
    lookedAt = now;
  }

  /** Returns the threads to look at: those of the last look first, because their past is known. */
  private List<Watched> choose(Collection<Thread> all) {
    List<Watched> chosen = new ArrayList<>(Math.min(all.size(), MOST_THREADS));
    List<Thread> others = new ArrayList<>();
    for (Thread thread : all) {
      Watched known = watched.get(thread);
      if (known == null) {
        if (others.size() < MOST_THREADS) {
          others.add(thread);
        }
      } else if (chosen.size() < MOST_THREADS && thread.isAlive()) {
        chosen.add(known);
      }
    }
    for (Thread thread : others) {
      if (chosen.size() == MOST_THREADS) {
        break;
      }
      if (thread.isAlive()) {
        Watched one = new Watched(thread);
        watched.put(thread, one);
        chosen.add(one);
      }
    }
    if (watched.size() > chosen.size() + MOST_THREADS) {
      forgetOthers();
    }
    return chosen;
  }

  /** Forgets threads that have run no item for some time. */
  private void forgetOthers() {
    Iterator<Watched> each = watched.values().iterator();
    while (each.hasNext()) {
      Watched one = each.next();
      if (one.at != 0 && look - one.look > KEPT_LOOKS) {
        one.forget();
        each.remove();
      }
    }
  }

  private void search(List<Watched> chosen, long now) {
    if (!isLinux) {
      return;
    }
    boolean wanted = false;
    for (Watched one : chosen) {
      wanted |= !one.virtual && one.inKernel == null;
    }
    if (!wanted || (searchAt != 0 && now - searchAt < 0)) {
      return;
    }
    kernel.refresh();
    boolean found = false;
    for (Watched one : chosen) {
      if (!one.virtual && one.inKernel == null) {
        one.inKernel = kernel.find(one.thread);
        found |= one.inKernel != null;
      }
    }
    searchPause =
        found ? FIRST_SEARCH.toNanos() : Math.min(2 * searchPause, LONGEST_SEARCH.toNanos());
    searchAt = now + searchPause;
  }

  /** Returns the processor times; -1 where there is none. */
  private static long[] cpuTimes(List<Watched> chosen) {
    long[] times = new long[chosen.size()];
    long[] ids = new long[chosen.size()];
    int n = 0;
    for (Watched one : chosen) {
      if (!one.virtual) {
        ids[n++] = one.thread.threadId();
      }
    }
    long[] found =
        n == 0 || !METER.isThreadCpuTimeSupported() || !METER.isThreadCpuTimeEnabled()
            ? new long[0]
            : METER.getThreadCpuTime(Arrays.copyOf(ids, n));
    int next = 0;
    for (int k = 0; k < times.length; k++) {
      times[k] = chosen.get(k).virtual || found.length == 0 ? -1 : found[next++];
    }
    return times;
  }

  /** Returns how the thread waits; null if it does not. */
  private @Nullable Way way(
      Watched one,
      Thread.State state,
      @Nullable Object blocker,
      double ran,
      double off,
      double time,
      boolean isNew) {
    return switch (state) {
      case NEW, TERMINATED -> null;
      case BLOCKED -> new Way(state, "");
      case WAITING, TIMED_WAITING ->
          new Way(state, blocker == null ? "" : blocker.getClass().getName());
      case RUNNABLE -> {
        if (one.virtual || isNew || Double.isNaN(ran) || off < OFF_SHARE * time) {
          yield null;
        }
        if (one.inKernel == null) {
          yield isLinux ? null : new Way(state, NativeThread.Call.OTHER.name());
        }
        NativeThread.Call call = one.inKernel.call();
        yield call == NativeThread.Call.RUNS
                || (call == NativeThread.Call.OTHER && one.inKernel.isReady())
            ? null
            : new Way(state, call.name());
      }
    };
  }

  /** Returns what threads wait for in this way, if no stack is needed to know it. */
  private static @Nullable WaitKind known(Way way) {
    if (way.state == Thread.State.BLOCKED) {
      return WaitKind.LOCK;
    }
    if (way.state == Thread.State.RUNNABLE) {
      return switch (NativeThread.Call.valueOf(way.detail)) {
        case SOCKET -> WaitKind.SOCKET;
        case FILE -> WaitKind.FILE;
        case SLEEP -> WaitKind.SLEEP;
        case RUNS, FUTEX, OTHER -> null;
      };
    }
    if (way.detail.startsWith("java.util.concurrent.locks.Reentrant")
        || way.detail.startsWith("java.util.concurrent.locks.StampedLock")) {
      return WaitKind.LOCK;
    }
    return way.detail.startsWith("java.util.concurrent.Semaphore$")
        ? WaitKind.CONNECTION_POOL
        : null;
  }

  private static boolean isLock(Waits waits, Way way, @Nullable Object blocker) {
    return waits.known == WaitKind.LOCK
        || blocker instanceof AbstractOwnableSynchronizer
        || way.detail.equals(NativeThread.Call.FUTEX.name());
  }

  private void lookAtLocks(List<Watched> lockers, List<Double> nanos, List<Way> ofLockers) {
    Map<Long, ThreadInfo> infos = infos(lockers);
    for (int k = 0; k < lockers.size(); k++) {
      Watched one = lockers.get(k);
      Way way = ofLockers.get(k);
      Waits waits = ways.get(way);
      ThreadInfo info = infos.get(one.thread.threadId());
      if (waits == null) {
        continue;
      }
      LockWaits.Site site = null;
      boolean isNative = way.state == Thread.State.RUNNABLE;
      if (isNative) {
        // Threads in one system call need not wait for one lock, but the kernel says no more.
        site = waits.kinds.most() == null ? null : locks.of(new LockWaits.Key(NATIVE_LOCK, 0));
        if (!WaitKind.NATIVE_LOCK.name().equals(waits.kinds.most())) {
          site = null;
        }
      } else {
        LockWaits.Key key = key(one, info);
        boolean owned = waits.known == WaitKind.LOCK || (info != null && info.getLockOwnerId() > 0);
        site = key == null || !owned ? null : locks.of(key);
      }
      if (site != null) {
        site.waited(nanos.get(k), look);
        if (info != null && info.getLockOwnerName() != null) {
          site.holders.add(info.getLockOwnerName());
        }
      }
      if (waits.isWanted() || (site != null && site.places.sum() < FEW)) {
        ask(one, way, waits, site, info, 0);
        if (site != null && info != null && info.getLockOwnerId() > 0) {
          askHolder(one, way, waits, site, info);
        }
      }
    }
  }

  /** Returns what the JVM knows of the waiting threads, by their ids; nothing of virtual ones. */
  private static Map<Long, ThreadInfo> infos(List<Watched> lockers) {
    long[] ids = new long[lockers.size()];
    int n = 0;
    for (Watched one : lockers) {
      if (!one.virtual) {
        ids[n++] = one.thread.threadId();
      }
    }
    Map<Long, ThreadInfo> infos = new HashMap<>();
    if (n > 0) {
      for (ThreadInfo info : METER.getThreadInfo(Arrays.copyOf(ids, n), 0)) {
        if (info != null) { // it has not ended
          infos.put(info.getThreadId(), info);
        }
      }
    }
    return infos;
  }

  private static LockWaits.@Nullable Key key(Watched one, @Nullable ThreadInfo info) {
    if (info != null) {
      LockInfo on = info.getLockInfo();
      return on == null ? null : new LockWaits.Key(on.getClassName(), on.getIdentityHashCode());
    }
    Object blocker = LockSupport.getBlocker(one.thread);
    return blocker == null
        ? new LockWaits.Key("java.lang.Object", 0) // a virtual thread's monitor is not told
        : new LockWaits.Key(blocker.getClass().getName(), System.identityHashCode(blocker));
  }

  private void askHolder(
      Watched waiter, Way way, Waits waits, LockWaits.Site site, ThreadInfo info) {
    for (Watched other : watched.values()) {
      if (other.thread.threadId() == info.getLockOwnerId()) {
        ask(other, way, waits, site, info, waiter.thread.threadId());
        return;
      }
    }
  }

  // ---- stacks

  /**
   * Asks for the stack of a thread. It counts only if the thread waits as before once it is there.
   *
   * @param waiter the thread that waits for the lock which {@code one} holds; 0 if {@code one}
   *     itself waits
   */
  private void ask(
      Watched one,
      Way way,
      Waits waits,
      LockWaits.@Nullable Site site,
      @Nullable ThreadInfo info,
      long waiter) {
    long now = System.nanoTime();
    if (stacks < 1 || (one.askedAt != 0 && now - one.askedAt < STACK_LOST.toNanos())) {
      return;
    }
    stacks--;
    if (waiter == 0) {
      waits.sinceStack = 0;
    }
    one.askedAt = now;
    Thread thread = one.thread;
    long id = waiter == 0 ? thread.threadId() : waiter;
    boolean known = !one.virtual && way.state != Thread.State.RUNNABLE;
    ThreadInfo before = !known ? null : info != null ? info : METER.getThreadInfo(id);
    int blocker = one.virtual ? System.identityHashCode(LockSupport.getBlocker(thread)) : 0;
    StackSample.then(
        thread,
        sample -> {
          boolean same;
          if (before != null) {
            ThreadInfo after = METER.getThreadInfo(id);
            same =
                after != null
                    && after.getThreadState() == before.getThreadState()
                    && after.getBlockedCount() == before.getBlockedCount()
                    && after.getWaitedCount() == before.getWaitedCount()
                    && (waiter == 0 || after.getLockOwnerId() == thread.threadId());
          } else {
            same =
                !known
                    && (waiter != 0
                        || (thread.getState() == way.state
                            && (!one.virtual
                                || System.identityHashCode(LockSupport.getBlocker(thread))
                                    == blocker)));
          }
          List<StackTraceElement> frames = same ? sample.frames() : List.of();
          taken.add(new Taken(one, way, site, waiter != 0, new Stack(frames)));
        });
  }

  /** Counts the stacks that have come. */
  private void count() {
    for (Taken one = taken.poll(); one != null; one = taken.poll()) {
      one.of.askedAt = 0;
      Waits waits = ways.get(one.way);
      if (one.stack.frames().isEmpty() || waits == null) {
        continue;
      }
      String place = one.stack.place();
      if (one.isHolder) {
        if (one.site != null && !one.stack.frames().isEmpty()) {
          one.site.holderPlaces.add(
              place == null ? Stack.text(one.stack.frames().getFirst()) : place);
        }
        continue;
      }
      if (one.stack.isIdle()) {
        waits.kinds.add(IDLE);
        continue;
      }
      WaitKind kind = kind(one.way, waits, one.stack);
      if (kind == null) {
        waits.kinds.add(IDLE);
        continue;
      }
      waits.kinds.add(kind.name());
      if (place != null) {
        waits.places.computeIfAbsent(kind, k -> new Votes<>()).add(place);
        if (one.site != null) {
          one.site.places.add(place);
        } else if (kind == WaitKind.NATIVE_LOCK) {
          locks.of(new LockWaits.Key(NATIVE_LOCK, 0)).places.add(place);
        }
      }
    }
  }

  /** Returns what a thread with this stack waits for; null if it does not wait after all. */
  private static @Nullable WaitKind kind(Way way, Waits waits, Stack stack) {
    if (waits.known != null) {
      return waits.known;
    }
    if (way.state != Thread.State.RUNNABLE) {
      return stack.kind(false);
    }
    WaitKind kind = stack.kind(false);
    if (kind == WaitKind.SOCKET || kind == WaitKind.FILE || kind == WaitKind.SLEEP) {
      return kind;
    }
    String top = stack.frames().getFirst().getClassName();
    boolean isForeign = stack.isInNativeCode() || !Stack.isJdk(top);
    if (way.detail.equals(NativeThread.Call.FUTEX.name())) {
      return isForeign || top.startsWith("jdk.internal.foreign.") ? WaitKind.NATIVE_LOCK : null;
    }
    return stack.isInNativeCode() ? WaitKind.UNKNOWN : null;
  }

  // ---- reading

  private Reading take(long now) {
    Map<WaitKind, Double> sums = new EnumMap<>(WaitKind.class);
    Map<WaitKind, Double> most = new EnumMap<>(WaitKind.class);
    Map<WaitKind, String> places = new EnumMap<>(WaitKind.class);
    double idle = 0;
    for (Waits waits : ways.values()) {
      double left = waits.nanos;
      if (left == 0) {
        continue;
      }
      waits.nanos = 0;
      if (waits.known != null) {
        // Idle threads wait in such ways too, for locks of a pool, but not for long.
        add(waits, waits.known, left, sums, most, places);
        continue;
      }
      if (waits.kinds.sum() == 0) {
        sums.merge(WaitKind.UNKNOWN, left, Double::sum);
        continue;
      }
      for (String answer : waits.kinds.answers()) {
        double part = left * waits.kinds.share(answer);
        if (answer.equals(IDLE)) {
          idle += part;
        } else {
          add(waits, WaitKind.valueOf(answer), part, sums, most, places);
        }
      }
    }
    for (Watched one : watched.values()) {
      unseenNanos += one.unseen();
    }
    spread(sums, idle);
    Reading reading =
        new Reading(
            now - readAt,
            looks,
            looks == 0 ? 0 : threadLooks / looks,
            sums,
            places,
            locks.take(looks),
            cpuNanos,
            queueOfAll(),
            offProcessor(now));
    if (ways.size() > MOST_THREADS) {
      ways.clear(); // of a program with many classes to wait for; they are learnt anew
    }
    readAt = now;
    looks = 0;
    threadLooks = 0;
    cpuNanos = 0;
    queueNanos = 0;
    meteredNanos = 0;
    unmeteredNanos = 0;
    unseenNanos = 0;
    return reading;
  }

  /** Returns the time of all threads in the run queue; NaN if too little is known of it. */
  private double queueOfAll() {
    double all = meteredNanos + unmeteredNanos;
    return unmeteredNanos == 0
        ? queueNanos
        : meteredNanos < METERED * all ? Double.NaN : queueNanos * all / meteredNanos;
  }

  private static void add(
      Waits waits,
      WaitKind kind,
      double nanos,
      Map<WaitKind, Double> sums,
      Map<WaitKind, Double> most,
      Map<WaitKind, String> places) {
    sums.merge(kind, nanos, Double::sum);
    Votes<String> votes = waits.places.get(kind);
    String place = votes == null ? null : votes.most();
    if (place != null && nanos > most.getOrDefault(kind, 0.0)) {
      most.put(kind, nanos);
      places.put(kind, place);
    }
  }

  /** Adds the waits that ended before the look at their end, in the proportions of the others. */
  private void spread(Map<WaitKind, Double> sums, double idle) {
    double all = idle;
    for (double sum : sums.values()) {
      all += sum;
    }
    // Readings of several clocks differ a little, also where nothing waits.
    if (unseenNanos > READING_ERROR * cpuNanos) {
      double more = all == 0 ? 0 : unseenNanos / all;
      sums.replaceAll((kind, sum) -> sum * (1 + more));
      if (all == 0) {
        sums.put(WaitKind.UNKNOWN, unseenNanos);
      }
    }
  }

  private double offProcessor(long now) {
    long latest = 0;
    boolean any = false;
    for (Watched one : watched.values()) {
      if (one.look == look) {
        latest = any ? Math.max(latest, one.offSince) : one.offSince;
        any = true;
      }
    }
    return any ? Math.max(0, now - latest) : 0;
  }
}
