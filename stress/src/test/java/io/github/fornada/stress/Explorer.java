package io.github.fornada.stress;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Runs a scenario of a few threads in every order, up to a bound on preemptions and an equal bound
 * on loads that do not see the newest value. The memory is weaker than this machine's: a load may
 * see any value that the Java memory model allows, and stores may be late. {@link Rewriter} makes
 * the library's own classes call it.
 *
 * <p>The model is the usual operational one of release and acquire by views (as in the C++ model
 * checkers CDSChecker and loom): each location keeps all values written to it; each thread keeps
 * how recent a value it must see of each location; a release passes that on to the thread that
 * acquires. Loads are not moved behind later stores; what that could break is found as a data race
 * on plain memory instead.
 */
public final class Explorer {
  /** Threads that share memory, and what must hold when all have ended. */
  public interface Scenario {
    List<Runnable> threads();

    void check();

    /**
     * Returns the thread that may die before any of its steps, as a killed process does; or -1. A
     * run has loads of old values or a death, not both.
     */
    default int mortal() {
      return -1;
    }
  }

  /** What the exploration found: null if every run was right. */
  public record Verdict(long runs, String failure) {}

  private static final class Abandoned extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Ends a thread that dies: it takes no further step, not in its finally blocks either. */
  private static final class Died extends Error {
    private static final long serialVersionUID = 1;
  }

  private record Message(long value, Map<Long, Integer> view) {}

  private static final class Task {
    final int number;
    final Semaphore turn = new Semaphore(0);
    Map<Long, Integer> view = new HashMap<>();
    boolean over;
    boolean permit;
    boolean parked;
    long spunAt = -1;
    BooleanSupplier until;
    Runnable late;
    int lateFor;
    Thread thread;
    Thread standsFor;
    boolean mayDie;
    boolean dead;

    Task(int number) {
      this.number = number;
    }
  }

  private static final int MAX_STEPS = 2000;

  private static final ThreadLocal<Task> CURRENT = new ThreadLocal<>();
  private static Explorer active;

  private final int preemptions;
  // the choice taken, and the number of choices
  private final List<int[]> choices = new ArrayList<>();
  private int position;

  private List<Task> tasks = List.of();
  private final Semaphore mainTurn = new Semaphore(0);
  private Map<Long, List<Message>> memory = new HashMap<>();
  private Map<Long, Map<Integer, Integer>> reads = new HashMap<>();
  private Map<Long, Integer> strong = new HashMap<>();
  private Map<Object, Map<Long, Integer>> released = new HashMap<>();
  private IdentityHashMap<Object, Long> places = new IdentityHashMap<>();
  private final IdentityHashMap<Condition, Waiters> waiters = new IdentityHashMap<>();
  private long clock;
  private int preempted;
  private int staleLoads;
  private long steps;
  private String failure;
  private boolean abandoned;

  private Explorer(int preemptions) {
    this.preemptions = preemptions;
  }

  /** Explores until a run fails or all runs are done. */
  public static synchronized Verdict explore(int bound, Supplier<Scenario> scenarios) {
    var explorer = new Explorer(bound);
    active = explorer;
    long runs = 0;
    do {
      explorer.run(scenarios.get());
      runs++;
    } while (explorer.failure == null && explorer.nextPath());
    return new Verdict(runs, explorer.failure);
  }

  private boolean nextPath() {
    while (!choices.isEmpty()) {
      int[] last = choices.getLast();
      if (++last[0] < last[1]) {
        return true;
      }
      choices.removeLast();
    }
    return false;
  }

