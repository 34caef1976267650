package io.github.fornada.process;

import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The user's code that writes an item never ends by itself; a cancel comes at any moment. */
public class UserCodeGuardScenario implements Explorer.Scenario {
  private final Engine engine;
  private final Batch batch = new Batch();
  private final UserCodeGuard guard;
  private final int items;
  private volatile boolean over;
  private @Nullable String wrong;

  public UserCodeGuardScenario() {
    this(TaskPolicy.DEFAULT, 1);
  }

  private UserCodeGuardScenario(TaskPolicy policy, int items) {
    this.engine = new Engine(policy.withGrace(Duration.ofDays(1)));
    this.items = items;
    this.guard = new UserCodeGuard(engine, new Dispatcher());
  }

  /** The second of two items is over its time. */
  public static final class Timed extends UserCodeGuardScenario {
    public Timed() {
      super(TaskPolicy.DEFAULT.withTimeout(Duration.ofNanos(5)), 2);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(super::feed, super::watch);
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::feed, this::cancel);
  }

  private void feed() {
    guard.begins(Explorer.<io.github.fornada.spi.Batch<?, ?>>standIn(batch));
    for (int i = 0; i < items; i++) {
      boolean endless = i == items - 1;
      guard.next(i);
      try {
        guard.write(endless ? this : null, null, null);
        if (endless) {
          wrong = "item " + i + " was written";
        }
      } catch (IOException e) {
        if (!(e instanceof UserCodeGuard.Stopped)) {
          wrong = "item " + i + ": " + e;
        } // else in time, or the timer was quicker
      }
      if (Thread.currentThread().isInterrupted()) {
        wrong = "the interrupt of item " + i + " was left to the next";
      }
    }
    guard.ends();
    over = true;
  }

  private void cancel() {
    batch.stop();
    var _ = guard.cancel(Explorer.<io.github.fornada.spi.Batch<?, ?>>standIn(batch), 0);
  }

  /** The thread of the timer. */
  private void watch() {
    while (true) {
      Explorer.await(() -> over || !engine.due.isEmpty());
      Engine.Due next = engine.due.poll();
      if (next == null) {
        return;
      }
      Explorer.parkNanos(this, next.pause());
      next.action().run();
    }
  }

  @Override
  public void check() {
    if (wrong != null) {
      throw new AssertionError(wrong);
    }
  }

  // ---- in the places of ours of the same names

  /** Knows the time. */
  public static final class Engine implements UserCodeGuard.Home {
    private record Due(long pause, Runnable action) {}

    private static final Duration LONG = Duration.ofHours(1);
    private final TaskPolicy policy;
    private final ArrayDeque<Due> due = new ArrayDeque<>();

    private Engine(TaskPolicy policy) {
      this.policy = policy;
    }

    @Override
    public TaskPolicy policy() {
      return policy;
    }

    @Override
    public boolean isStopping() {
      return false;
    }

    @Override
    public void schedule(Duration pause, Runnable action) {
      if (pause.compareTo(LONG) < 0) {
        due.add(new Due(pause.toNanos(), action));
      }
    }
  }

  /** Is not asked for another feeder. */
  public static final class Dispatcher implements UserCodeGuard.Successor {
    @Override
    public <R> void replace(
        io.github.fornada.spi.Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack) {
      throw new AssertionError("no time is so long");
    }
  }

  /** May be stopped. */
  public static final class Batch {
    private volatile boolean stopped;

    public boolean isUnwanted() {
      return stopped;
    }

    public void stop() {
      stopped = true;
    }
  }

  /** Writes nothing, or what only an interrupt ends. */
  public static final class Payloads {
    public static void encode(
        Object value,
        io.github.fornada.process.wire.MessageOutput out,
        io.github.fornada.process.payload.CodecSessions codec)
        throws IOException {
      if (value == null) {
        return;
      }
      while (!Thread.interrupted()) {
        Explorer.park(value);
      }
      throw new IOException("interrupted");
    }
  }

  /** Is there at once. */
  public static final class StackSample {
    public static void then(Thread thread, Consumer<io.github.fornada.jvm.StackSample> action) {
      action.accept(Explorer.<io.github.fornada.jvm.StackSample>standIn(new StackSample()));
    }

    public List<StackTraceElement> frames() {
      return List.of();
    }
  }
}
