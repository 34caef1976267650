package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;

/**
 * Lends pools to test cases one after the other, if opening a pool is costly. Closing a pool that
 * was lent gives it back, and a case that does so must leave it as it was: every worker free, and
 * none with an interrupt pending. Otherwise that case fails, and the next gets a new pool.
 */
final class Lender implements AutoCloseable {
  private final IntFunction<Pool> opener;
  private final Duration freeWithin;
  private final Map<Integer, Pool> atHome = new HashMap<>();

  Lender(IntFunction<Pool> opener) {
    // Less than the time after which an abandoned task gives up by itself.
    this(opener, PoolUnderTest.PATIENCE.dividedBy(2));
  }

  Lender(IntFunction<Pool> opener, Duration freeWithin) {
    this.opener = opener;
    this.freeWithin = freeWithin;
  }

  /** Returns a pool with {@code workers} workers; closing it gives it back. */
  synchronized Pool lend(int workers) {
    Pool home = atHome.remove(workers);
    Pool pool = home != null ? home : opener.apply(workers);
    return (Pool)
        Proxy.newProxyInstance(
            Pool.class.getClassLoader(),
            new Class<?>[] {Pool.class},
            (proxy, method, arguments) -> call(pool, method, arguments));
  }

  private Object call(Pool pool, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "close" -> {
        takeBack(pool);
        return null;
      }
      case "shutdown", "shutdownNow" ->
          throw new UnsupportedOperationException("this pool is lent: open one to shut it down");
      default -> {
        try {
          return method.invoke(pool, arguments);
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
  }

  private void takeBack(Pool pool) throws Exception {
    boolean asItWas = false;
    try {
      assertFree(pool);
      asItWas = true;
    } finally {
      if (!asItWas) {
        pool.shutdownNow();
      }
    }
    synchronized (this) {
      Pool another = atHome.put(pool.workers(), pool);
      if (another != null) {
        throw new IllegalStateException("two pools with " + pool.workers() + " workers were lent");
      }
    }
  }

  /** As many tasks as workers, which end only when all of them run. */
  private void assertFree(Pool pool) throws Exception {
    Path folder = Files.createTempDirectory("fornada-lender");
    try {
      var marks = new Marks(folder.toString());
      int workers = pool.workers();
      List<CompletableFuture<Boolean>> together = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        together.add(
            pool.submit(
                marks,
                these -> {
                  boolean interrupted = Thread.interrupted();
                  these.set("here");
                  Thread self = Thread.currentThread();
                  Waiting.until(
                      "all were free, or this was cancelled",
                      () -> these.times("here") == workers || self.isInterrupted());
                  return interrupted;
                }));
      }
      for (CompletableFuture<Boolean> one : together) {
        if (one.get(freeWithin.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new AssertionError("the case left a worker with an interrupt pending");
        }
      }
    } catch (TimeoutException e) {
      throw new AssertionError("the case did not leave every worker free", e);
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    atHome.values().forEach(Pool::close);
    atHome.clear();
  }
}