  private void run(Scenario scenario) {
    position = 0;
    clock = 0;
    preempted = 0;
    staleLoads = 0;
    steps = 0;
    abandoned = false;
    memory = new HashMap<>();
    reads = new HashMap<>();
    strong = new HashMap<>();
    released = new HashMap<>();
    places = new IdentityHashMap<>();
    List<Runnable> bodies = scenario.threads();
    var started = new ArrayList<Task>();
    for (int i = 0; i < bodies.size(); i++) {
      started.add(new Task(i));
      started.get(i).mayDie = i == scenario.mortal();
    }
    tasks = started;
    List<Thread> threads = threads(bodies);
    for (Task task : tasks) {
      task.thread = threads.get(task.number);
      task.thread.start();
    }
    schedule(null);
    mainTurn.acquireUninterruptibly();
    if (abandoned) {
      for (Task task : tasks) {
        task.turn.release(1000);
      }
    }
    for (Task task : tasks) {
      try {
        task.thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    if (failure == null) {
      try {
        scenario.check();
      } catch (AssertionError e) {
        failure = e.getMessage();
      }
    }
  }

  /**
   * Makes the threads of the tasks, not yet started. Code under test may iterate over a map of
   * threads: so their hashes are such that it meets them in the same order in each run.
   */
  private List<Thread> threads(List<Runnable> bodies) {
    while (true) {
      var made = new ArrayList<Thread>();
      boolean inOrder = true;
      for (Task task : tasks) {
        Thread next = Thread.ofVirtual().unstarted(() -> live(task, bodies.get(task.number)));
        inOrder &= made.isEmpty() || bin(made.getLast()) < bin(next);
        made.add(next);
      }
      if (inOrder) {
        return made; // else other hashes: that of a virtual thread is its number
      }
    }
  }

  /** Returns where a thread is in one of the JDK's hash tables that has not grown. */
  private static int bin(Thread thread) {
    int hash = thread.hashCode();
    return (hash ^ hash >>> 16) & 15;
  }

  private void live(Task task, Runnable body) {
    try {
      perform(task, body);
    } catch (Throwable e) { // of the exploration itself: the main thread must not wait for ever
      fail(e.toString());
    }
  }

  private void perform(Task task, Runnable body) {
    CURRENT.set(task);
    task.turn.acquireUninterruptibly();
    try {
      if (!abandoned) {
        body.run();
        if (task.late != null) {
          preempted--; // others may run before that store, as if this thread waited
          while (task.late != null) {
            step();
          }
        }
      }
    } catch (Abandoned e) {
      return;
    } catch (Died e) {
      // Over, and what it has stored is there.
    } catch (Throwable e) {
      fail(e.toString());
    }
    if (!abandoned) {
      task.over = true;
      steps++; // so that who spins looks at what this has done last
      schedule(task);
    }
  }

  private void fail(String what) {
    if (failure == null) {
      failure = what;
    }
    abandoned = true;
    mainTurn.release();
  }

  private int choose(int many) {
    if (many == 1) {
      return 0;
    }
    if (position == choices.size()) {
      choices.add(new int[] {0, many});
    }
    int[] choice = choices.get(position++);
    if (choice[1] != many) {
      throw new IllegalStateException("the scenario is not the same each time");
    }
    return choice[0];
  }

  /** Evaluates the condition outside the scenario: that is not a step of it. */
  private static boolean holds(BooleanSupplier condition) {
    Task self = CURRENT.get();
    CURRENT.remove();
    try {
      return condition.getAsBoolean();
    } finally {
      CURRENT.set(self);
    }
  }

  private boolean canRun(Task task) {
    return !task.over
        && (!task.parked || task.permit)
        && task.spunAt != steps
        && (task.until == null || holds(task.until));
  }

  /** Gives the turn to some task; the caller, if it has the turn now, is the first choice. */
  private void schedule(Task from) {
    var ready = new ArrayList<Task>();
    if (from != null && canRun(from)) {
      ready.add(from);
    }
    boolean free = ready.isEmpty();
    if (free || preempted < preemptions) {
      for (Task task : tasks) {
        if (task != from && canRun(task)) {
          ready.add(task);
        }
      }
    }
    if (ready.isEmpty()) {
      // No other task will write any more, and finally every store is seen.
      for (Task task : tasks) {
        if (!task.over && task.spunAt == steps && refresh(task)) {
          ready.add(task);
        }
      }
    }
    if (ready.isEmpty()) {
      if (tasks.stream().allMatch(task -> task.over || task.standsFor != null)) {
        abandoned = tasks.stream().anyMatch(task -> !task.over);
        mainTurn.release();
      } else {
        fail(
            "threads wait for ever: "
                + tasks.stream().filter(t -> !t.over).map(t -> t.number).toList());
      }
      return;
    }
    Task next = ready.get(choose(ready.size()));
    if (next != from) {
      preempted += free ? 0 : 1;
      next.turn.release();
    }
    if (from != null && next != from && !from.over) {
      from.turn.acquireUninterruptibly();
    }
  }

  private boolean refresh(Task task) {
    boolean stale = false;
    for (Map.Entry<Long, List<Message>> each : memory.entrySet()) {
      int newest = each.getValue().size() - 1;
      if (each.getKey() < PLAIN && task.view.getOrDefault(each.getKey(), 0) < newest) {
        task.view.put(each.getKey(), newest);
        stale = true;
      }
    }
    return stale;
  }

  private Task pass() {
    Task self = CURRENT.get();
    if (self == null || active != this) {
      return null;
    }
    if (self.dead) {
      throw new Died();
    }
    if (!abandoned && ++steps > MAX_STEPS) {
      fail("more than " + MAX_STEPS + " steps");
    }
    if (!abandoned) {
      schedule(self);
    }
    if (abandoned) {
      throw new Abandoned();
    }
    if (self.mayDie && staleLoads == 0 && choose(2) == 1) {
      self.dead = true;
      staleLoads = preemptions;
      if (self.late != null) {
        self.late.run(); // a processor completes what its buffer holds
        self.late = null;
      }
      throw new Died();
    }
    int clock = self.view.merge(-1L - self.number, 1, Integer::sum);
    assert clock > 0;
    if (self.late != null && self.lateFor-- == 0) {
      Runnable store = self.late;
      self.late = null;
      store.run();
    }
    return self;
  }

  // ---- called by rewritten classes

  /** A step: another thread may run here. */
  public static void step() {
    if (CURRENT.get() != null) {
      var _ = active.pass();
    }
  }

  /** Takes a step before a store that releases; {@code name} stands for the field. */
  public static void release(String name) {
    if (CURRENT.get() != null) {
      active.release(active.pass(), name);
    }
  }

  /** Takes a step before a load that acquires what the stores of the same name released. */
  public static void acquire(String name) {
    if (CURRENT.get() != null) {
      active.acquire(active.pass(), name);
    }
  }

  /** Takes a step before an access that acquires and releases, such as a compare-and-set. */
  public static void exchange(String name) {
    if (CURRENT.get() != null) {
      Task self = active.pass();
      active.acquire(self, name);
      active.release(self, name);
    }
  }

  /** Takes a step before an access that neither releases nor acquires. */
  public static void ordersNothing(String name) {
    step();
  }

  private void release(Task self, Object name) {
    join(released.computeIfAbsent(name, _ -> new HashMap<>()), self.view);
  }

  private void acquire(Task self, Object name) {
    join(self.view, released.getOrDefault(name, Map.of()));
  }

  public static void spin() {
    Task self = CURRENT.get();
    if (self != null) {
      self.spunAt = active.steps;
      active.leave(self);
      self.spunAt = -1;
    }
  }

  /** Waits until this task can run again. */
  private void leave(Task self) {
    schedule(self);
    if (abandoned) {
      throw new Abandoned();
    }
  }

  // ---- for twins: stores that the next load of their thread passes

  private static void late(Runnable store) {
    Task self = CURRENT.get();
    if (self == null) {
      store.run();
      return;
    }
    step();
    self.late = store;
    self.lateFor = 1;
  }

  public static void late(Object of, Object value, String field) {
    late(() -> write(of, value, field));
  }

  public static void late(Object of, int value, String field) {
    late(() -> write(of, value, field));
  }

  public static void late(Object of, boolean value, String field) {
    late(() -> write(of, value, field));
  }

  public static void late(Object of, long value, String field) {
    late(() -> write(of, value, field));
  }

  public static void late(VarHandle handle, Object of, long value) {
    late(() -> handle.setVolatile(of, value));
  }

  public static void late(AtomicBoolean flag, boolean value) {
    late(() -> flag.set(value));
  }

  private static void write(Object of, Object value, String field) {
    for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
      for (Field each : type.getDeclaredFields()) {
        if (each.getName().equals(field)) {
          try {
            each.setAccessible(true);
            each.set(of, value);
            return;
          } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
          }
        }
      }
    }
    throw new AssertionError("no field " + field + " in " + of.getClass());
  }

