package io.github.fornada.advice;

import io.github.fornada.advice.decide.LockSite;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.WaitKind;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the controller of a pool asks of the machine, the JVM and the user's classes. */
interface Senses extends AutoCloseable {
  /**
   * What was seen since the reading before; times in nanoseconds, NaN for what could not be
   * measured. Waits and the time in the run queue are sums over all threads.
   *
   * @param threadNanos the time that was looked at, summed over the threads
   */
  record Sensed(
      double threadNanos,
      Map<WaitKind, Double> waits,
      List<LockSite> locks,
      double queueNanos,
      double offProcessorNanos,
      double busyCores,
      double foreignCores,
      double throttledShare,
      double collectorShare,
      double compilerCores) {}

  /** Returns what is known of the machine. Must not wait. */
  Machine machine();

  /** Returns why the function may be wrong on several threads; null if nothing was found. */
  @Nullable String threadDoubt(Object function);

  /** Returns why the function or its items cannot be sent; null if nothing was found. */
  @Nullable String processDoubt(Object function, @Nullable Object item);

  /** Returns why a result cannot be sent back; null if nothing was found. */
  @Nullable String processDoubt(Object result);

  /** Returns the size of an item or a result as it is sent, in bytes; NaN if unknown. */
  double bytesOf(@Nullable Object item);

  /** Begins to look at these threads. */
  void begin(Supplier<? extends Collection<Thread>> workers);

  /** Pauses for so many nanoseconds, or for longer, between two looks at the threads. */
  void pauseFor(long nanos);

  /**
   * Returns what happened since the last call.
   *
   * @param pids the worker processes, whose processor time counts too
   */
  Sensed read(Collection<Long> pids);

  /** Ends the looking. */
  @Override
  void close();
}
