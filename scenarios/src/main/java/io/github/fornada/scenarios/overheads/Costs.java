package io.github.fornada.scenarios.overheads;

import io.github.fornada.process.ProcessPool;
import io.github.fornada.scenarios.harness.MissingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;

/** Measures what it costs to create and to keep one of each kind. */
final class Costs {
  private static final long PAGE = 4096;

  private Costs() {}

  /**
   * The cost of one.
   *
   * @param seconds to create it, to run nothing in it, and to see it end
   * @param bytes resident while it waits
   */
  record Cost(double seconds, double bytes) {}

  /** Returns the cost of a thread of this factory, the mean of {@code count}. */
  static Cost ofThread(ThreadFactory factory, int count)
      throws InterruptedException, IOException, MissingException {
    double best = Double.POSITIVE_INFINITY;
    for (int round = 0; round < 5; round++) {
      long began = System.nanoTime();
      for (int i = 0; i < count; i++) {
        Thread thread = factory.newThread(() -> {});
        thread.start();
        thread.join();
      }
      best = Math.min(best, (System.nanoTime() - began) / 1e9 / count);
    }
    return new Cost(best, bytesOfWaiting(factory, count));
  }

  private static double bytesOfWaiting(ThreadFactory factory, int count)
      throws InterruptedException, IOException, MissingException {
    settle();
    long before = resident("self");
    var running = new CountDownLatch(count);
    var end = new CountDownLatch(1);
    var threads = new ArrayList<Thread>(count);
    for (int i = 0; i < count; i++) {
      Thread thread =
          factory.newThread(() -> {
            running.countDown();
            try {
              end.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      thread.start();
      threads.add(thread);
    }
    running.await();
    settle();
    long after = resident("self");
    end.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    return Math.max(0, (double) (after - before) / count);
  }

  private static void settle() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
  }

  /** Returns the cost of a worker JVM: from opening its pool to its exit. */
  static Cost ofWorker() throws InterruptedException, IOException, MissingException {
    double best = Double.POSITIVE_INFINITY;
    double bytes = 0;
    for (int round = 0; round < 3; round++) {
      long began = System.nanoTime();
      try (ProcessPool pool = ProcessPool.open(o -> o.withWorkers(1))) {
        List<Integer> result = pool.map(List.of(1), i -> i);
        if (result.getFirst() != 1) {
          throw new IllegalStateException("the worker returned " + result);
        }
        bytes = resident(String.valueOf(pool.stats().workers().getFirst().pid()));
      }
      best = Math.min(best, (System.nanoTime() - began) / 1e9);
    }
    return new Cost(best, bytes);
  }

  private static long resident(String pid) throws IOException, MissingException {
    Path statm = Path.of("/proc", pid, "statm");
    if (!Files.isReadable(statm)) {
      throw new MissingException("the memory of a process is read from /proc, which is not here");
    }
    return Long.parseLong(Files.readString(statm).split(" ")[1]) * PAGE;
  }
}
