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
 * How a {@link TaskScope} is set up. Immutable: each {@code with} method gives a changed copy.
 *
 * <p>Carriers, scoped values and listeners are inherited: a scope has those of the scope around it,
 * which is the one its owner opened before, or the one whose task its owner is, and its own beside
 * them.
 *
 * @param name of the scope in its tree, and the first part of its threads' names
 * @param timeout how long all of the scope may take, from its opening; null for no limit
 * @param deadline when all of the scope must be over; null for none. The earlier of both counts
 * @param threadFactory makes a thread for each task; null for virtual threads. It is asked by the
 *     owner, and must give each time a new thread, which runs what it is given
 * @param carriers bring what the owner's thread has at each fork to the task's thread
 * @param scopedValues whose bindings in the owner's thread, as of the opening, the tasks have too
 * @param listeners are told of each task
 */
public record ScopeOptions(
    String name,
    @Nullable Duration timeout,
    @Nullable Instant deadline,
    @Nullable ThreadFactory threadFactory,
    List<ContextCarrier<?>> carriers,
    List<ScopedValue<?>> scopedValues,
    List<TaskListener> listeners) {

  /** A scope called "scope", without a limit, on virtual threads, that carries nothing. */
  public static final ScopeOptions DEFAULT =
      new ScopeOptions("scope", null, null, null, List.of(), List.of(), List.of());

  /** A century, so that it fits in a long of nanoseconds. */
  private static final long LONGEST_DAYS = 36_500;

  public ScopeOptions {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("time limit must be positive, got " + timeout);
    }
    if (timeout != null && timeout.toDays() >= LONGEST_DAYS) {
      timeout = Duration.ofDays(LONGEST_DAYS);
    }
    carriers = List.copyOf(carriers);
    scopedValues = List.copyOf(scopedValues);
    listeners = List.copyOf(listeners);
  }

  /** With this name. */
  public ScopeOptions withName(String changed) {
    return new ScopeOptions(
        changed, timeout, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  /** With at most so much time, counted from the opening. */
  public ScopeOptions withTimeout(Duration limit) {
    Objects.requireNonNull(limit, "limit");
    return new ScopeOptions(
        name, limit, deadline, threadFactory, carriers, scopedValues, listeners);
  }

  /** With this moment by which it must be over; for a deadline that came with a request. */
  public ScopeOptions withDeadline(Instant moment) {
    Objects.requireNonNull(moment, "moment");
    return new ScopeOptions(
        name, timeout, moment, threadFactory, carriers, scopedValues, listeners);
  }

  /** With threads from here in place of virtual threads. */
  public ScopeOptions withThreadFactory(ThreadFactory factory) {
    Objects.requireNonNull(factory, "factory");
    return new ScopeOptions(name, timeout, deadline, factory, carriers, scopedValues, listeners);
  }

  /** With one more carrier, which restores after those before it. */
  public ScopeOptions withCarrier(ContextCarrier<?> carrier) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, plus(carriers, carrier), scopedValues, listeners);
  }

  /** With one more scoped value that the tasks have as the owner has it. */
  public ScopeOptions withScopedValue(ScopedValue<?> value) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, plus(scopedValues, value), listeners);
  }

  /** With one more listener. */
  public ScopeOptions withListener(TaskListener listener) {
    return new ScopeOptions(
        name, timeout, deadline, threadFactory, carriers, scopedValues, plus(listeners, listener));
  }

  /** The list with one more, unless it is there already. */
  static <E> List<E> plus(List<E> list, E element) {
    Objects.requireNonNull(element);
    if (list.contains(element)) {
      return list;
    }
    var all = new ArrayList<E>(list);
    all.add(element);
    return List.copyOf(all);
  }
}