  /** Waits until a condition holds that does not depend on memory order. */
  public static void await(BooleanSupplier condition) {
    Task self = CURRENT.get();
    self.until = condition;
    try {
      step();
    } finally {
      self.until = null;
    }
  }

  /**
   * Waits until a thread has died or ended. What follows sees all its stores, as a process does
   * that has seen the end of another.
   */
  public static void awaitEnd(int number) {
    Task other = active.tasks.get(number);
    await(() -> other.over);
    join(CURRENT.get().view, other.view);
  }

  /** Does not wait, for a twin. */
  public static void tooSoon(int number) {
    step();
  }

  public static void park(Object blocker) {
    step();
    Task self = CURRENT.get();
    if (Thread.currentThread().isInterrupted()) {
      return;
    }
    self.parked = true;
    active.leave(self);
    self.parked = false;
    self.permit = false;
  }

  /** A wait of this length never ends by itself: another thread must end it. */
  public static final long FOR_EVER = 1L << 50;

  /** Waits for a wake-up or until the time is over; only such waits advance the time. */
  public static void parkNanos(Object blocker, long nanos) {
    if (nanos >= FOR_EVER) {
      park(blocker);
      return;
    }
    step();
    Task self = CURRENT.get();
    if (self.permit) {
      self.permit = false;
    } else if (!Thread.currentThread().isInterrupted()) {
      active.clock += nanos;
    }
  }

