package io.github.fornada.benchmarks.async;

import io.github.fornada.benchmarks.peers.Measure;
import java.util.Arrays;
import java.util.concurrent.FutureTask;

/** The cost of empty children in a scope and as plain threads, in turns in one JVM. */
public final class Forks {
  private static final int MANY = 1_000;
  private static final int SLICE_OF_ONE = 2_000;
  private static final int SLICE_OF_MANY = 10;

  private Forks() {}

  /** A scope that ends when its children have ended. */
  public interface Scope {
    /** Opens a scope, forks this number of empty children, joins and closes. */
    void run(int children) throws Exception;
  }

  private static void nothing() {}

  private static void threads(int n) throws InterruptedException {
    if (n == 1) {
      Thread.startVirtualThread(Forks::nothing).join();
      return;
    }
    Thread[] threads = new Thread[n];
    for (int i = 0; i < n; i++) {
      threads[i] = Thread.startVirtualThread(Forks::nothing);
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Measures the scope under the program's own name, and plain threads under the name given. */
  public static void measure(double seconds, String plainPeer, Scope scope) throws Exception {
    // From a virtual thread, as in a server: waking a platform thread would cost more than a child.
    var measuring =
        new FutureTask<>(() -> {
          compare(seconds, plainPeer, "fork-one", 1, SLICE_OF_ONE, scope);
          compare(seconds, plainPeer, "fork-many", MANY, SLICE_OF_MANY, scope);
          return true;
        });
    Thread.ofVirtual().start(measuring);
    measuring.get();
  }

  private static void compare(
      double seconds, String plainPeer, String row, int children, int slice, Scope scope)
      throws Exception {
    long warm = System.nanoTime() + Measure.nanos(2 + seconds);
    do {
      time(Forks::threads, children, slice);
      time(scope, children, slice);
    } while (System.nanoTime() < warm);
    double[] plain = new double[1 << 16];
    double[] scoped = new double[plain.length];
    int n = 0;
    long end = System.nanoTime() + Measure.nanos(3 * seconds);
    do {
      // The order changes, because what the first one leaves behind slows the second.
      boolean plainFirst = n % 2 == 0;
      if (plainFirst) {
        plain[n] = time(Forks::threads, children, slice);
      }
      scoped[n] = time(scope, children, slice);
      if (!plainFirst) {
        plain[n] = time(Forks::threads, children, slice);
      }
      n++;
    } while (System.nanoTime() < end && n < plain.length);
    double[] ratios = new double[n];
    for (int i = 0; i < n; i++) {
      ratios[i] = scoped[i] / plain[i];
    }
    Measure.emit(row, median(scoped, n), "us", n + " slices");
    Measure.emitFor(plainPeer, row, median(plain, n), "us", "startVirtualThread, join");
    Measure.emit(row + "-ratio", median(ratios, n), "", "median of slices, in turns");
  }

  private static double median(double[] values, int n) {
    return Measure.quantile(Arrays.copyOf(values, n), 0.5);
  }

  /** Returns the microseconds for each child. */
  private static double time(Scope scope, int children, int times) throws Exception {
    long begin = System.nanoTime();
    for (int i = 0; i < times; i++) {
      scope.run(children);
    }
    return (System.nanoTime() - begin) / 1e3 / times / children;
  }
}
