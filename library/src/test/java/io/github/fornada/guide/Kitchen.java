package io.github.fornada.guide;

import io.github.fornada.async.TaskScope;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;

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

  /** Reads a byte. */
  public static int taste(InputStream in) throws IOException {
    return in.read();
  }

  /** Reads a byte. */
  public static int taste(FileChannel in) throws IOException {
    return in.read(ByteBuffer.allocate(1));
  }

  /** Opens a file; for a named pipe that waits until a writer opens it. */
  public static InputStream uncork(Path file) throws IOException {
    return new FileInputStream(file.toFile());
  }

  /** Takes a lock, and gives it back. */
  public static void share(Lock stove) {
    stove.lock();
    try {
      assert stove != null;
    } finally {
      stove.unlock();
    }
  }

  /** Enters a monitor, and leaves it. */
  public static void share(Object sink) {
    synchronized (sink) {
      assert Thread.holdsLock(sink);
    }
  }

  /** A class whose initializer, run by the first thread that uses it, takes long. */
  public static final class Oven {
    private static final CountDownLatch HOT = new CountDownLatch(1);

    private Oven() {}

    /** Ends the wait of {@link #open}. */
    public static void heat() {
      HOT.countDown();
    }

    /** Waits in a class initializer, where a virtual thread cannot leave its carrier. */
    public static void open() {
      Heated.touch();
    }

    private static final class Heated {
      static {
        await(HOT);
      }

      static void touch() {}
    }
  }

  /** Another one, for a class is initialized only once. */
  public static final class Fridge {
    private static final CountDownLatch COLD = new CountDownLatch(1);

    private Fridge() {}

    /** Ends the wait of {@link #open}. */
    public static void cool() {
      COLD.countDown();
    }

    /** As {@link Oven#open}. */
    public static void open() {
      Cooled.touch();
    }

    private static final class Cooled {
      static {
        await(COLD);
      }

      static void touch() {}
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