  /** Returns the time of this run, from 0. */
  public static long nanoTime() {
    return active.clock;
  }

  /** Casts a stand-in to the class that it replaces: see {@link Rewriter#standIn}. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // it has it once it is loaded
  public static <T> T standIn(Object object) {
    return (T) object;
  }

  /**
   * Makes the caller represent a thread of the library, which never runs: whatever wakes that
   * thread wakes the caller, and the run is over when all others have ended and the caller waits.
   */
  public static void standsFor(Thread other) {
    CURRENT.get().standsFor = other;
  }

  // ---- locks: the real ones, but threads wait for them only here

  public static void lock(ReentrantLock lock) {
    if (CURRENT.get() != null && !lock.isHeldByCurrentThread()) {
      await(() -> !lock.isLocked());
    }
    if (!lock.tryLock()) {
      throw new IllegalStateException("a condition to wait for must take no locks");
    }
    Task self = CURRENT.get();
    if (self != null) {
      active.acquire(self, lock);
    }
  }

  public static void unlock(ReentrantLock lock) {
    Task self = CURRENT.get();
    if (self != null) {
      active.release(self, lock);
    }
    lock.unlock();
  }

  /** Unlocks without releasing, for a twin. */
  public static void unlockUnseen(ReentrantLock lock) {
    lock.unlock();
  }

  public static void countDown(CountDownLatch latch) {
    if (CURRENT.get() != null) {
      Task self = active.pass();
      active.release(self, latch);
    }
    latch.countDown();
  }

  /** Counts down without releasing, for a twin. */
  public static void countDownUnseen(CountDownLatch latch) {
    step();
    latch.countDown();
  }

  public static long getCount(CountDownLatch latch) {
    if (CURRENT.get() != null) {
      Task self = active.pass();
      active.acquire(self, latch);
    }
    return latch.getCount();
  }

  public static void await(CountDownLatch latch) {
    await(() -> latch.getCount() == 0);
    active.acquire(CURRENT.get(), latch);
  }

