package io.github.fornada.async;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds tasks that hold a carrier: one of the few platform threads that all virtual threads share.
 * A task holds one while it computes or is in a native call; meanwhile others wait.
 *
 * <p>Each such task is reported once, with its stack, to the log, to a running Flight Recorder (as
 * {@code fornada.CarrierHeld}), and to a consumer if there is one. The remedy is to run long
 * computations, and native calls that block, on a {@code ThreadPool} or a {@code ProcessPool}.
 *
 * <p><b>How it works.</b> A thread samples the tasks of all scopes, about eight times per limit. A
 * task that is on the same carrier in each sample, for as long as the limit, is sampled more often
 * for a moment, and reported if it is still there each time. A task that leaves its carrier now and
 * then is found only if it is off it for less than a few hundredths of its time. Sampling takes at
 * most a twentieth of one processor, however many tasks there are. If a Flight Recorder records
 * when the watch is opened, waits in a pinned state (the JDK's {@code jdk.VirtualThreadPinned}) are
 * reported too, with the stack of the recorder. Such a report comes up to a second after the wait
 * is over, and not at all if the task has ended by then. With more than two thousand tasks only
 * running ones are sampled, and only the recorder reports pinned waits.
 *
 * {@snippet :
 * try (var watch = CarrierWatch.open(Duration.ofMillis(200))) {
 *   serve();
 * }
 * }
 *
 * <p>The idea is that of asyncio's slow-callback warnings and of Vert.x's blocked-thread checker.
 */
public final class CarrierWatch implements AutoCloseable {
  /** Guards {@link Child#isReported}. */
  private static final Object REPORTED = new Object();

  /** Samples per limit. */
  private static final int SAMPLES = 8;

  /** Further samples, a millisecond apart, before a report. */
  private static final int CLOSE_SAMPLES = 10;

  /** Sampling may take one part in {@value} of a processor's time. */
  private static final int SHARE = 20;

  /** With more tasks than this, waiting ones are not checked for being pinned. */
  static final int MANY = 2000; // Guess

  /** A task that held a carrier. */
  public static final class Held {
    private final String scope;
    private final String purpose;
    private final String carrier;
    private final Duration time;
    private final boolean isPinned;
    private final List<StackTraceElement> stack;

    private Held(
        String scope,
        String purpose,
        String carrier,
        Duration time,
        boolean isPinned,
        List<StackTraceElement> stack) {
      this.scope = scope;
      this.purpose = purpose;
      this.carrier = carrier;
      this.time = time;
      this.isPinned = isPinned;
      this.stack = List.copyOf(stack);
    }

    /** Returns the name of the task's scope. */
    public String scope() {
      return scope;
    }

    /** Returns what the task is for, as given to {@code fork}; empty if nothing was given. */
    public String purpose() {
      return purpose;
    }

    /** Returns the name of the carrier thread that it held. */
    public String carrier() {
      return carrier;
    }

    /** Returns how long it had held the carrier by then; it may have gone on. */
    public Duration time() {
      return time;
    }

    /** Returns whether the task was waiting, in a state that cannot release the carrier. */
    public boolean isPinned() {
      return isPinned;
    }

    /** Returns where the task was, innermost frame first. The list cannot be changed. */
    public List<StackTraceElement> stack() {
      return stack;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Held o
          && o.scope.equals(scope)
          && o.purpose.equals(purpose)
          && o.carrier.equals(carrier)
          && o.time.equals(time)
          && o.isPinned == isPinned
          && o.stack.equals(stack);
    }

    @Override
    public int hashCode() {
      return Objects.hash(scope, purpose, carrier, time, isPinned, stack);
    }

    /** Returns a sentence that says what, where, and what to do. */
    @Override
    public String toString() {
      StackLocation location = StackLocation.of(stack.toArray(StackTraceElement[]::new));
      return Child.subject(purpose)
          + " of scope \""
          + scope
          + "\" has held the carrier thread "
          + carrier
          + " for "
          + Tree.age(time.toNanos())
          + (isPinned ? ", pinned, at " : " at ")
          + location
          + ": virtual threads share only a few carriers, so the others wait. Run long computations"
          + " and native code that blocks on a ThreadPool or a ProcessPool.";
    }
  }

  /** A task as of the last samples. */
  private static final class Seen {
    final String carrier;
    final long sinceNanos;
    int samples = 1;
    int round;
    boolean reported;

    Seen(String carrier, long sinceNanos) {
      this.carrier = carrier;
      this.sinceNanos = sinceNanos;
    }
  }

  private final long limitNanos;
  private final @Nullable Consumer<? super Held> consumer;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final @Nullable RecordingStream pinned;
  private final Thread thread;

  // Used by the watching thread only.
  private final Map<Child<?>, Seen> seen = new HashMap<>();
  private int round;
  private int tasks;

  private CarrierWatch(Duration limit, @Nullable Consumer<? super Held> consumer) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("limit must be positive, got " + limit);
    }
    this.limitNanos = Ticker.nanosOf(limit);
    this.consumer = consumer;
    this.pinned = FlightRecorder.isInitialized() ? new RecordingStream() : null;
    this.thread = OwnThreads.daemon("fornada-carrier-watch").unstarted(this::watch);
  }

  /**
   * Opens a watch over the tasks of all scopes of this JVM, which logs those that hold a carrier
   * for {@code limit}.
   *
   * @throws IllegalArgumentException if {@code limit} is not positive
   */
  public static CarrierWatch open(Duration limit) {
    return start(new CarrierWatch(limit, null));
  }

  /**
   * Opens a watch over the tasks of all scopes of this JVM, which logs those that hold a carrier
   * for {@code limit}, and gives them to {@code consumer}.
   *
   * @param limit how long a task may hold a carrier
   * @param consumer called once for each such task, by the watch's own threads; what it throws is
   *     logged. While it runs, no other task is sampled, and {@link #close} waits for it
   * @throws IllegalArgumentException if {@code limit} is not positive
   */
  public static CarrierWatch open(Duration limit, Consumer<? super Held> consumer) {
    return start(new CarrierWatch(limit, Objects.requireNonNull(consumer, "consumer")));
  }

  private static CarrierWatch start(CarrierWatch watch) {
    RecordingStream stream = watch.pinned;
    if (stream != null) {
      stream
          .enable("jdk.VirtualThreadPinned")
          .withThreshold(Duration.ofNanos(watch.limitNanos))
          .withStackTrace();
      stream.onEvent("jdk.VirtualThreadPinned", watch::pinned);
      stream.startAsync();
    }
    watch.thread.start();
    return watch;
  }

  private void watch() {
    long pause = Math.clamp(limitNanos / SAMPLES, 1_000_000, 250_000_000);
    long next = pause;
    try {
      while (!closed.await(next, TimeUnit.NANOSECONDS)) {
        long began = System.nanoTime();
        try {
          sample();
        } catch (RuntimeException | Error e) {
          Log.get().log(System.Logger.Level.ERROR, "sampling the carriers failed", e);
        }
        next = Math.max(pause, (System.nanoTime() - began) * SHARE);
      }
    } catch (InterruptedException e) {
      // Only code outside the library can have sent it: the watch then ends.
    }
  }

  private void sample() {
    round++;
    boolean many = tasks > MANY;
    tasks = 0;
    for (TaskScope<?, ?> innermost : Owners.roots()) {
      for (TaskScope<?, ?> s = innermost; s != null; s = s.outer) {
        sample(s, many);
      }
    }
    seen.values().removeIf(one -> one.round != round);
  }

  private void sample(TaskScope<?, ?> scope, boolean many) {
    for (Child<?> child = scope.newest; child != null; child = child.next) {
      Thread runner = child.thread;
      if (runner == null) {
        continue;
      }
      tasks++;
      for (TaskScope<?, ?> s = child.innermost; s != null; s = s.outer) {
        sample(s, many);
      }
      if (runner.isVirtual() && (!many || runner.getState() == Thread.State.RUNNABLE)) {
        sample(child, runner);
      }
    }
  }

  private void sample(Child<?> child, Thread runner) {
    String carrier = carrier(runner);
    if (carrier == null) {
      return;
    }
    Seen one = seen.get(child);
    if (one == null || (!one.carrier.equals(carrier) && !one.reported)) {
      one = new Seen(carrier, System.nanoTime());
      seen.put(child, one);
    } else {
      one.samples++;
    }
    one.round = round;
    long time = System.nanoTime() - one.sinceNanos;
    if (!one.reported && one.samples > SAMPLES / 2 && time >= limitNanos) {
      if (isStillThere(runner, carrier)) {
        one.reported = true;
        report(child, runner, carrier, System.nanoTime() - one.sinceNanos);
      } else {
        seen.remove(child);
      }
    }
  }

  private static boolean isStillThere(Thread runner, String carrier) {
    for (int i = 0; i < CLOSE_SAMPLES; i++) {
      if (!carrier.equals(carrier(runner))) {
        return false;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return true;
  }

  /**
   * Returns the carrier of a virtual thread, which only its toString shows; null if it is on none.
   */
  private static @Nullable String carrier(Thread runner) {
    String text = runner.toString();
    int at = text.lastIndexOf('@');
    return at < 0 || text.lastIndexOf(']') > at ? null : text.substring(at + 1);
  }

  private void report(Child<?> child, Thread runner, String carrier, long nanos) {
    Thread.State state = runner.getState();
    boolean waits = state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    List<StackTraceElement> stack = List.of(runner.getStackTrace());
    report(child, carrier, Duration.ofNanos(nanos), waits, stack);
  }

  /**
   * Handles the recorder's event about a pinned wait, which comes when the wait is over. Called by
   * the recorder's thread.
   */
  private void pinned(RecordedEvent event) {
    RecordedThread thread = event.getThread("eventThread");
    if (thread == null) {
      return;
    }
    for (TaskScope<?, ?> innermost : Owners.roots()) {
      Child<?> child = find(innermost, thread.getJavaThreadId());
      if (child != null) {
        RecordedStackTrace trace = event.getStackTrace();
        List<StackTraceElement> stack =
            trace == null
                ? List.of()
                : trace.getFrames().stream().map(CarrierWatch::element).toList();
        report(child, carrier(event), event.getDuration(), true, stack);
        return;
      }
    }
  }

  private static String carrier(RecordedEvent event) {
    RecordedThread carrier =
        event.hasField("carrierThread") ? event.getThread("carrierThread") : null;
    String name = carrier == null ? null : carrier.getJavaName();
    return name == null ? "it was on" : name;
  }

  private static StackTraceElement element(RecordedFrame frame) {
    RecordedMethod method = frame.getMethod();
    String type = method.getType().getName();
    String simple = type.substring(type.lastIndexOf('.') + 1);
    int inner = simple.indexOf('$');
    String file = (inner > 0 ? simple.substring(0, inner) : simple) + ".java";
    return new StackTraceElement(type, method.getName(), file, frame.getLineNumber());
  }

  private static @Nullable Child<?> find(@Nullable TaskScope<?, ?> innermost, long thread) {
    for (TaskScope<?, ?> s = innermost; s != null; s = s.outer) {
      for (Child<?> child = s.newest; child != null; child = child.next) {
        Thread runner = child.thread;
        if (runner != null && runner.threadId() == thread) {
          return child;
        }
        Child<?> within = find(child.innermost, thread);
        if (within != null) {
          return within;
        }
      }
    }
    return null;
  }

  private void report(
      Child<?> child,
      String carrier,
      Duration time,
      boolean pinned,
      List<StackTraceElement> stack) {
    synchronized (REPORTED) {
      if (child.isReported) {
        return;
      }
      child.isReported = true;
    }
    String purpose = child.purpose();
    var held = new Held(child.scope.name(), purpose, carrier, time, pinned, stack);
    Log.get().log(System.Logger.Level.WARNING, held.toString());
    String place = StackLocation.of(stack.toArray(StackTraceElement[]::new)).toString();
    ScopeEvents.held(held.scope(), purpose, time.toNanos(), place);
    if (consumer != null) {
      try {
        consumer.accept(held);
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.WARNING, "the consumer of held carriers failed", e);
      }
    }
  }

  /** Ends the watch; returns when its thread has ended. An interrupt does not end this wait. */
  @Override
  public void close() {
    closed.countDown();
    if (pinned != null) {
      pinned.close();
    }
    if (Thread.currentThread() == thread) {
      return; // closed by the consumer
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
