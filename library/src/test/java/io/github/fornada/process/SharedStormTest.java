package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.WorkerLostException;
import io.github.fornada.shared.Linearizability;
import io.github.fornada.shared.Linearizability.Op;
import io.github.fornada.shared.SharedArray;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSemaphore;
import io.github.fornada.shared.SharedSpace;
import io.github.fornada.shared.SharedValue;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Processes use shared objects of all classes at random, and some are killed or stopped at random.
 * Each notes in shared memory what it calls, when, and with what result, so that what it did until
 * its death is known. Then, for each object, what all of them saw must be possible.
 */
@EnabledOnOs(OS.LINUX) // its clock is one for all processes
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedStormTest {
  private static final int ACTORS = 3;
  private static final int CAPACITY = 4;
  private static final int PERMITS = 2;

  /** How long an actor waits for elements and permits at most. */
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private static final Duration DEADLINE = Duration.ofMinutes(2);

  /** The objects, each with a history of its own. */
  enum Kind {
    COUNTER,
    VALUE,
    FLAG,
    LOCK,
    SEMAPHORE,
    QUEUE,
    LEASES
  }

  /** What can be done with them. */
  enum Call {
    GET(Kind.COUNTER),
    ADD(Kind.COUNTER),
    COMPARE_AND_SET(Kind.COUNTER),
    GET_VALUE(Kind.VALUE),
    UPDATE(Kind.VALUE),
    SET(Kind.FLAG),
    CLEAR(Kind.FLAG),
    IS_SET(Kind.FLAG),
    ACQUIRE(Kind.LOCK),
    TRY_ACQUIRE(Kind.LOCK),
    RELEASE(Kind.LOCK),
    TRY_PERMIT(Kind.SEMAPHORE),
    RELEASE_PERMIT(Kind.SEMAPHORE),
    SEND(Kind.QUEUE),
    RECEIVE(Kind.QUEUE),
    SEND_LEASED(Kind.LEASES),
    LEASE(Kind.LEASES),
    END_LEASE(Kind.LEASES);

    static final List<Call> ALL = List.of(values());

    final Kind kind;

    Call(Kind kind) {
      this.kind = kind;
    }
  }

  /** No result, and the result of a try that failed. */
  private static final long NOTHING = -1;

  record Objects(
      SharedCounter counter,
      SharedValue<Long> value,
      SharedFlag flag,
      SharedLock lock,
      SharedSemaphore semaphore,
      SharedQueue<Long> queue,
      SharedQueue<Long> leased)
      implements Serializable {
    static Objects of(SharedSpace shared) {
      return new Objects(
          shared.counter(0),
          shared.value(0L),
          shared.flag(),
          shared.lock(),
          shared.semaphore(PERMITS),
          shared.queue(CAPACITY),
          shared.queue(CAPACITY));
    }

    void free() {
      counter.free();
      value.free();
      flag.free();
      lock.free();
      semaphore.free();
      queue.free();
      leased.free();
    }
  }

  /** The notes of an actor: its process, how far it is, and four words for each call. */
  record Notes(SharedArray words) implements Serializable {
    private static final int HEADER = 2;
    private static final int EACH = 4;
    private static final long WAITS = 128;

    static Notes of(SharedSpace shared, int calls) {
      return new Notes(shared.longs(HEADER + (long) EACH * calls));
    }

    void setPid(long pid) {
      long _ = words.addLong(0, pid);
    }

    long pid() {
      return words.addLong(0, 0);
    }

    long begun() {
      return words.addLong(1, 0);
    }

    void begin(int i, Call call, boolean waits, long argument) {
      long at = HEADER + (long) EACH * i;
      words.setLong(at, Call.ALL.indexOf(call) | (waits ? WAITS : 0) | argument << 8);
      words.setLong(at + 1, System.nanoTime());
      long _ = words.addLong(1, 1);
    }

    void end(int i, long result) {
      long at = HEADER + (long) EACH * i;
      words.setLong(at + 2, result);
      long _ = words.addLong(at + 3, System.nanoTime());
    }

    record Note(Call call, boolean waits, long argument, long called, long result, long ended) {}

    List<Note> all() {
      var all = new ArrayList<Note>();
      for (int i = 0; i < begun(); i++) {
        long at = HEADER + (long) EACH * i;
        long what = words.getLong(at);
        long ended = words.addLong(at + 3, 0);
        all.add(
            new Note(
                Call.ALL.get((int) (what & WAITS - 1)),
                (what & WAITS) != 0,
                what >> 8,
                words.getLong(at + 1),
                words.getLong(at + 2),
                ended));
      }
      return all;
    }
  }

  // ---- what runs in the workers

  /** Something with the objects, until it has made so many calls. */
  static final class Actor {
    private final Objects objects;
    private final Notes notes;
    private final Random random;
    private final long name;
    private final int calls;
    private final boolean loses;
    private int made;
    private long seen;
    private SharedLock.@Nullable Hold hold;
    private SharedSemaphore.@Nullable Permit permit;
    private SharedQueue.@Nullable Delivery<Long> delivery;

    /**
     * Makes an actor.
     *
     * @param name different for each
     * @param loses whether it adds in two steps, as a twin that must be caught
     */
    Actor(Objects objects, Notes notes, long name, int calls, boolean loses) {
      this.objects = objects;
      this.notes = notes;
      this.random = new Random(name);
      this.name = name;
      this.calls = calls;
      this.loses = loses;
    }

    int act() throws InterruptedException {
      notes.setPid(Pools.pid());
      while (made < calls - 3) {
        act(Call.ALL.get(random.nextInt(Call.ALL.size())));
      }
      act(Call.RELEASE);
      act(Call.RELEASE_PERMIT);
      act(Call.END_LEASE);
      return made;
    }

    private boolean isPossible(Call call) {
      return switch (call) {
        case ACQUIRE, TRY_ACQUIRE -> hold == null;
        case RELEASE -> hold != null;
        case TRY_PERMIT -> permit == null;
        case RELEASE_PERMIT -> permit != null;
        case LEASE -> delivery == null;
        case END_LEASE -> delivery != null;
        default -> true;
      };
    }

    private void act(Call call) throws InterruptedException {
      if (isPossible(call)) {
        long argument =
            switch (call) {
              case SEND, SEND_LEASED -> name << 32 | made;
              case ADD -> random.nextInt(1, 9);
              case COMPARE_AND_SET -> seen;
              default -> 0;
            };
        int i = made++;
        boolean waits = random.nextInt(8) == 0;
        notes.begin(i, call, waits, argument);
        notes.end(i, result(call, waits, argument));
      }
    }

    private long result(Call call, boolean waits, long argument) throws InterruptedException {
      return switch (call) {
        case GET -> {
          seen = objects.counter.get();
          yield seen;
        }
        case ADD -> {
          if (loses) {
            long before = objects.counter.get();
            LockSupport.parkNanos(1); // lets another process in, on a busy machine too
            objects.counter.set(before + argument);
            yield NOTHING;
          }
          yield objects.counter.add(argument);
        }
        case COMPARE_AND_SET -> objects.counter.compareAndSet(seen, seen + 1) ? 1 : 0;
        case GET_VALUE -> objects.value.get();
        case UPDATE -> objects.value.update(v -> v + 1);
        case SET -> {
          objects.flag.set();
          yield NOTHING;
        }
        case CLEAR -> {
          objects.flag.clear();
          yield NOTHING;
        }
        case IS_SET -> objects.flag.isSet() ? 1 : 0;
        case ACQUIRE -> {
          hold = objects.lock.acquire();
          yield diedWith(hold);
        }
        case TRY_ACQUIRE -> {
          hold = waits ? objects.lock.tryAcquire(A_MOMENT) : objects.lock.tryAcquire();
          yield hold == null ? NOTHING : diedWith(hold);
        }
        case RELEASE -> {
          var held = java.util.Objects.requireNonNull(hold);
          hold = null;
          held.close();
          yield NOTHING;
        }
        case TRY_PERMIT -> {
          permit = waits ? objects.semaphore.tryAcquire(A_MOMENT) : objects.semaphore.tryAcquire();
          yield permit == null ? 0 : 1;
        }
        case RELEASE_PERMIT -> {
          var held = java.util.Objects.requireNonNull(permit);
          permit = null;
          held.close();
          yield NOTHING;
        }
        case SEND -> send(objects.queue, argument, waits);
        case RECEIVE -> {
          Long element = waits ? objects.queue.tryReceive(A_MOMENT) : objects.queue.tryReceive();
          yield element == null ? NOTHING : element;
        }
        case SEND_LEASED -> send(objects.leased, argument, waits);
        case LEASE -> {
          delivery = waits ? objects.leased.tryLease(A_MOMENT) : objects.leased.tryLease();
          yield delivery == null ? NOTHING : delivery.element() << 8 | delivery.deaths();
        }
        case END_LEASE -> {
          var held = java.util.Objects.requireNonNull(delivery);
          delivery = null;
          held.close();
          yield NOTHING;
        }
      };
    }

    private static long send(SharedQueue<Long> queue, long element, boolean waits)
        throws InterruptedException {
      return (waits ? queue.trySend(element, A_MOMENT) : queue.trySend(element)) ? 1 : 0;
    }

    private static long diedWith(SharedLock.Hold hold) {
      return hold.died() == null ? 0 : hold.died().pid();
    }
  }

  // ---- what they may have seen: the objects in one process, in one step each

  /**
   * The lock.
   *
   * @param owner the process that has it; 0 for none
   * @param isSure whether the owner has got it for certain: it may have been handed over to a
   *     process that died before it noticed
   * @param died the one that died with it, or 0
   */
  record Lock(long owner, boolean isSure, long died) {
    static final Lock FREE = new Lock(0, true, 0);
  }

  /** An element on lease, or come back: who has it, and how many have died with it. */
  record Held(long number, long element, long owner, int deaths) {}

  /**
   * A queue of which elements are leased.
   *
   * @param taken the number of elements taken so far
   * @param back what has come back, in the order of sending
   * @param away what is on lease
   */
  record Leases(List<Long> queue, long taken, List<Held> back, List<Held> away) {}

  private static <T> List<T> with(List<T> list, T element) {
    var longer = new ArrayList<T>(list);
    longer.add(element);
    return List.copyOf(longer);
  }

  private static <T> List<T> without(List<T> list, T element) {
    var shorter = new ArrayList<T>(list);
    boolean had = shorter.remove(element);
    assertThat(had).isTrue();
    return List.copyOf(shorter);
  }

  /** The state of each object at the beginning. */
  private static Object start(Kind kind) {
    return switch (kind) {
      case COUNTER, VALUE, FLAG -> 0L;
      case LOCK -> Lock.FREE;
      case SEMAPHORE, QUEUE -> List.of();
      case LEASES -> new Leases(List.of(), 0, List.of(), List.of());
    };
  }

  /** What a call that was noted does to an object. */
  private static @Nullable Object effect(
      Notes.Note note, long pid, @Nullable Long result, Object state) {
    long failure =
        switch (note.call) {
          case TRY_ACQUIRE, RECEIVE, LEASE -> NOTHING;
          case TRY_PERMIT, SEND, SEND_LEASED -> 0;
          default -> Long.MIN_VALUE;
        };
    // After its limit a try has failed, whatever the object's state: on a busy machine it may have
    // waited for a thread that had no processor.
    return note.waits && result != null && result == failure
        ? state
        : effect(note.call, pid, note.argument, result, state);
  }

  /**
   * What a call does to an object.
   *
   * @param result what it returned; null if it has not
   */
  @SuppressWarnings("unchecked") // each object has states of one class
  private static @Nullable Object effect(
      Call call, long pid, long argument, @Nullable Long result, Object state) {
    return switch (call) {
      case GET, GET_VALUE, IS_SET -> result == null || state.equals(result) ? state : null;
      case ADD -> {
        long sum = (long) state + argument;
        yield result == null || result == sum || result == NOTHING ? (Long) sum : null;
      }
      case COMPARE_AND_SET -> {
        boolean is = (long) state == argument;
        boolean fits = result == null || is == (result == 1);
        yield !fits ? null : is ? (Long) (argument + 1) : state;
      }
      case UPDATE ->
          result == null || result == (long) state + 1 ? (Long) ((long) state + 1) : null;
      case SET -> 1L;
      case CLEAR -> 0L;
      case ACQUIRE, TRY_ACQUIRE -> {
        var lock = (Lock) state;
        if (lock.owner != 0) {
          yield call == Call.TRY_ACQUIRE && (result == null || result == NOTHING) ? state : null;
        }
        boolean fits = result == null || result == lock.died || (!lock.isSure && result == 0);
        yield fits ? new Lock(pid, result != null, 0) : null;
      }
      case RELEASE -> ((Lock) state).owner == pid ? Lock.FREE : null;
      case TRY_PERMIT -> {
        var owners = (List<Long>) state;
        boolean isFree = owners.size() < PERMITS;
        boolean fits = result == null || isFree == (result == 1);
        yield !fits ? null : isFree ? with(owners, pid).stream().sorted().toList() : state;
      }
      case RELEASE_PERMIT ->
          ((List<Long>) state).contains(pid) ? without((List<Long>) state, pid) : null;
      case SEND -> sent((List<Long>) state, argument, result);
      case RECEIVE -> {
        var queue = (List<Long>) state;
        if (queue.isEmpty()) {
          yield result == null || result == NOTHING ? state : null;
        }
        yield result == null || queue.getFirst().equals(result)
            ? List.copyOf(queue.subList(1, queue.size()))
            : null;
      }
      case SEND_LEASED -> {
        var leases = (Leases) state;
        List<Long> queue = sent(leases.queue, argument, result);
        yield queue == null ? null : new Leases(queue, leases.taken, leases.back, leases.away);
      }
      case LEASE -> leased((Leases) state, pid, result);
      case END_LEASE -> {
        var leases = (Leases) state;
        Held own = owned(leases, pid);
        yield own == null
            ? null
            : new Leases(leases.queue, leases.taken, leases.back, without(leases.away, own));
      }
    };
  }

  private static @Nullable List<Long> sent(List<Long> queue, long element, @Nullable Long result) {
    boolean hasRoom = queue.size() < CAPACITY;
    if (result != null && hasRoom != (result == 1)) {
      return null;
    }
    return hasRoom ? with(queue, element) : queue;
  }

  private static @Nullable Leases leased(Leases leases, long pid, @Nullable Long result) {
    if (!leases.back.isEmpty()) {
      Held first = leases.back.getFirst();
      Leases next =
          new Leases(
              leases.queue,
              leases.taken,
              without(leases.back, first),
              with(leases.away, new Held(first.number, first.element, pid, first.deaths)));
      return result == null || result == (first.element << 8 | first.deaths) ? next : null;
    }
    if (leases.queue.isEmpty()) {
      return result == null || result == NOTHING ? leases : null;
    }
    long first = leases.queue.getFirst();
    Leases next =
        new Leases(
            List.copyOf(leases.queue.subList(1, leases.queue.size())),
            leases.taken + 1,
            leases.back,
            with(leases.away, new Held(leases.taken, first, pid, 0)));
    return result == null || result == first << 8 ? next : null;
  }

  private static @Nullable Held owned(Leases leases, long pid) {
    return leases.away.stream().filter(held -> held.owner == pid).findAny().orElse(null);
  }

  /** What the end of a process does to an object. */
  @SuppressWarnings("unchecked") // each object has states of one class
  private static Object afterDeath(Kind kind, long pid, Object state) {
    return switch (kind) {
      case LOCK -> ((Lock) state).owner == pid ? new Lock(0, ((Lock) state).isSure, pid) : state;
      case SEMAPHORE ->
          ((List<Long>) state).contains(pid) ? without((List<Long>) state, pid) : state;
      case LEASES -> {
        var leases = (Leases) state;
        Held own = owned(leases, pid);
        if (own == null) {
          yield state;
        }
        var back = new ArrayList<Held>(leases.back);
        back.add(new Held(own.number, own.element, 0, own.deaths + 1));
        back.sort(Comparator.comparingLong(Held::number));
        yield new Leases(leases.queue, leases.taken, List.copyOf(back), without(leases.away, own));
      }
      default -> state;
    };
  }

  // ---- the storm

  private record Run(CompletableFuture<Integer> task, Notes notes, int calls) {}

  /** A process that was killed: when at the earliest, and when its death was reported. */
  private record Death(long pid, long from, long to) {}

  private final Random random = new Random(4711);
  private long names;
  private long callsMade;
  private int deaths;
  private int stops;

  private Run start(Pool pool, SharedSpace shared, Objects objects, int calls, boolean loses) {
    Notes notes = Notes.of(shared, calls);
    long name = ++names;
    CompletableFuture<Integer> task =
        pool.submit(notes, n -> new Actor(objects, n, name, calls, loses).act());
    return new Run(task, notes, calls);
  }

  /** Lets actors use new objects; returns what is impossible of what they saw. */
  private List<String> round(Pool pool, int calls, int kills, Duration stop, boolean loses)
      throws Exception {
    SharedSpace shared = SharedSpace.of(pool);
    Objects objects = Objects.of(shared);
    var runs = new ArrayList<Run>();
    var killed = new HashMap<Long, Long>(); // when, by pid
    var died = new ArrayList<Death>();
    for (int i = 0; i < ACTORS; i++) {
      runs.add(start(pool, shared, objects, calls, loses));
    }
    for (int i = 0; i < kills; i++) {
      Run victim = runs.get(runs.size() - 1 - random.nextInt(ACTORS));
      if (awaitCalls(victim, random.nextInt(calls))) {
        long from = System.nanoTime();
        signal("KILL", victim.notes.pid());
        killed.put(victim.notes.pid(), from);
        if (isLost(victim)) {
          died.add(new Death(victim.notes.pid(), from, System.nanoTime()));
          runs.add(start(pool, shared, objects, calls, loses));
        }
      }
    }
    if (stop.isPositive()) {
      Run stopped = runs.get(runs.size() - 1 - random.nextInt(ACTORS));
      if (awaitCalls(stopped, random.nextInt(calls / 4))) {
        signal("STOP", stopped.notes.pid());
        if (!stopped.task.isDone()) {
          stops++;
          assertThat(shared.flag().await(stop)).isFalse();
        }
        signal("CONT", stopped.notes.pid());
      }
    }
    for (Run run : runs) {
      // The victim may have ended just before the kill, and this one begun on the same worker.
      boolean lost = isLost(run);
      long pid = run.notes.pid();
      if (lost && pid != 0 && died.stream().noneMatch(death -> death.pid == pid)) {
        died.add(new Death(pid, killed.get(pid), System.nanoTime()));
      }
    }
    deaths += died.size();
    var faults = new ArrayList<String>();
    Map<Kind, List<Op<Object>>> histories = histories(runs, died);
    for (Kind kind : Kind.values()) {
      String fault = Linearizability.fault(start(kind), histories.get(kind));
      if (fault != null) {
        faults.add(kind + ": " + fault);
      }
    }
    runs.forEach(run -> run.notes.words.free());
    objects.free();
    return faults;
  }

  /** Waits until an actor has made so many calls; returns false if it has ended before. */
  private static boolean awaitCalls(Run run, long calls) {
    Waiting.until(
        "an actor has made " + calls + " calls",
        DEADLINE,
        () -> run.task.isDone() || (run.notes.pid() != 0 && run.notes.begun() >= calls));
    return !run.task.isDone();
  }

  private static boolean isLost(Run run) throws Exception {
    try {
      int made = run.task.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      assertThat(made).isLessThanOrEqualTo(run.calls);
      return false;
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(WorkerLostException.class);
      return true;
    }
  }

  private static void signal(String name, long pid) throws Exception {
    if (name.equals("KILL")) {
      boolean _ = ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
      return;
    }
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  private Map<Kind, List<Op<Object>>> histories(List<Run> runs, List<Death> died) {
    var histories = new EnumMap<Kind, List<Op<Object>>>(Kind.class);
    for (Kind kind : Kind.values()) {
      histories.put(kind, new ArrayList<>());
    }
    for (Run run : runs) {
      long pid = run.notes.pid();
      Death death =
          run.task.isCompletedExceptionally() && pid != 0 // else it had not begun
              ? died.stream().filter(d -> d.pid == pid).findAny().orElseThrow()
              : null;
      Op<Object> lost = null;
      Kind lostOf = null;
      for (Notes.Note note : run.notes.all()) {
        callsMade++;
        boolean isOver = note.ended != 0;
        Long result = isOver ? note.result : null;
        assertThat(isOver || death != null).as("only the dead leave a call open").isTrue();
        Op<Object> op =
            new Op<>(
                note.call + "(" + note.argument + ") by " + pid + " -> " + result,
                note.called,
                isOver ? note.ended : death.to,
                isOver,
                state -> effect(note, pid, result, state),
                null);
        histories.get(note.call.kind).add(op);
        if (!isOver) {
          lost = op;
          lostOf = note.call.kind;
        }
      }
      if (death != null) {
        for (Kind kind : Kind.values()) {
          histories
              .get(kind)
              .add(
                  new Op<>(
                      "the death of " + pid,
                      death.from,
                      death.to,
                      true,
                      state -> afterDeath(kind, pid, state),
                      kind == lostOf ? lost : null));
        }
      }
    }
    return histories;
  }

  @Test
  @InPart
  void whatIsSeenWhileProcessesAreKilledIsPossible() throws Exception {
    int calls = Extent.count(6000, 2500);
    long all = Extent.count(1_000_000, 40_000);
    try (Pool pool = Pools.open(ACTORS, o -> o.withRetries(0))) {
      while (callsMade < all) {
        assertThat(round(pool, calls, 2, Duration.ZERO, false)).isEmpty();
      }
      assertThat(deaths).as("killed while they worked").isPositive();
    }
  }

  @Test
  @InPart
  void aStopChangesNothingButTime() throws Exception {
    try (Pool pool = Pools.open(ACTORS, o -> o.withRetries(0))) {
      Duration stop = Duration.ofSeconds(Extent.count(30, 3));
      for (int i = 0; i < 20 && stops == 0; i++) {
        assertThat(round(pool, 20_000, 0, stop, false)).isEmpty();
      }
      assertThat(stops).as("stopped while it worked").isPositive();
      assertThat(deaths).isZero();
    }
  }

  /** The twin: if an operation were not one step, the storm would show it. */
  @Test
  void anUpdateThatIsTwoStepsIsCaught() throws Exception {
    try (Pool pool = Pools.open(ACTORS, o -> o.withRetries(0))) {
      List<String> faults = List.of();
      for (int i = 0; i < 20 && faults.isEmpty(); i++) {
        faults = round(pool, 4000, 0, Duration.ZERO, true);
      }
      assertThat(faults).hasSize(1);
      assertThat(faults.getFirst()).startsWith("COUNTER: impossible");
    }
  }
}
