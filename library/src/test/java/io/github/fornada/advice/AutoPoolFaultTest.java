package io.github.fornada.advice;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import io.github.fornada.advice.decide.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What goes wrong beside the pool that chooses, or within it: worker JVMs, class loaders, tasks
 * that wait for it. It must go on.
 */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AutoPoolFaultTest {
  private static final long SOON_SECONDS = Waiting.DEADLINE.toSeconds();

  private static final Setting ONE_PROCESS = new Setting(ExecutionModel.PROCESSES, 1);

  private static final TaskFunction<Integer, Long> PID_AFTER = AutoPoolFaultTest::pidAfter;

  /** Ends a pool, whatever a test has left in it. */
  private static void end(Pool pool) throws InterruptedException {
    pool.shutdownNow();
    assertThat(pool.awaitTermination(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  private static long ownPid() {
    return ProcessHandle.current().pid();
  }

  private static long pidAfter(int millis) throws InterruptedException {
    Thread.sleep(millis);
    return ownPid();
  }

  // ---- what cannot be sent

  /** An item that may hold something that cannot be sent. */
  @SuppressWarnings("serial") // so it is meant
  private static final class Box implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    final @Nullable Object content;

    Box(@Nullable Object content) {
      this.content = content;
    }

    static long pid(Box box) {
      return box.content instanceof String ? 0 : ownPid();
    }
  }

  @Test
  void anItemThatCannotBeSentStaysInThisJvmAmongOthersThatCanToo() throws Exception {
    Pool pool = AutoPools.fixed(ONE_PROCESS, o -> o.withMostInFlight(1));
    try {
      TaskFunction<Box, Long> pid = Box::pid;
      // Until items are known to be quick, each is sent in a message of its own.
      assertThat(pool.map(IntStream.range(0, 2_000).mapToObj(i -> new Box(null)).toList(), pid))
          .doesNotContain(ownPid());
      List<Box> mixed =
          IntStream.range(0, 100).mapToObj(i -> new Box(i % 10 == 5 ? new Object() : i)).toList();
      List<Outcome<Long>> outcomes = pool.outcomes(mixed, pid).toList();
      assertThat(outcomes).hasSize(100).allMatch(Outcome::isDone);
      for (int i = 5; i < 100; i += 10) {
        assertThat(outcomes.get(i).get()).as("item %d", i).isEqualTo(ownPid());
      }
    } finally {
      end(pool);
    }
  }

  // ---- worker JVMs

  @Test
  void workerJvmsThatCannotStartAreToldOf() throws Exception {
    var told = new CountDownLatch(1);
    Pool pool =
        AutoPools.choosing(
            new Setting(ExecutionModel.PROCESSES, 2),
            o ->
                o.withProcesses(p -> p.withJvmOptions("-XX:+NoSuchOption"))
                    .withChoiceListener(choice -> {
                      if (choice.reason().startsWith("worker processes cannot be started: ")) {
                        told.countDown();
                      }
                    }));
    try {
      assertThat(pool.submit(0, x -> told.await(SOON_SECONDS, TimeUnit.SECONDS)).get()).isTrue();
    } finally {
      end(pool);
    }
  }

  @Test
  void workersThatCameTooLateAndHaveLeftAreStartedAgainForTheNextItems() throws Exception {
    var ended = new AtomicInteger();
    Pool pool =
        AutoPools.choosing(
            ONE_PROCESS,
            o ->
                o.withListener(
                        event -> {
                          if (event instanceof TaskEvent.WorkerEnded) {
                            ended.incrementAndGet();
                          }
                        })
                    .withProcesses(p ->
                        p.withLife(l -> l.withIdleTimeout(Duration.ofMillis(200)))
                            .withInitializer(() -> Thread.sleep(1_000))));
    try {
      assertThat(pool.submit(300, PID_AFTER).get()).isEqualTo(ownPid());
      Waiting.until("the worker has left", () -> ended.get() > 0);
      Waiting.until(
          "an item runs in a worker", () -> pool.submit(10, PID_AFTER).join() != ownPid());
    } finally {
      end(pool);
    }
  }

  private static void exitSlowly() {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> LockSupport.parkNanos(1_200_000_000)));
  }

  @Test
  void thePoolHasEndedOnlyWhenItsWorkerJvmsHave() throws Exception {
    Pool pool =
        AutoPools.fixed(
            ONE_PROCESS,
            o ->
                o.withMostInFlight(2)
                    .withPolicy(
                        o.policy()
                            .withTimeout(Duration.ofSeconds(1))
                            .withGrace(Duration.ofMillis(50)))
                    .withProcesses(p -> p.withInitializer(AutoPoolFaultTest::exitSlowly)));
    try {
      long worker = pool.submit(0, PID_AFTER).get();
      assertThat(worker).isNotEqualTo(ownPid());
      // It is left behind when its time is over, and ends by itself while the worker still exits.
      CompletableFuture<Integer> deaf =
          pool.submit(
              1,
              x -> {
                while (!pool.isShutdown()) {
                  Thread.onSpinWait();
                }
                long began = System.nanoTime();
                while (System.nanoTime() - began < 200_000_000) {
                  Thread.onSpinWait();
                }
                return x;
              });
      assertThat(deaf.handle((value, thrown) -> thrown).get()).isNotNull();
      pool.close();
      assertThat(ProcessHandle.of(worker).map(ProcessHandle::isAlive).orElse(false)).isFalse();
    } finally {
      end(pool);
    }
  }

  // ---- tasks that use their own pool

  @Test
  void aTaskThatWaitsForItemsLeftToWorkersEndsThoughNoMoreMayBeInFlight() throws Exception {
    Pool pool = AutoPools.fixed(ONE_PROCESS, o -> o.withMostInFlight(1).withThreadsAreSafe());
    try {
      CompletableFuture<Boolean> outer =
          pool.submit(
              0,
              x -> {
                Thread.sleep(300); // until no worker takes items because of this one
                CompletableFuture<Long> first = pool.submit(1, PID_AFTER);
                CompletableFuture<Long> second = pool.submit(1, PID_AFTER);
                CompletableFuture.allOf(first, second).join();
                return first.isDone() && second.isDone();
              });
      assertThat(outer.get(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      end(pool);
    }
  }

  @Test
  void aCloseWithinATaskDoesNotWait(@TempDir Path folder) throws Exception {
    inFolder(
        folder,
        () ->
            Waiting.inOneOfFewRuns(() -> {
              Pool pool = AutoPool.open(o -> o.withMostProcesses(0));
              try {
                long took =
                    pool.submit(
                            0,
                            x -> {
                              long began = System.nanoTime();
                              pool.close();
                              return System.nanoTime() - began;
                            })
                        .get();
                assertThat(Duration.ofNanos(took)).isLessThan(Duration.ofMillis(1_500));
              } finally {
                end(pool);
              }
            }));
  }

  @Test
  void aCloseWithinAListenerOfChoicesDoesNotWait() throws Exception {
    var opened = new AtomicReference<@Nullable Pool>();
    var closed = new CountDownLatch(1);
    Pool pool =
        AutoPools.choosing(
            new Setting(ExecutionModel.PLATFORM_THREADS, 2),
            o ->
                o.withChoiceListener(choice -> {
                  Objects.requireNonNull(opened.get()).close();
                  closed.countDown();
                }));
    opened.set(pool);
    try {
      assertThat(pool.submit(0, x -> closed.await(SOON_SECONDS, TimeUnit.SECONDS)).get()).isTrue();
    } finally {
      end(pool);
    }
  }

  // ---- class loaders

  /** A function whose class another loader defines. */
  public static final class Slow implements TaskFunction<Integer, Integer> {
    @Serial private static final long serialVersionUID = 1L;

    /** For the loader. */
    public Slow() {}

    @Override
    public Integer apply(Integer item) throws Exception {
      Thread.sleep(5);
      return item;
    }
  }

  /** Defines that function, and does not give its class file. */
  private static final class Odd extends ClassLoader {
    private final Runnable whenAsked;

    Odd(Runnable whenAsked) {
      super(AutoPoolFaultTest.class.getClassLoader());
      this.whenAsked = whenAsked;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.equals(Slow.class.getName())) {
        return super.loadClass(name, resolve);
      }
      Class<?> known = findLoadedClass(name);
      return known == null ? define(name) : known;
    }

    private Class<?> define(String name) {
      String file = name.replace('.', '/') + ".class";
      try (InputStream in = Objects.requireNonNull(getParent().getResourceAsStream(file))) {
        byte[] code = in.readAllBytes();
        return defineClass(name, code, 0, code.length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
      whenAsked.run();
      return null;
    }

    @SuppressWarnings("unchecked") // as it is declared
    TaskFunction<Integer, Integer> function() throws Exception {
      return (TaskFunction<Integer, Integer>)
          loadClass(Slow.class.getName()).getConstructor().newInstance();
    }
  }

  /** What learns and what forgets is in a folder of its own meanwhile. */
  private static void inFolder(Path folder, Waiting.Run run) throws Exception {
    String before = System.getProperty(Memory.PROPERTY);
    System.setProperty(Memory.PROPERTY, folder.toString());
    try {
      run.run();
    } finally {
      if (before == null) {
        System.clearProperty(Memory.PROPERTY);
      } else {
        System.setProperty(Memory.PROPERTY, before);
      }
    }
  }

  private static boolean isSampling() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("fornada-sampler"));
  }

  @Test
  void aLoaderThatFailsEndsNoChoosingAndLeavesNoThread(@TempDir Path folder) throws Exception {
    inFolder(
        folder,
        () -> {
          var odd =
              new Odd(() -> {
                throw new IllegalStateException("zip file closed");
              });
          try (var pool = AutoPool.open(o -> o.withMostProcesses(0))) {
            List<Integer> items = IntStream.range(0, 200).boxed().toList();
            assertThat(pool.map(items, odd.function())).isEqualTo(items);
            assertThat(pool.advice()).isNotNull();
          }
          Waiting.until("nobody looks at threads any more", () -> !isSampling());
        });
  }

  @Test
  void aLoaderThatHangsEndsNoChoosing(@TempDir Path folder) throws Exception {
    var over = new CountDownLatch(1);
    inFolder(
        folder,
        () -> {
          var odd =
              new Odd(() -> {
                try {
                  over.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
          try (var pool = AutoPool.open(o -> o.withMostProcesses(0))) {
            TaskFunction<Integer, Integer> function = odd.function();
            Waiting.until(
                "it can say something",
                () -> {
                  var _ = pool.submit(1, function).join();
                  return pool.advice() != null;
                });
          } finally {
            over.countDown();
          }
        });
  }
}
