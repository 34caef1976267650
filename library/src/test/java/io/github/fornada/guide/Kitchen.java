package io.github.fornada.guide;

import io.github.fornada.async.TaskScope;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** Work of a user's, outside the library's packages, for tests that look at where it is. */
public final class Kitchen {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private Kitchen() {}

  /** Waits until it is interrupted. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // it never returns
  public static <T> T waitForEver() throws InterruptedException {
    NEVER.await();
    throw new AssertionError("nobody opens it");
  }

  /** Sleeps until it is interrupted. */
  public static Object bake() throws InterruptedException {
    Thread.sleep(Duration.ofDays(1));
    return "cake";
  }

  /** Has two things fetched. */
  public static Object shop(CountDownLatch started) throws InterruptedException {
    try (var scope = TaskScope.open(o -> o.withName("shopping"))) {
      for (int i = 1; i <= 2; i++) {
        scope.fork("item " + i, () -> fetch(started));
      }
      return scope.join();
    }
  }

  /** Says that it has begun, and waits until it is interrupted. */
  public static Object fetch(CountDownLatch started) throws InterruptedException {
    started.countDown();
    return waitForEver();
  }

  /** Keeps its carrier. */
  public static void stir(AtomicBoolean enough) {
    while (!enough.get()) {
      Thread.onSpinWait();
    }
  }
}