  /** The tasks that wait for the condition of this lock; the lock represents the condition. */
  private record Waiters(ReentrantLock lock, ArrayDeque<Task> queue) {}

  public static Condition newCondition(ReentrantLock lock) {
    Condition condition = lock.newCondition();
    active.waiters.put(condition, new Waiters(lock, new ArrayDeque<>()));
    return condition;
  }

  /** Waits without a limit; code that relies on a limit waits forever here. */
  public static long awaitNanos(Condition condition, long nanos) {
    Task self = CURRENT.get();
    Waiters waiters = active.waiters.get(condition);
    waiters.queue().add(self);
    unlock(waiters.lock());
    self.parked = true;
    self.permit = false;
    try {
      active.leave(self);
    } finally {
      self.parked = false;
      self.permit = false;
      if (active.abandoned) {
        waiters.lock().lock(); // the caller's finally unlocks it
      }
    }
    lock(waiters.lock());
    return nanos;
  }

  public static void awaitUninterruptibly(Condition condition) {
    long _ = awaitNanos(condition, FOR_EVER);
  }

  public static void signal(Condition condition) {
    Task first = active.waiters.get(condition).queue().poll();
    if (first != null) {
      first.permit = true;
    }
  }

  public static void signalAll(Condition condition) {
    ArrayDeque<Task> queue = active.waiters.get(condition).queue();
    queue.forEach(task -> task.permit = true);
    queue.clear();
  }

  /** A wake-up that never comes. */
  public static void forget(Condition condition) {}

  /** A test that always returns false. */
  public static boolean never(long word) {
    return false;
  }

  /** Answers false, for a twin. */
  public static boolean never(Object of) {
    step();
    return false;
  }

  /** Answers false, for a twin of a question about one of several. */
  public static boolean never(Object of, int which) {
    return never(of);
  }

  /** Answers false, for a twin. */
  public static boolean never(Object of, long number) {
    return never(of);
  }

  /** A check that finds nothing. */
  public static boolean never(Object of, long at, int which, long number) {
    return never(of);
  }

  /** Answers false, for a twin. */
  public static boolean never(MemorySegment memory, long number) {
    return never(memory);
  }

  /** Answers false, for a twin. */
  public static boolean never(MemorySegment memory, long at, int which) {
    return never(memory);
  }

  /** Answers false, for a twin. */
  public static boolean never(
      MemorySegment memory, int count, long number, long other, boolean flag) {
    return never(memory);
  }

  /** Does nothing, for a twin. */
  public static void forget(Object of) {
    step();
  }

  /** Does nothing, for a twin. */
  public static void forget(Object of, int number) {
    step();
  }

  /** Does nothing, for a twin. */
  public static void forget(Object of, int number, long other) {
    step();
  }

  /** Does nothing, for a twin. */
  public static void forget(Object of, Object other) {
    step();
  }

  /** A check that finds nothing. */
  public static boolean empty(Set<?> set) {
    step();
    return true;
  }

  /** A check that finds nothing. */
  public static boolean blind(BooleanSupplier looked) {
    step();
    return false;
  }

  /** An interrupt, which ends a park too. */
  public static void interrupt(Thread thread) {
    unpark(thread);
    thread.interrupt();
  }

  /** A wake-up that never comes. */
  public static void forget(Thread thread) {
    step();
  }

  public static void unpark(Thread thread) {
    step();
    for (Task task : active.tasks) {
      if (thread != null && (task.thread == thread || task.standsFor == thread)) {
        task.permit = true;
      }
    }
  }

  public static void fullFence() {
    Task self = active.pass();
    if (self != null) {
      join(self.view, active.strong);
      join(active.strong, self.view);
    }
  }

  private static void join(Map<Long, Integer> into, Map<Long, Integer> from) {
    from.forEach((key, value) -> into.merge(key, value, Math::max));
  }

  private List<Message> messages(long at) {
    return memory.computeIfAbsent(at, _ -> new ArrayList<>(List.of(new Message(0, Map.of()))));
  }

