package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * A cancel ends a task wherever it blocks, provided that the JDK's method responds to interrupts,
 * and no thread is left.
 */
@Timeout(240)
final class CancellationTest {
  private static final Duration LONG = Duration.ofDays(1);

  /** Each blocks forever, unless it is interrupted. */
  private static Map<String, Callable<?>> blockingPoints() {
    Map<String, Callable<?>> points = new LinkedHashMap<>();
    points.put("sleep", run(() -> Thread.sleep(LONG)));
    points.put(
        "park",
        run(() -> {
          while (!Thread.interrupted()) {
            LockSupport.park();
          }
        }));
    points.put(
        "parkNanos",
        run(() -> {
          while (!Thread.interrupted()) {
            LockSupport.parkNanos(LONG.toNanos());
          }
        }));
    points.put("lockInterruptibly", run(() -> heldLock().lockInterruptibly()));
    points.put("tryLock with a time", () -> heldLock().tryLock(1, TimeUnit.DAYS));
    points.put(
        "write lock",
        run(() -> {
          var lock = new ReentrantReadWriteLock();
          onAnotherThread(() -> lock.readLock().lock());
          lock.writeLock().lockInterruptibly();
        }));
    points.put(
        "Condition.await",
        run(() -> {
          var lock = new ReentrantLock();
          Condition never = lock.newCondition();
          lock.lock();
          try {
            while (!Thread.currentThread().isInterrupted()) {
              never.await();
            }
          } finally {
            lock.unlock();
          }
        }));
    points.put(
        "Object.wait",
        run(() -> {
          var monitor = new Object();
          synchronized (monitor) {
            while (!Thread.currentThread().isInterrupted()) {
              monitor.wait();
            }
          }
        }));
    points.put(
        "Object.wait with a time",
        run(() -> {
          var monitor = new Object();
          synchronized (monitor) {
            while (!Thread.currentThread().isInterrupted()) {
              monitor.wait(LONG.toMillis());
            }
          }
        }));
    points.put("BlockingQueue.take", () -> new LinkedBlockingQueue<>().take());
    points.put("BlockingQueue.poll", () -> new LinkedBlockingQueue<>().poll(1, TimeUnit.DAYS));
    points.put("BlockingQueue.put", run(() -> new SynchronousQueue<Integer>().put(1)));
    points.put("Semaphore.acquire", run(() -> new Semaphore(0).acquire()));
    points.put("CountDownLatch.await", run(() -> new CountDownLatch(1).await()));
    points.put("CyclicBarrier.await", () -> new CyclicBarrier(2).await());
    points.put("Exchanger.exchange", () -> new Exchanger<Integer>().exchange(1));
    points.put("Phaser.awaitAdvance", () -> new Phaser(1).awaitAdvanceInterruptibly(0));
    points.put("CompletableFuture.get", () -> new CompletableFuture<>().get());
    points.put(
        "Thread.join",
        run(() -> {
          Thread never = Thread.ofVirtual().unstarted(() -> {});
          var sleeper = Thread.startVirtualThread(() -> LockSupport.park());
          try {
            sleeper.join();
          } finally {
            LockSupport.unpark(sleeper);
            never.interrupt();
          }
        }));
    points.put(
        "ExecutorService.awaitTermination",
        run(() -> {
          try (var pool = Executors.newSingleThreadExecutor()) {
            try {
              pool.awaitTermination(1, TimeUnit.DAYS);
            } finally {
              pool.shutdownNow();
            }
          }
        }));
    points.put(
        "nested join",
        run(() -> {
          try (var inner = TaskScope.open()) {
            inner.fork(() -> Kitchen.waitForEver());
            inner.join();
          }
        }));
    points.put("join nested five times", () -> nest(5));
    points.put(
        "ServerSocket.accept",
        () -> {
          try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return server.accept();
          }
        });
    points.put(
        "ServerSocketChannel.accept",
        () -> {
          try (var server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return server.accept();
          }
        });
    points.put(
        "socket read",
        () -> {
          try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
              var socket = new Socket(server.getInetAddress(), server.getLocalPort());
              InputStream in = socket.getInputStream()) {
            return in.read();
          }
        });
    points.put(
        "SocketChannel.read",
        () -> {
          try (var server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (var client = SocketChannel.open(server.getLocalAddress())) {
              return client.read(ByteBuffer.allocate(1));
            }
          }
        });
    points.put(
        "socket write",
        run(() -> {
          try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
              var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
            var bytes = new byte[1 << 16];
            while (true) {
              socket.getOutputStream().write(bytes);
            }
          }
        }));
    points.put(
        "pipe read",
        () -> {
          Pipe pipe = Pipe.open();
          try (var source = pipe.source();
              var sink = pipe.sink()) {
            assertThat(sink.isOpen()).isTrue();
            return source.read(ByteBuffer.allocate(1));
          }
        });
    points.put(
        "HttpClient.send",
        () -> {
          try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
              var client = HttpClient.newHttpClient()) {
            var uri = URI.create("http://localhost:" + server.getLocalPort() + "/");
            try {
              return client.send(
                  HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
            } finally {
              client.shutdownNow();
            }
          }
        });
    points.put(
        "Process.waitFor",
        () -> {
          Process process = new ProcessBuilder("sleep", "86400").start();
          try {
            return process.waitFor();
          } finally {
            process.destroyForcibly();
          }
        });
    points.put(
        "a loop that looks",
        run(() -> {
          while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
          }
        }));
    return points;
  }

  private interface Action {
    void run() throws Exception;
  }

  private static Callable<?> run(Action action) {
    return () -> {
      action.run();
      return null;
    };
  }

  private static ReentrantLock heldLock() throws InterruptedException {
    var lock = new ReentrantLock();
    onAnotherThread(lock::lock);
    return lock;
  }

  private static void onAnotherThread(Runnable action) throws InterruptedException {
    Thread.startVirtualThread(action).join();
  }

  private static Object nest(int levels) throws InterruptedException {
    try (var inner = TaskScope.open()) {
      inner.fork(() -> levels == 1 ? Kitchen.waitForEver() : nest(levels - 1));
      return inner.join();
    }
  }

  private static Stream<DynamicTest> overAll(String name, Ending ending) {
    return blockingPoints().entrySet().stream()
        .map(point ->
            DynamicTest.dynamicTest(
                name + ": " + point.getKey(),
                () -> ending.of(name + " " + point.getKey(), point.getValue())));
  }

  private interface Ending {
    void of(String name, Callable<?> task) throws Exception;
  }

  /** Waits until the task is where it blocks. */
  private static void awaitBlocked(TaskScope<?, ?> scope) {
    Waiting.until(
        "the task blocks",
        () -> {
          Child<?> child = scope.newest;
          Thread runner = child == null ? null : child.thread;
          return runner != null
              && (runner.getState() != Thread.State.RUNNABLE
                  || Arrays.stream(runner.getStackTrace())
                      .anyMatch(frame -> frame.getClassName().contains("CancellationTest")));
        });
  }

  @TestFactory
  Stream<DynamicTest> aCancelEndsATaskWhereverItBlocks() {
    return overAll(
        "cancel",
        (name, task) -> {
          try (var scope = TaskScope.open(Joiner.<Object>awaitAll(), o -> o.withName(name))) {
            Subtask<Object> blocked = scope.fork(task);
            awaitBlocked(scope);
            scope.cancel();
            scope.join();
            assertThat(blocked.state()).isEqualTo(Subtask.State.UNAVAILABLE);
          }
          Eventually.noThreadIsNamed(name);
        });
  }

  @TestFactory
  Stream<DynamicTest> aCancelAtOnceEndsATaskWhereverItBlocks() {
    return overAll(
        "at once",
        (name, task) -> {
          for (int i = 0; i < 20; i++) {
            try (var scope = TaskScope.open(Joiner.<Object>awaitAll(), o -> o.withName(name))) {
              scope.fork(task);
              scope.cancel();
              scope.join();
            }
          }
          Eventually.noThreadIsNamed(name);
        });
  }

  @TestFactory
  Stream<DynamicTest> aTimeLimitEndsATaskWhereverItBlocks() {
    return overAll(
        "limit",
        (name, task) -> {
          try (var scope = TaskScope.open(Joiner.<Object>outcomes(), o -> o.withName(name))) {
            scope.fork(name, Duration.ofMillis(20), task);
            assertThat(scope.join())
                .singleElement()
                .isInstanceOf(io.github.fornada.Outcome.TimedOut.class);
          }
          Eventually.noThreadIsNamed(name);
        });
  }

  @TestFactory
  Stream<DynamicTest> anInterruptOfTheOwnerEndsATaskWhereverItBlocks() {
    return overAll(
        "interrupt",
        (name, task) -> {
          var thrown = new AtomicReference<Throwable>();
          var open = new AtomicReference<TaskScope<?, ?>>();
          Thread owner =
              Thread.startVirtualThread(() -> {
                try (var scope = TaskScope.open(o -> o.withName(name))) {
                  scope.fork(task);
                  open.set(scope);
                  scope.join();
                } catch (Throwable e) {
                  thrown.set(e);
                }
              });
          Waiting.until("the scope is open", () -> open.get() != null);
          awaitBlocked(open.get());
          owner.interrupt();
          assertThat(owner.join(Eventually.PATIENCE)).isTrue();
          assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
          Eventually.noThreadIsNamed(name);
        });
  }
}
