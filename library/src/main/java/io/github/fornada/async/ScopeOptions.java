package io.github.fornada.async;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link TaskScope} is set up. Immutable: each {@code with} method returns a changed copy.
 *
 * <p>Carriers, scoped values and listeners are inherited: a scope has those of the scope around it
 * and its own. The scope around it is the one that its owner opened before, or the one whose task
 * its owner is.
 */
public final class ScopeOptions {
  /** A scope named "scope", without a timeout, on virtual threads, that carries nothing. */
  public static final ScopeOptions DEFAULT =
      new ScopeOptions("scope", null, null, null, List.of(), List.of(), List.of());

  /** A century, so that it fits in a long of nanoseconds. */
  private static final long LONGEST_DAYS = 36_500;

  private final String name;
  private final @Nullable Duration timeout;
  private final @Nullable Instant deadline;
  private final @Nullable ThreadFactory threadFactory;
  private final List<ContextCarrier<?>> carriers;
  private final List<ScopedValue<?>> scopedValues;
  private final List<TaskListener> listeners;

  private ScopeOptions(
      String name,
      @Nullable Duration timeout,
      @Nullable Instant deadline,
      @Nullable ThreadFactory threadFactory,
      List<ContextCarrier<?>> carriers,
      List<ScopedValue<?>> scopedValues,
      List<TaskListener> listeners) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("timeout must be positive, got " + timeout);
    }
    this.name = name;
    this.timeout =
        timeout != null && timeout.toDays() >= LONGEST_DAYS
            ? Duration.ofDays(LONGEST_DAYS)
            : timeout;
    this.deadline = deadline;
    this.threadFactory = threadFactory;
    this.carriers = carriers;
    this.scopedValues = scopedValues;
    this.listeners = listeners;
  }

  /** Returns the name of the scope in its tree; its threads' names begin with it. */
  public String name() {
    return name;
  }

  /**
   * Returns how long the whole scope may take, from its opening; null for no timeout. With a
   * deadline too, the earlier of both counts.
   */
  public @Nullable Duration timeout() {
    return timeout;
  }

  /** Returns the moment by which the whole scope must be over; null for none. */
  public @Nullable Instant deadline() {
    return deadline;
  }

  /** Returns the factory that makes a thread for each task; null for virtual threads. */
  public @Nullable ThreadFactory threadFactory() {
    return threadFactory;
  }

  /**
   * Returns the carriers, which bring context from the owner's thread, as of each fork, to the
   * task's thread. The list cannot be changed.
   */
  public List<ContextCarrier<?>> carriers() {
    return carriers;
  }

  /**
   * Returns the scoped values whose bindings in the owner's thread, as of the opening, the tasks
   * have too. The list cannot be changed.
   */
  public List<ScopedValue<?>> scopedValues() {
    return scopedValues;
  }

  /** Returns the listeners, which are called for each task. The list cannot be changed. */
  public List<TaskListener> listeners() {
    return listeners;
  }

  /**
   * Returns options with the name {@code name}.
   *
   * @throws IllegalArgumentException if {@code name} is blank
   */
  public ScopeOptions withName(String name) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  /**
   * Returns options with a timeout for the whole scope, counted from its opening. A moment that
   * came with a request, and may have passed, is {@link #withDeadline}.
   *
   * @throws IllegalArgumentException if {@code timeout} is not positive
   */
  public ScopeOptions withTimeout(Duration timeout) {
    Objects.requireNonNull(timeout, "timeout");
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  /**
   * Returns options with {@code deadline} as the moment by which the whole scope must be over. It
   * may have passed already; then every task that takes time is cancelled.
   */
  public ScopeOptions withDeadline(Instant deadline) {
    Objects.requireNonNull(deadline, "deadline");
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  /**
   * Returns options with threads from {@code factory} in place of virtual threads. The owner calls
   * it once for each task; it must return a new thread each time, not started, that runs what it is
   * given. The scope sets the thread's handler for uncaught exceptions.
   */
  public ScopeOptions withThreadFactory(ThreadFactory factory) {
    Objects.requireNonNull(factory, "factory");
    return new ScopeOptions(name, timeout, deadline, factory, carriers, scopedValues, listeners);
  }

  /** Returns options with one more carrier, which restores after those before it. */
  public ScopeOptions withCarrier(ContextCarrier<?> carrier) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, plus(carriers, carrier), scopedValues, listeners);
  }

  /** Returns options with one more scoped value that tasks see bound as the owner does. */
  public ScopeOptions withScopedValue(ScopedValue<?> value) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, plus(scopedValues, value), listeners);
  }

  /** Returns options with one more listener. */
  public ScopeOptions withListener(TaskListener listener) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, scopedValues, plus(listeners, listener));
  }

  /** Returns an unmodifiable list with one more element, or {@code list} if it has it already. */
  static <E> List<E> plus(List<E> list, E element) {
    Objects.requireNonNull(element);
    if (list.contains(element)) {
      return list;
    }
    var all = new ArrayList<E>(list);
    all.add(element);
    return List.copyOf(all);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ScopeOptions o
        && o.name.equals(name)
        && Objects.equals(o.timeout, timeout)
        && Objects.equals(o.deadline, deadline)
        && Objects.equals(o.threadFactory, threadFactory)
        && o.carriers.equals(carriers)
        && o.scopedValues.equals(scopedValues)
        && o.listeners.equals(listeners);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, timeout, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  @Override
  public String toString() {
    return "ScopeOptions[name="
        + name
        + ", timeout="
        + timeout
        + ", deadline="
        + deadline
        + ", threadFactory="
        + threadFactory
        + ", carriers="
        + carriers
        + ", scopedValues="
        + scopedValues
        + ", listeners="
        + listeners
        + "]";
  }
}
