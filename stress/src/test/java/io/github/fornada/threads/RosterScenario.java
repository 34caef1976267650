package io.github.fornada.threads;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A worker is on its way to work that another has already taken, when two tasks come that wait for
 * each other. They meet only if the work left to that worker reaches a second worker too.
 */
public final class RosterScenario implements Explorer.Scenario {
  private static final int TASKS = 2;

  private final Roster roster;

  /** The number of tasks queued. */
  private final AtomicInteger queued = new AtomicInteger();

  /** The number of tasks taken. */
  private final AtomicInteger taken = new AtomicInteger();

  /** The number of tasks that have begun. */
  private final AtomicInteger met = new AtomicInteger();

  private final AtomicInteger done = new AtomicInteger();

  /** How often the roster asked to start each worker. */
  private final AtomicInteger[] starts = {new AtomicInteger(), new AtomicInteger()};

  private final AtomicInteger lookedInVain = new AtomicInteger();
  private final AtomicInteger over = new AtomicInteger();

  /** A roster of threads that end when they have nothing to do. */
  public RosterScenario() {
    this(false);
  }

  private RosterScenario(boolean keepsIdle) {
    roster = new Roster(starts.length, keepsIdle, this::hasWork);
  }

  /** A roster of threads that wait for more work. */
  public static final class Idle implements Explorer.Scenario {
    private final RosterScenario same = new RosterScenario(true);

    @Override
    public List<Runnable> threads() {
      return same.threads();
    }

    @Override
    public void check() {
      same.check();
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::submit, () -> live(0), () -> live(1));
  }

  private void submit() {
    call(); // another worker has just taken the work that this was called for
    Explorer.await(() -> lookedInVain.get() > 0);
    queued.set(TASKS);
    call();
    Explorer.await(() -> done.get() == TASKS);
    var _ = roster.end();
    over.set(1);
  }

  private void call() {
    Roster.Member member = roster.call();
    if (member != null) {
      var _ = starts[member.number].incrementAndGet();
    }
  }

  private boolean hasWork() {
    return taken.get() < queued.get();
  }

  /** The body of a thread, which acts as a worker whenever the roster asks for one. */
  private void live(int number) {
    for (int started = 0; ; started++) {
      int before = started;
      Explorer.await(() -> starts[number].get() > before || over.get() > 0);
      if (starts[number].get() == started) {
        return;
      }
      work(new Roster.Member(number));
    }
  }

  private void work(Roster.Member member) {
    boolean stays = true;
    while (stays) {
      int task = poll();
      if (task < 0) {
        stays = roster.awaitCall(member);
        continue;
      }
      if (roster.found(member) && hasWork()) {
        call();
      }
      met.incrementAndGet();
      Explorer.await(() -> met.get() == TASKS);
      done.incrementAndGet();
    }
    int left = roster.remove(member);
    assert left >= 0;
    if (hasWork()) {
      call();
    }
  }

  private int poll() {
    int next = taken.get();
    while (next < queued.get()) {
      if (taken.compareAndSet(next, next + 1)) {
        return next;
      }
      next = taken.get();
    }
    var _ = lookedInVain.incrementAndGet();
    return -1;
  }

  @Override
  public void check() {
    if (done.get() != TASKS || !roster.isOver()) {
      throw new AssertionError(done + " done, over: " + roster.isOver());
    }
  }
}