  private long load(Task self, long at, boolean acquire, boolean isVolatile) {
    List<Message> all = messages(at);
    int oldest = self.view.getOrDefault(at, 0);
    if (isVolatile) {
      oldest = Math.max(oldest, strong.getOrDefault(at, 0));
    }
    int stale = staleLoads < preemptions ? choose(all.size() - oldest) : 0;
    staleLoads += stale > 0 ? 1 : 0;
    int seen = all.size() - 1 - stale;
    Message message = all.get(seen);
    self.view.merge(at, seen, Math::max);
    if (acquire) {
      join(self.view, message.view());
    }
    return message.value();
  }

  private void store(Task self, long at, long value, boolean release, boolean isVolatile) {
    List<Message> all = messages(at);
    self.view.put(at, all.size());
    if (isVolatile) {
      strong.put(at, all.size());
    }
    all.add(new Message(value, release ? new HashMap<>(self.view) : Map.of(at, all.size())));
  }

  public static long get(VarHandle handle, MemorySegment memory, long at) {
    return active.load(active.pass(), at, false, false);
  }

  public static long getAcquire(VarHandle handle, MemorySegment memory, long at) {
    return active.load(active.pass(), at, true, false);
  }

  public static long getVolatile(VarHandle handle, MemorySegment memory, long at) {
    return active.load(active.pass(), at, true, true);
  }

  public static void set(VarHandle handle, MemorySegment memory, long at, long value) {
    active.store(active.pass(), at, value, false, false);
  }

  public static void setRelease(VarHandle handle, MemorySegment memory, long at, long value) {
    active.store(active.pass(), at, value, true, false);
  }

  public static void setVolatile(VarHandle handle, MemorySegment memory, long at, long value) {
    active.store(active.pass(), at, value, true, true);
  }

  /** Stores some steps later, for a twin. */
  public static void setLater(VarHandle handle, MemorySegment memory, long at, long value) {
    Task self = active.pass();
    if (self.late != null) {
      self.late.run();
    }
    self.late = () -> active.store(self, at, value, true, true);
    self.lateFor = 4;
  }

  /** Stores nothing, for a twin. */
  public static void forget(VarHandle handle, MemorySegment memory, long at, long value) {
    step();
  }

  public static long get(VarHandle handle, ByteBuffer memory, int at) {
    return active.load(active.pass(), at, false, false);
  }

  public static long getAcquire(VarHandle handle, ByteBuffer memory, int at) {
    return active.load(active.pass(), at, true, false);
  }

  public static long getVolatile(VarHandle handle, ByteBuffer memory, int at) {
    return active.load(active.pass(), at, true, true);
  }

  public static void set(VarHandle handle, ByteBuffer memory, int at, long value) {
    active.store(active.pass(), at, value, false, false);
  }

  public static void setRelease(VarHandle handle, ByteBuffer memory, int at, long value) {
    active.store(active.pass(), at, value, true, false);
  }

  public static void setVolatile(VarHandle handle, ByteBuffer memory, int at, long value) {
    active.store(active.pass(), at, value, true, true);
  }

  public static boolean compareAndSet(
      VarHandle handle, ByteBuffer memory, int at, long expected, long value) {
    return exchange(at, expected, value);
  }

  /** Replaces a compare-and-set by a fault: a load, and later a store. */
  public static boolean lookThenSet(
      VarHandle handle, ByteBuffer memory, int at, long expected, long value) {
    return lookThenStore(at, expected, value);
  }

  public static boolean compareAndSet(
      VarHandle handle, MemorySegment memory, long at, long expected, long value) {
    return exchange(at, expected, value);
  }

  private static boolean exchange(long at, long expected, long value) {
    Task self = active.pass();
    List<Message> all = active.messages(at);
    Message last = all.getLast();
    self.view.put(at, all.size() - 1);
    join(self.view, last.view());
    if (last.value() != expected) {
      return false;
    }
    active.store(self, at, value, true, true);
    return true;
  }

