package io.github.fornada.scenarios.harness;

import io.github.fornada.TaskFunction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What an experienced engineer writes by hand with the JDK alone. */
public final class HandWritten {
  private HandWritten() {}

  /** Applies the function to one item after the other. */
  public static <T, R> List<R> loop(List<T> items, TaskFunction<T, R> function) throws Exception {
    var results = new ArrayList<R>(items.size());
    for (T item : items) {
      results.add(function.apply(item));
    }
    return results;
  }

  /**
   * Applies the function on so many plain threads, which take items by a common counter.
   *
   * @throws IllegalStateException with the cause, if an item failed
   */
  @SuppressWarnings("unchecked") // an array of R
  public static <T, R> List<R> threads(List<T> items, TaskFunction<T, R> function, int count)
      throws InterruptedException {
    var results = new Object[items.size()];
    var next = new AtomicInteger();
    var failures = new @Nullable Throwable[count];
    var threads = new Thread[count];
    for (int t = 0; t < count; t++) {
      int self = t;
      threads[t] =
          Thread.ofPlatform()
              .name("by-hand-" + t)
              .start(() -> {
                try {
                  int i;
                  while ((i = next.getAndIncrement()) < results.length) {
                    results[i] = function.apply(items.get(i));
                  }
                } catch (Throwable e) { // an error, too, is told by who waits
                  failures[self] = e;
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (Throwable failure : failures) {
      if (failure != null) {
        throw new IllegalStateException(failure);
      }
    }
    return (List<R>) Arrays.asList(results);
  }

  /**
   * Applies the function with a virtual thread for each item.
   *
   * @throws ExecutionException with the cause, if an item failed
   */
  public static <T, R> List<R> virtualThreads(List<T> items, TaskFunction<T, R> function)
      throws InterruptedException, ExecutionException {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var futures = new ArrayList<Future<R>>(items.size());
      for (T item : items) {
        futures.add(executor.submit(() -> function.apply(item)));
      }
      var results = new ArrayList<R>(items.size());
      for (Future<R> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }
}
