package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A thread opens a scope and ends without closing it, while the check that another had asked for
 * takes place: some check finds the scope.
 */
public final class OwnersScenario implements Explorer.Scenario {
  private final TaskScope before = new TaskScope(ended());
  private final TaskScope scope = new TaskScope(ended());
  private int open = 2;

  public OwnersScenario() {
    ScopeTimer.due.clear();
    push(before);
  }

  private static Thread ended() {
    return Thread.ofPlatform().unstarted(() -> {}); // as little alive as one that has ended
  }

  private static void push(TaskScope scope) {
    Owners.push(Explorer.<io.github.fornada.async.TaskScope<?, ?>>standIn(scope));
  }

  @Override
  public List<Runnable> threads() {
    return List.of(() -> push(scope), this::look);
  }

  /** The thread of the timer. */
  private void look() {
    while (!before.lost || !scope.lost) {
      Explorer.await(() -> !ScopeTimer.due.isEmpty());
      ScopeTimer.due.remove().run();
    }
    open = 0;
  }

  @Override
  public void check() {
    // The flag stays from one run to the next, as it does where scopes come and go.
    while (!ScopeTimer.due.isEmpty()) {
      ScopeTimer.due.remove().run();
    }
    if (open != 0 || !Owners.roots().isEmpty()) {
      throw new AssertionError("scopes are left");
    }
  }

  // ---- in the places of ours of the same names

  /** Is open until it is found. */
  public static final class TaskScope {
    final @Nullable Child<?> home = null;
    final Thread owner;
    final @Nullable TaskScope outer = null;
    private volatile boolean lost;

    private TaskScope(Thread owner) {
      this.owner = owner;
    }

    void cancel(String reason) {
      lost = true;
    }

    String name() {
      return "scope";
    }
  }

  /** Keeps what is due for the scenario's timer. */
  public static final class ScopeTimer {
    private static final ArrayDeque<Runnable> due = new ArrayDeque<>();

    static void inASecond(Runnable action) {
      due.add(action);
    }
  }

  /** Tells nobody. */
  public static final class Log {
    public static Log get() {
      return new Log();
    }

    public void log(System.Logger.Level level, String text) {}

    public void log(System.Logger.Level level, String text, Throwable thrown) {}
  }
}