  public static long getAndAdd(VarHandle handle, MemorySegment memory, long at, long change) {
    Task self = active.pass();
    List<Message> all = active.messages(at);
    Message last = all.getLast();
    self.view.put(at, all.size() - 1);
    join(self.view, last.view());
    active.store(self, at, last.value() + change, true, true);
    return last.value();
  }

  /** Replaces a compare-and-set by a fault: a load, and later a store. */
  public static boolean lookThenSet(
      VarHandle handle, MemorySegment memory, long at, long expected, long value) {
    return lookThenStore(at, expected, value);
  }

  private static boolean lookThenStore(long at, long expected, long value) {
    if (active.load(active.pass(), at, true, true) != expected) {
      return false;
    }
    active.store(active.pass(), at, value, true, true);
    return true;
  }

  /** Not atomic either: for a field. */
  public static boolean lookThenSet(VarHandle handle, Object of, long expected, long value) {
    step();
    if ((long) handle.getVolatile(of) != expected) {
      return false;
    }
    step();
    handle.setVolatile(of, value);
    return true;
  }

  public static boolean lookThenSet(AtomicLong word, long expected, long value) {
    step();
    if (word.get() != expected) {
      return false;
    }
    step();
    word.set(value);
    return true;
  }

  /** Not atomic either: for elements of an array. */
  public static boolean lookThenSet(VarHandle handle, int[] array, int i, int expected, int value) {
    step();
    if ((int) handle.getVolatile(array, i) != expected) {
      return false;
    }
    step();
    handle.setVolatile(array, i, value);
    return true;
  }

  public static int getAndAdd(VarHandle handle, Object of, int change) {
    if (CURRENT.get() != null) {
      Task self = active.pass();
      active.acquire(self, of);
      active.release(self, of);
    }
    return (int) handle.getAndAdd(of, change);
  }

  public static int lookThenAdd(VarHandle handle, Object of, int change) {
    step();
    int seen = (int) handle.getVolatile(of);
    step();
    handle.setVolatile(of, seen + change);
    return seen;
  }

  /** Adds without releasing, for a twin. */
  public static long addUnseen(AtomicLong count, long change) {
    step();
    return count.addAndGet(change);
  }

  // ---- elements of arrays, in the memory of the model

  private long place(Object of) {
    return (1L << 41) + places.computeIfAbsent(of, _ -> (long) places.size() << 20);
  }

  /** The array itself always has the newest values, for threads that are not explored. */
  private long place(long[] array, int i) {
    long at = -place(array) - i;
    memory.computeIfAbsent(at, _ -> new ArrayList<>(List.of(new Message(array[i], Map.of()))));
    return at;
  }

  public static long get(VarHandle handle, long[] array, int i) {
    Task self = CURRENT.get();
    return self == null
        ? array[i]
        : active.load(active.pass(), active.place(array, i), false, false);
  }

  public static long getAcquire(VarHandle handle, long[] array, int i) {
    return CURRENT.get() == null
        ? array[i]
        : active.load(active.pass(), active.place(array, i), true, false);
  }

  public static long getVolatile(VarHandle handle, long[] array, int i) {
    return CURRENT.get() == null
        ? array[i]
        : active.load(active.pass(), active.place(array, i), true, true);
  }

  public static void set(VarHandle handle, long[] array, int i, long value) {
    store(array, i, value, false);
  }

  public static void setVolatile(VarHandle handle, long[] array, int i, long value) {
    store(array, i, value, true);
  }

  private static void store(long[] array, int i, long value, boolean isVolatile) {
    if (CURRENT.get() != null) {
      Task self = active.pass();
      active.store(self, active.place(array, i), value, isVolatile, isVolatile);
    }
    array[i] = value;
  }

  public static boolean compareAndSet(
      VarHandle handle, long[] array, int i, long expected, long value) {
    if (CURRENT.get() == null) {
      return handle.compareAndSet(array, i, expected, value);
    }
    Task self = active.pass();
    active.sees(self, active.place(array, i));
    if (array[i] != expected) {
      return false;
    }
    active.store(self, active.place(array, i), value, true, true);
    array[i] = value;
    return true;
  }

