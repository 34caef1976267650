package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.fornada.Outcome;
import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tasks that block and ignore interrupts: a cancel ends all others, {@code tree()} shows what holds
 * up the scope, and {@code close} waits for it. Reads of regular files are like that too, but they
 * end by themselves; here the files are named pipes.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs is deaf, too
final class UninterruptibleTest {
  private static final Duration SHORT = Duration.ofMillis(20);

  @TempDir private static Path folder;

  private static int pipes;

  /** Tasks that read a file hold a carrier the whole time. */
  @BeforeAll
  static void thereIsACarrierMore() {
    assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
  }

  /** A thread that is not blocked any more waits for more to do, and takes seconds to end. */
  @AfterAll
  static void noCallbackIsBlocked() {
    Waiting.until(
        "no callback is blocked",
        () ->
            Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("fornada-callback"))
                .allMatch(thread ->
                    Arrays.stream(thread.getValue())
                        .anyMatch(frame -> frame.getMethodName().equals("awaitWakeUp"))));
  }

  /**
   * A task that blocks, and what ends that.
   *
   * @param place what its tree has
   */
  private record Blocked(Callable<?> task, Action release, String place) {}

  private interface Action {
    void run() throws Exception;
  }

  private interface Setup {
    Blocked blocked() throws Exception;
  }

  private static Map<String, Setup> blockingPoints() {
    Map<String, Setup> points = new LinkedHashMap<>();
    points.put(
        "FileInputStream.read",
        () -> {
          Path pipe = pipe();
          var writer = new RandomAccessFile(pipe.toFile(), "rw"); // opens without a reader
          return new Blocked(
              () -> {
                try (InputStream in = new FileInputStream(pipe.toFile())) {
                  return Kitchen.taste(in);
                }
              },
              () -> writeAndClose(writer),
              "Kitchen.taste:");
        });
    points.put(
        "opening a pipe",
        () -> {
          Path pipe = pipe();
          return new Blocked(
              () -> {
                try (InputStream in = Kitchen.uncork(pipe)) {
                  return in.available();
                }
              },
              () -> new RandomAccessFile(pipe.toFile(), "rw").close(),
              "Kitchen.uncork:");
        });
    points.put(
        "FileChannel.read",
        () -> {
          Path pipe = pipe();
          var writer = new RandomAccessFile(pipe.toFile(), "rw");
          return new Blocked(
              () -> {
                try (FileChannel in = FileChannel.open(pipe, StandardOpenOption.READ)) {
                  return Kitchen.taste(in);
                }
              },
              () -> writeAndClose(writer),
              "Kitchen.taste:");
        });
    points.put(
        "Lock.lock",
        () -> {
          var lock = new ReentrantLock();
          lock.lock();
          return new Blocked(
              () -> {
                Kitchen.share(lock);
                return null;
              },
              lock::unlock,
              "Kitchen.share:");
        });
    points.put(
        "synchronized",
        () -> {
          var monitor = new Object();
          var holder = new Holder(monitor);
          return new Blocked(
              () -> {
                Kitchen.share(monitor);
                return null;
              },
              holder::letGo,
              "Kitchen.share:");
        });
    return points;
  }

  /** Has a monitor. */
  private static final class Holder {
    private final AtomicBoolean held = new AtomicBoolean();
    private final AtomicBoolean enough = new AtomicBoolean();
    private final Thread thread;

    Holder(Object monitor) {
      thread =
          Thread.ofPlatform()
              .start(() -> {
                synchronized (monitor) {
                  held.set(true);
                  Waiting.until("it is let go", enough::get);
                }
              });
      Waiting.until("the monitor is held", held::get);
    }

    void letGo() throws InterruptedException {
      enough.set(true);
      thread.join();
    }
  }

  private static Stream<String> names() {
    return blockingPoints().keySet().stream();
  }

  private static Blocked blocked(String name) throws Exception {
    return Objects.requireNonNull(blockingPoints().get(name)).blocked();
  }

  private static Path pipe() throws Exception {
    Path pipe = folder.resolve("pipe" + pipes++);
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertThat(made.waitFor()).as("mkfifo").isZero();
    return pipe;
  }

  private static void writeAndClose(RandomAccessFile writer) throws IOException {
    try (writer) {
      writer.write(1);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aCancelDoesNotWaitAndCloseDoes(String name) throws Exception {
    Blocked blocked = blocked(name);
    var opened = new AtomicReference<TaskScope<?, ?>>();
    var ended = new AtomicBoolean();
    var endedAtClose = new AtomicBoolean();
    Waits.Running<Void> owner =
        Waits.startPlatform(() -> {
          try (var scope = TaskScope.open(Joiner.awaitAll(), o -> o.withName(name))) {
            opened.set(scope);
            scope.fork("waits", () -> Kitchen.waitForEver());
            scope.fork("blocks", () -> blocks(blocked, ended));
            scope.join();
          } finally {
            endedAtClose.set(ended.get());
          }
          return null;
        });
    try {
      Waiting.until("it blocks", () -> isBlocked(opened.get(), blocked.place));
      Waits.startPlatform(
              () -> {
                opened.get().cancel();
                return null;
              })
          .get();
      Waiting.until("only what blocks is left", () -> opened.get().tree().contains("· 1 task · "));
      String tree = opened.get().tree();
      assertThat(tree).contains("blocks").contains(" stops ").contains(blocked.place);
      assertThat(ended).isFalse();
      assertThat(owner.thread.isAlive()).isTrue();
    } finally {
      blocked.release.run();
    }
    owner.get();
    assertThat(endedAtClose).as("it had ended when close returned").isTrue();
    Eventually.noThreadIsNamed(name);
  }

  private static Object blocks(Blocked blocked, AtomicBoolean ended) throws Exception {
    try {
      return blocked.task.call();
    } finally {
      ended.set(true);
    }
  }

  /**
   * Returns whether the task blocks at {@code place}, and is not still on its way there, where it
   * might respond to an interrupt.
   */
  private static boolean isBlocked(TaskScope<?, ?> scope, String place) {
    Child<?> child = scope == null ? null : scope.newest;
    Thread runner = child == null ? null : child.thread;
    if (runner == null || !StackLocation.of(runner).toString().startsWith(place)) {
      return false;
    }
    StackTraceElement[] stack = runner.getStackTrace();
    return runner.getState() != Thread.State.RUNNABLE
        || (stack.length > 0 && stack[0].isNativeMethod());
  }

  @ParameterizedTest
  @MethodSource("names")
  void aLimitThatIsNotHeededKeepsNoOtherLimitWaiting(String name) throws Exception {
    Blocked blocked = blocked(name);
    var released = new AtomicBoolean();
    try (var scope = TaskScope.open(Joiner.outcomes(), o -> o.withName(name))) {
      Subtask<Object> stuck = scope.fork("blocks", SHORT, blocked.task);
      try {
        Waiting.until("it is over its limit", () -> stuck.state() == Subtask.State.FAILED);
        assertThatThrownBy(() -> Async.withTimeout(SHORT, () -> Kitchen.waitForEver()))
            .isInstanceOf(io.github.fornada.TaskTimeoutException.class);
        // One that is still on its way would find the only writer of its pipe gone, and wait on.
        Waiting.until(
            "it blocks, or never began",
            () ->
                Objects.requireNonNull(scope.newest).hasEnded() || isBlocked(scope, blocked.place));
      } finally {
        released.set(true);
        blocked.release.run();
      }
      assertThat(scope.join()).singleElement().isInstanceOf(Outcome.TimedOut.class);
    }
    assertThat(released).isTrue();
    Eventually.noThreadIsNamed(name);
  }
}
