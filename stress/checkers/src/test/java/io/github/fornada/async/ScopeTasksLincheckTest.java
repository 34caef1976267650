package io.github.fornada.async;

import io.github.fornada.checkers.Lincheck;
import org.junit.jupiter.api.Test;

/** The owner of a scope is woken by the last end, and a cancel reaches every task. */
class ScopeTasksLincheckTest {
  @Test
  void theOwnerWakesWhenTheLastTaskHasEnded() {
    Lincheck.ends(() -> {
      var tasks = new ScopeTasks(Thread.currentThread(), false) {};
      for (int i = 0; i < 2; i++) {
        tasks.start(task(), new Ender(tasks::arrive), null);
      }
      tasks.awaitEnd();
    });
  }

  @Test
  void aCounterThatIsReadAndThenSetIsCaught() {
    Lincheck.hangs(() -> {
      var tasks = new LookingScopeTasks();
      for (int i = 0; i < 2; i++) {
        new Ender(tasks::arrive).start();
      }
      tasks.awaitEnd(2);
    });
  }

  @Test
  void aTaskForkedAsTheScopeIsCancelledIsStoppedOrNeverStarts() {
    Lincheck.ends(() -> {
      var tasks = new ScopeTasks(Thread.currentThread(), false) {};
      Thread canceller = new Ender(() -> tasks.cancel("unwanted"));
      canceller.start();
      Child<?> child = task();
      tasks.start(child, new Waiter(child, tasks::arrive), null);
      tasks.awaitEnd();
      join(canceller);
    });
  }

  @Test
  void aForkThatLooksBeforeItPublishesIsCaught() {
    Lincheck.hangs(() -> {
      var tasks = new HastyScopeTasks();
      Thread canceller = new Ender(tasks::cancel);
      canceller.start();
      Child<?> child = task();
      Thread waiter = new Waiter(child, () -> {});
      if (tasks.start(child, waiter)) {
        join(waiter);
      }
      join(canceller);
    });
  }

  private static Child<?> task() {
    return new Child<>(null, "", () -> null);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Runs one action. A class of its own, because Lincheck does not see threads created from a
   * lambda.
   */
  private static final class Ender extends Thread {
    private final Runnable act;

    Ender(Runnable act) {
      this.act = act;
    }

    @Override
    public void run() {
      act.run();
    }
  }

  /** Runs until its task is stopped. */
  private static final class Waiter extends Thread {
    private final Child<?> child;
    private final Runnable end;

    Waiter(Child<?> child, Runnable end) {
      this.child = child;
      this.end = end;
    }

    @Override
    public void run() {
      while (!child.isStopped()) {
        Thread.onSpinWait();
      }
      end.run();
    }
  }
}
