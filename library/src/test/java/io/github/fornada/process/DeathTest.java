package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/** Deaths that take their time, deaths that look like others, and items that only nearly die. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class DeathTest {
  private static void forEver() {
    while (true) {
      LockSupport.park();
      var _ = Thread.interrupted(); // or it would not park again, but take a processor
    }
  }

  /** A stream of which a flush fails, or never ends. */
  private static final class BadStream extends PrintStream {
    private final boolean endless;

    BadStream(boolean endless) {
      super(OutputStream.nullOutputStream());
      this.endless = endless;
    }

    @Override
    public void flush() {
      if (endless) {
        forEver();
      }
      throw new IllegalStateException("this flush fails");
    }
  }

  private static Outcome<?> only(CompletableFuture<?> future) throws Exception {
    try {
      return new Outcome.Done<>(Pools.soon(future));
    } catch (java.util.concurrent.ExecutionException e) {
      return new Outcome.Failed<>(e.getCause());
    }
  }

  private static String message(Outcome<?> outcome) {
    return outcome instanceof Outcome.Failed<?> failed ? String.valueOf(failed.cause()) : "Done";
  }

  @Test
  void anExitWhoseShutdownHookNeverEndsIsEndedByThePool() throws Exception {
    Pool pool = Pools.open(1);
    try {
      CompletableFuture<Integer> exits =
          pool.submit(
              1,
              x -> {
                Runtime.getRuntime().addShutdownHook(new Thread(DeathTest::forEver));
                System.exit(7);
                return x;
              });
      CompletableFuture<Integer> behind = pool.submit(2, x -> x + 1);
      assertThat(message(only(exits)))
          .contains("was killed by its pool, because it was exiting")
          .contains("called System.exit");
      assertThat(Pools.soon(behind)).isEqualTo(3);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aTaskThatClosesEveryDescriptorCostsItsWorkerAndOneItemAtMost() throws Exception {
    Pool pool = Pools.open(1);
    try {
      TaskFunction<Integer, Long> pid = x -> ProcessHandle.current().pid();
      long worker = (long) Pools.soon(pool.submit(0, pid));
      Outcome<?> outcome = only(pool.submit(1, x -> closeDescriptors(worker)));
      // Its result went through the memory, and so may those of the next, until the pool knows.
      while (outcome instanceof Outcome.Done<?> done && done.value().equals(worker)) {
        outcome = only(pool.submit(2, pid));
      }
      assertThat(message(outcome))
          .satisfiesAnyOf(
              text -> assertThat(text).isEqualTo("Done"), // by the worker after it
              text -> assertThat(text).contains("may have closed file descriptors"));
      assertThat(Pools.soon(pool.submit(3, x -> x + 1))).isEqualTo(4);
    } finally {
      Pools.end(pool);
    }
  }

  @SuppressWarnings("restricted")
  private static long closeDescriptors(long result) throws Exception {
    MethodHandle close =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().find("close").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    List<Integer> channels;
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      channels =
          open.filter(fd -> isChannel(fd))
              .map(fd -> Integer.valueOf(fd.getFileName().toString()))
              .toList();
    }
    for (int fd : channels) {
      try {
        var _ = (int) close.invokeExact(fd);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
    return result;
  }

  private static boolean isChannel(Path fd) {
    try {
      String target = Files.readSymbolicLink(fd).toString();
      return target.startsWith("socket:") || target.contains("/line-");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  @Test
  void shutdownNowCallsOffAStartWhoseInitializerHangs() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withLaunch(l ->
                    l.withInitializer(DeathTest::forEver)
                        .withStartupTimeout(Duration.ofMinutes(10))));
    CompletableFuture<Integer> future = pool.submit(1, x -> x);
    Pools.end(pool);
    assertThat(future).isDone();
  }

  @Test
  void closeOfAnIdlePoolCallsOffAStartWhoseInitializerHangs() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withLaunch(l ->
                    l.withInitializer(DeathTest::forEver)
                        .withStartupTimeout(Duration.ofMinutes(10))));
    pool.shutdown();
    Pools.end(pool);
  }

  @Test
  void anInitializerThatExitsWithAHookThatNeverEndsIsToldSoon() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withLaunch(l ->
                    l.withInitializer(
                            () -> {
                              Runtime.getRuntime().addShutdownHook(new Thread(DeathTest::forEver));
                              System.exit(7);
                            })
                        .withStartupTimeout(Duration.ofMinutes(10))));
    try {
      Waiting.until("it is told", Duration.ofSeconds(60), pool.submit(1, x -> x)::isDone);
      assertThat(message(only(pool.submit(1, x -> x)))).contains("shutdown hooks had not ended");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkerThatDiesWhileItStartsIsSeenThoughTheCommonPoolIsBlocked() throws Exception {
    var release = new CountDownLatch(1);
    int many = Math.max(2, ForkJoinPool.getCommonPoolParallelism()) * 2;
    for (int i = 0; i < many; i++) {
      ForkJoinPool.commonPool()
          .execute(() -> {
            try {
              release.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    try {
      Pool pool =
          Pools.open(
              1,
              o ->
                  o.withLaunch(l ->
                      l.withJvmOptions("-XX:+NoSuchOption")
                          .withoutAotCache()
                          .withStartupTimeout(Duration.ofMinutes(10))));
      try {
        CompletableFuture<Integer> future = pool.submit(1, x -> x);
        Waiting.until("it is told", Duration.ofSeconds(60), future::isDone);
        assertThat(message(only(future))).contains("exited with code 1").contains("NoSuchOption");
      } finally {
        Pools.end(pool);
      }
    } finally {
      release.countDown();
    }
  }

  @Test
  void outputThatATaskReplacesByNothingOrByWhatFailsCostsNothing() throws Exception {
    Pool pool = Pools.open(1);
    try {
      long pid = (Long) Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()));
      Object done =
          Pools.soon(
              pool.submit(
                  1,
                  x -> {
                    System.setOut(null);
                    System.setErr(null);
                    System.setIn(null);
                    return x;
                  }));
      assertThat(done).isEqualTo(1);
      Object flushed =
          Pools.soon(
              pool.submit(
                  2,
                  x -> {
                    System.setOut(new BadStream(false));
                    return x;
                  }));
      assertThat(flushed).isEqualTo(2);
      assertThat(
              Pools.soon(
                  pool.submit(
                      3,
                      x ->
                          System.out != null && System.err != null && System.in != null
                              ? ProcessHandle.current().pid()
                              : 0L)))
          .isEqualTo(pid);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aFlushThatNeverEndsIsOverTheTimeout() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(
                    o.policy()
                        .withTimeout(Duration.ofSeconds(2))
                        .withGrace(Duration.ofMillis(100))));
    try {
      assertThat(
              pool.outcomes(
                      List.of(1),
                      (Integer x) -> {
                        System.setOut(new BadStream(true));
                        return x;
                      })
                  .toList()
                  .getFirst())
          .isInstanceOf(Outcome.TimedOut.class);
    } finally {
      Pools.end(pool);
    }
  }

  /** A zone whose clone, which every read of the default zone makes, never returns. */
  static final class EndlessZone extends java.util.SimpleTimeZone {
    @java.io.Serial private static final long serialVersionUID = 1L;

    static volatile boolean endless;

    EndlessZone() {
      super(0, "endless");
    }

    @Override
    public Object clone() {
      if (endless) {
        forEver();
      }
      return super.clone();
    }
  }

  @Test
  void aTimeZoneOfATasksOwnIsNotAskedAnything() throws Exception {
    Pool pool = Pools.open(1);
    try {
      assertThat(Pools.soon(pool.submit(0, x -> x))).isEqualTo(0);
      Object done =
          Pools.soon(
              pool.submit(
                  1,
                  x -> {
                    TimeZone.setDefault(new EndlessZone());
                    EndlessZone.endless = true;
                    return x;
                  }));
      assertThat(done).isEqualTo(1);
      assertThat(Pools.soon(pool.submit(2, x -> TimeZone.getDefault().getID())))
          .isEqualTo(TimeZone.getDefault().getID());
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anInterruptOfTheThreadGroupCostsNoWorker() throws Exception {
    Pool pool = Pools.open(1);
    try {
      long pid = (Long) Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()));
      for (int i = 0; i < 5; i++) {
        assertThat(
                Pools.soon(
                    pool.submit(
                        i,
                        x -> {
                          Thread.currentThread().getThreadGroup().interrupt();
                          return x;
                        })))
            .isEqualTo(i);
        assertThat(Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()))).isEqualTo(pid);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anInterruptOfTheThreadGroupThatOpenedThePoolCostsNoWorker() throws Exception {
    var group = new ThreadGroup("group of a user's");
    var opened = new CompletableFuture<Pool>();
    new Thread(group, () -> opened.complete(Pools.open(1))).start();
    Pool pool = opened.get();
    try {
      long pid = (Long) Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()));
      group.interrupt();
      assertThat(Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()))).isEqualTo(pid);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void theJvmsOwnExitAtItsFirstOutOfMemoryErrorIsToldAsThat() throws Exception {
    Pool pool =
        Pools.open(1, o -> o.withLaunch(l -> l.withJvmOptions("-XX:+ExitOnOutOfMemoryError")));
    try {
      assertThat(message(only(pool.submit(1, x -> new byte[1 << 30].length))))
          .contains("ended at its first OutOfMemoryError")
          .contains("withHeap")
          .doesNotContain("System.exit");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aReportOfAnEarlierProcessOfTheSameNumberIsNotTakenForThisOnes() throws Exception {
    Pool pool = Pools.open(1);
    Path report = null;
    try {
      long pid = (Long) Pools.soon(pool.submit(0, x -> ProcessHandle.current().pid()));
      report = io.github.fornada.process.launch.Launcher.crashLog(Long.toString(pid));
      Files.writeString(report, "of long ago");
      Files.setLastModifiedTime(
          report,
          java.nio.file.attribute.FileTime.fromMillis(
              System.currentTimeMillis() - Duration.ofHours(1).toMillis()));
      assertThat(
              message(
                  only(
                      pool.submit(
                          1,
                          x -> {
                            Runtime.getRuntime().halt(5);
                            return x;
                          }))))
          .contains("exited with code 5")
          .doesNotContain("report");
    } finally {
      if (report != null) {
        Files.deleteIfExists(report);
      }
      Pools.end(pool);
    }
  }

  /** An exception whose getMessage never returns. */
  static final class Mute extends RuntimeException {
    @java.io.Serial private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      forEver();
      return "";
    }
  }

  @Test
  void anExceptionWhoseMessageNeverComesIsReportedWithoutIt() throws Exception {
    Pool pool = Pools.open(1);
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                if (x == 1) {
                  throw new Mute();
                }
                return x;
              });
      assertThat(message(only(future))).contains("Mute").contains("its report failed");
      assertThat(Pools.soon(pool.submit(2, x -> x))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }
}