  public static long getAndBitwiseOr(VarHandle handle, long[] array, int i, long bits) {
    if (CURRENT.get() == null) {
      return (long) handle.getAndBitwiseOr(array, i, bits);
    }
    Task self = active.pass();
    active.sees(self, active.place(array, i));
    long before = array[i];
    active.store(self, active.place(array, i), before | bits, true, true);
    array[i] = before | bits;
    return before;
  }

  /** Makes the thread see the newest value, as a compare-and-set does. */
  private void sees(Task self, long at) {
    List<Message> all = messages(at);
    self.view.put(at, all.size() - 1);
    join(self.view, all.getLast().view());
  }

  // ---- plain memory of a scenario, which represents what a pair of accesses guards

  /** Fails if another access races with this plain write. */
  public static void writes(Object what) {
    active.plain(4 * active.place(what), 4, true);
  }

  /** Fails if a write races with this plain read. */
  public static void reads(Object what) {
    active.plain(4 * active.place(what), 4, false);
  }

  // ---- plain memory: the accesses are the real ones, and must not race

  private static final long PLAIN = 1L << 40;

  private void plain(long from, long bytes, boolean write) {
    Task self = pass();
    for (long at = PLAIN + from / 4; at < PLAIN + (from + bytes + 3) / 4; at++) {
      List<Message> all = messages(at);
      if (self.view.getOrDefault(at, 0) < all.size() - 1) {
        throw new AssertionError("data race: plain access at " + (at - PLAIN) * 4);
      }
      if (!write) {
        reads
            .computeIfAbsent(at, _ -> new HashMap<>())
            .put(self.number, self.view.get(-1L - self.number));
        continue;
      }
      reads
          .getOrDefault(at, Map.of())
          .forEach((reader, clock) -> {
            if (reader != self.number && self.view.getOrDefault(-1L - reader, 0) < clock) {
              throw new AssertionError("data race: overwritten while it may be read");
            }
          });
      store(self, at, 0, false, false);
    }
  }

  public static int getInt(ByteBuffer ring, int at) {
    active.plain(at, 4, false);
    return ring.getInt(at);
  }

  public static long getLong(ByteBuffer ring, int at) {
    active.plain(at, 8, false);
    return ring.getLong(at);
  }

  public static ByteBuffer putInt(ByteBuffer ring, int at, int value) {
    active.plain(at, 4, true);
    return ring.putInt(at, value);
  }

  public static ByteBuffer putLong(ByteBuffer ring, int at, long value) {
    active.plain(at, 8, true);
    return ring.putLong(at, value);
  }

  public static ByteBuffer get(ByteBuffer ring, int at, byte[] to, int toAt, int count) {
    active.plain(at, count, false);
    return ring.get(at, to, toAt, count);
  }

  public static ByteBuffer put(ByteBuffer ring, int at, byte[] from, int fromAt, int count) {
    active.plain(at, count, true);
    return ring.put(at, from, fromAt, count);
  }

  public static long get(MemorySegment ring, ValueLayout.OfLong layout, long at) {
    active.plain(at, 8, false);
    return ring.get(layout, at);
  }

  public static void set(MemorySegment ring, ValueLayout.OfLong layout, long at, long value) {
    active.plain(at, 8, true);
    ring.set(layout, at, value);
  }

  /** Copies some steps later, for a twin. */
  public static void copyLater(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, long count) {
    if (count == 0) {
      step();
      return;
    }
    late(() -> copy(from, fromAt, to, toAt, count));
    CURRENT.get().lateFor = 6; // beyond the store that follows, and no receive ends sooner
  }

  /** Copies between a ring and an array of bytes, in either direction. */
  public static void copy(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, long count) {
    boolean writes = from.heapBase().orElse(null) instanceof byte[];
    active.plain(writes ? toAt : fromAt, count, writes);
    MemorySegment.copy(from, fromAt, to, toAt, count);
  }
}
