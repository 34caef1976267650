package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;

import com.acme.Waits;
import com.sun.net.httpserver.HttpServer;
import io.github.fornada.Alone;
import io.github.fornada.Waiting;
import io.github.fornada.advice.decide.LockSite;
import io.github.fornada.advice.decide.WaitKind;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the sampler says of threads that wait in known ways. */
@Alone
final class SamplerTest {
  /** The time between two readings: enough for some dozen looks on a busy machine. */
  private static final long STRETCH_NANOS = 300_000_000;

  /** A function that is called again and again. */
  private interface Body {
    void run() throws Throwable;
  }

  /** Threads that call a function until they are closed. */
  private static final class Jobs implements AutoCloseable {
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();

    Jobs(int count, Thread.Builder builder, Body body) {
      for (int k = 0; k < count; k++) {
        threads.add(
            builder.unstarted(() -> {
              try {
                while (!stopped.get()) {
                  body.run();
                }
              } catch (Throwable e) {
                failure.set(e);
              }
            }));
      }
    }

    @Override
    public void close() throws InterruptedException {
      stopped.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failure.get()).isNull();
    }
  }

  /** Returns the first reading that is as expected; fails with the last one if none is. */
  private static Reading read(
      int count, Thread.Builder builder, Predicate<Reading> expected, Body body)
      throws InterruptedException {
    try (var jobs = new Jobs(count, builder, body);
        var made = new Sampler(() -> jobs.threads)) {
      jobs.threads.forEach(Thread::start);
      made.begin();
      var last = new AtomicReference<Reading>(made.read());
      long[] due = {System.nanoTime() + STRETCH_NANOS};
      try {
        Waiting.until(
            "the expected reading",
            () -> {
              if (System.nanoTime() < due[0]) {
                return false;
              }
              last.set(made.read());
              due[0] = System.nanoTime() + STRETCH_NANOS;
              return expected.test(last.get());
            });
      } catch (AssertionError e) {
        throw new AssertionError("the last reading was " + last.get(), e);
      } finally {
        jobs.stopped.set(true);
      }
      return last.get();
    }
  }

  private static Thread.Builder platform() {
    return Thread.ofPlatform().name("worker-", 1);
  }

  private static double share(Reading reading, WaitKind kind) {
    return reading.waits().getOrDefault(kind, 0.0) / (reading.nanos() * reading.threads());
  }

  private static Predicate<Reading> mostly(WaitKind kind, double least) {
    return reading -> share(reading, kind) > least;
  }

  private static boolean hasLock(Reading reading, String place, double heldShare) {
    return !reading.locks().isEmpty()
        && reading.locks().getFirst().place().contains(place)
        && reading.locks().getFirst().heldShare() > heldShare;
  }

  @Test
  void aClassLockIsNamedByItsPlaceAndItsHolder() throws InterruptedException {
    Reading reading =
        read(
            2,
            platform(),
            r ->
                hasLock(r, "com.acme.Waits.underClassLock(Waits.java:", 0.8)
                    && r.locks().getFirst().holderPlace().contains("com.acme.Waits.")
                    && r.locks().getFirst().waitShare() > 0.9
                    // One of two. What waits for a processor on a busy machine is no lock's.
                    && share(r, WaitKind.LOCK) > 0.1
                    && share(r, WaitKind.LOCK) < 0.6,
            Waits::underClassLock);
    LockSite site = reading.locks().getFirst();
    assertThat(site.lockClass()).isEqualTo("java.lang.Class");
    assertThat(site.holders()).startsWith("worker-");
  }

  @Test
  void aLockOfConcurrentHasItsPlaceInTheUsersCode() throws InterruptedException {
    Reading reading =
        read(2, platform(), r -> hasLock(r, "com.acme.Waits.underLock(", 0.8), Waits::underLock);
    assertThat(reading.locks().getFirst().lockClass()).contains("ReentrantLock");
    assertThat(reading.locks().getFirst().place()).startsWith("com.acme.");
  }

  @Test
  void aLockWithinTheJdkIsNamedByTheMethodThatTheUserCalls() throws InterruptedException {
    Reading reading =
        read(
            2,
            platform(),
            r -> hasLock(r, "com.acme.Waits.identifiers(Waits.java:", 0),
            Waits::identifiers);
    assertThat(reading.locks().getFirst().place())
        .startsWith("java.util.UUID.randomUUID (in sun.security.provider.")
        .contains("called from com.acme.Waits.identifiers(Waits.java:");
  }

  @Test
  void locksOfVirtualThreadsAreFoundToo() throws InterruptedException {
    read(
        8,
        Thread.ofVirtual(),
        r -> hasLock(r, "com.acme.Waits.underLock(", 0.8) && share(r, WaitKind.LOCK) > 0.5,
        Waits::underLock);
  }

  @Test
  void threadsThatComputeWaitForNothing() throws InterruptedException {
    Reading reading =
        read(1, platform(), r -> r.waitNanos() < 0.1 * r.cpuNanos(), Waits::computing);
    assertThat(reading.offProcessorNanos()).isZero();
    assertThat(reading.threads()).isEqualTo(1);
    assertThat(reading.locks()).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void moreThreadsThanProcessorsWaitToRun() throws InterruptedException {
    int threads = 2 * Runtime.getRuntime().availableProcessors() + 2;
    read(
        threads,
        platform(),
        r -> r.queueNanos() > 0.3 * threads * r.nanos() && r.waitNanos() < 0.1 * r.queueNanos(),
        Waits::computing);
  }

  @Test
  void sleepsAreSleeps() throws InterruptedException {
    Reading reading = read(3, platform(), mostly(WaitKind.SLEEP, 0.8), Waits::sleeping);
    assertThat(reading.places().get(WaitKind.SLEEP))
        .startsWith("com.acme.Waits.sleeping(Waits.java:");
  }

  @Test
  void sleepsOfManyVirtualThreadsAreScaledUp() throws InterruptedException {
    Reading reading = read(300, Thread.ofVirtual(), mostly(WaitKind.SLEEP, 0.7), Waits::sleeping);
    assertThat(reading.threads()).isEqualTo(300);
    assertThat(reading.cpuNanos()).isNaN();
  }

  @Test
  void virtualThreadsThatLiveForOneShortItemCount() throws InterruptedException {
    Set<Thread> alive = ConcurrentHashMap.newKeySet();
    var stopped = new AtomicBoolean();
    List<Thread> drivers = new ArrayList<>();
    for (int k = 0; k < 8; k++) {
      drivers.add(
          Thread.ofPlatform()
              .start(() -> {
                while (!stopped.get()) {
                  Thread one = Thread.ofVirtual().unstarted(Waits::briefly);
                  alive.add(one);
                  one.start();
                  while (one.isAlive()) {
                    LockSupport.parkNanos(100_000);
                  }
                  alive.remove(one);
                }
              }));
    }
    try (var sampler = new Sampler(() -> alive)) {
      sampler.begin();
      var seen = new AtomicReference<>(sampler.read());
      Waiting.until(
          "the waits are seen",
          () -> {
            seen.set(sampler.read());
            return seen.get().waitNanos() > 0.3 * seen.get().nanos() * seen.get().threads();
          });
      assertThat(seen.get().threads()).isPositive();
    } finally {
      stopped.set(true);
      for (Thread driver : drivers) {
        driver.join();
      }
    }
  }

  @Test
  void threadsThatShareAPoolOfConnectionsWaitForThePool() throws InterruptedException {
    var connections = new Waits.Connections();
    Reading reading =
        read(
            8,
            platform(),
            mostly(WaitKind.CONNECTION_POOL, 0.6)
                .and(r -> r.places().containsKey(WaitKind.CONNECTION_POOL)),
            connections::query);
    assertThat(reading.places().get(WaitKind.CONNECTION_POOL))
        .contains("com.acme.Waits$Connections.query");
  }

  @Test
  void anHttpClientWaitsForASocket() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    CountDownLatch never = new CountDownLatch(1);
    try (var handlers = Executors.newVirtualThreadPerTaskExecutor();
        var client = HttpClient.newHttpClient()) {
      server.setExecutor(handlers);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              var _ = never.await(20, java.util.concurrent.TimeUnit.MILLISECONDS);
              exchange.sendResponseHeaders(200, 2);
              exchange.getResponseBody().write(new byte[] {'o', 'k'});
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      server.start();
      URI uri = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
      Reading reading =
          read(4, platform(), mostly(WaitKind.SOCKET, 0.7), () -> Waits.fetch(client, uri));
      assertThat(reading.places().get(WaitKind.SOCKET)).contains("com.acme.Waits.fetch");
    } finally {
      server.stop(0);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void waitsForTheDiskAreWaitsForAFile(@TempDir Path folder) throws InterruptedException {
    read(
        1,
        platform(),
        r ->
            r.waits().getOrDefault(WaitKind.FILE, 0.0) > 0.5 * r.waitNanos()
                && r.waitNanos() > 0.02 * r.nanos(),
        () -> Waits.write(folder.resolve("written")));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  @SuppressWarnings("restricted") // calls of libc
  void aLockOfANativeLibraryIsNamedByTheMethodThatCallsIt() throws InterruptedException {
    Linker linker = Linker.nativeLinker();
    var ofPointer = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    MethodHandle acquire =
        linker.downcallHandle(linker.defaultLookup().findOrThrow("pthread_mutex_lock"), ofPointer);
    MethodHandle release =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("pthread_mutex_unlock"), ofPointer);
    try (var arena = Arena.ofShared()) {
      MemorySegment mutex = arena.allocate(64, 8); // all zeros: an unlocked mutex of Linux
      Reading reading =
          read(
              3,
              platform(),
              mostly(WaitKind.NATIVE_LOCK, 0.2)
                  .and(r -> hasLock(r, "com.acme.NativeLibrary.call", 0.3)),
              () -> com.acme.NativeLibrary.call(acquire, release, mutex, Waits::computing));
      assertThat(reading.locks().getFirst().lockClass()).isEqualTo("a lock in native code");
    }
  }

  @Test
  void theSamplerTakesLittleTimeBesideTwoBusyThreads() throws InterruptedException {
    var bean = ManagementFactory.getThreadMXBean();
    var cost = new AtomicReference<Double>(1.0);
    var before = new long[2];
    read(
        2,
        platform(),
        r -> {
          for (long id : bean.getAllThreadIds()) {
            var info = bean.getThreadInfo(id);
            if (info != null && info.getThreadName().equals("fornada-sampler")) {
              long cpu = bean.getThreadCpuTime(id);
              long now = System.nanoTime();
              if (before[1] != 0) {
                cost.set((double) (cpu - before[0]) / (now - before[1]));
              }
              before[0] = cpu;
              before[1] = now;
            }
          }
          return cost.get() < 0.01;
        },
        Waits::computing);
    assertThat(cost.get()).isPositive();
  }

  @Test
  void itsThreadEndsWhenItIsClosed() {
    var sampler = new Sampler(List::of);
    sampler.begin();
    Waiting.until("the thread is there", SamplerTest::isThere);
    sampler.close();
    Waiting.until("the thread is gone", () -> !isThere());
    assertThat(sampler.read().waits()).isEmpty();
  }

  private static boolean isThere() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("fornada-sampler"));
  }
}
