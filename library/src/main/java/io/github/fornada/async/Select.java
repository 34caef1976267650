package io.github.fornada.async;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for several channels at once and performs exactly one of several receives and sends: the
 * first that becomes possible.
 *
 * <p>If several are possible at once, one is chosen at random, so that a busy channel does not
 * starve the others. The others have no effect: none of their elements is taken or sent.
 *
 * <p><b>Closed channels.</b> A receive from a channel that is closed and empty is ignored; when all
 * receives are ignored and there is no send, {@code await} throws {@link ChannelClosedException}.
 * So a loop may take from several sources until the last one ends. A channel that was closed with
 * an error makes {@code await} throw it; a send to a closed channel makes it throw too.
 *
 * <p><b>Memory effects and interrupts</b> are those of {@link Channel}'s methods. The functions of
 * the clauses run in the calling thread, without a lock.
 *
 * <p>A select is built and used by one thread at a time, and may be awaited any number of times.
 *
 * {@snippet :
 * var next = Select.<String>of()
 *     .receive(lines, line -> "line " + line)
 *     .receive(quit, q -> "the end")
 *     .send(requests, "more", () -> "asked for more")
 *     .after(Duration.ofSeconds(5), () -> "nothing for 5 s");
 * while (running) {
 *   System.out.println(next.await());
 * }
 * }
 *
 * <p>The idea is Go's {@code select}: all channels are locked, in the order of their numbers; the
 * thread then performs one clause, or begins to wait in all channels.
 *
 * @param <R> the type of the clauses' results
 */
public final class Select<R extends @Nullable Object> {
  private sealed interface Clause<R extends @Nullable Object> {
    Channel<?> channel();
  }

  private record Receive<T, R extends @Nullable Object>(
      Channel<T> channel, Function<? super T, ? extends R> then) implements Clause<R> {
    @Nullable Supplier<R> now() {
      var received = new Received<T, R>(then); // before the element leaves the channel
      received.element = channel.poll();
      return received.element == null ? null : received;
    }

    R from(ChannelWaiter waiter) {
      return then.apply(Objects.requireNonNull(channel.element(waiter)));
    }
  }

  /** Gives an element that was received to its clause. */
  private static final class Received<T, R extends @Nullable Object> implements Supplier<R> {
    private final Function<? super T, ? extends R> then;
    @Nullable T element;

    Received(Function<? super T, ? extends R> then) {
      this.then = then;
    }

    @Override
    public R get() {
      return then.apply(Objects.requireNonNull(element));
    }
  }

  private record Send<T, R extends @Nullable Object>(
      Channel<T> channel, T element, Supplier<? extends R> then) implements Clause<R> {
    @Nullable Supplier<? extends R> now() {
      return channel.offer(element) ? then : null;
    }
  }

  private final List<Clause<R>> clauses = new ArrayList<>();
  private final List<Channel<?>> channels = new ArrayList<>();
  private @Nullable Supplier<? extends R> otherwise;
  private @Nullable Duration timeout;
  private @Nullable Supplier<? extends R> afterTimeout;

  private Select() {}

  /** Returns a select without clauses. */
  public static <R extends @Nullable Object> Select<R> of() {
    return new Select<>();
  }

  /** Adds a receive from a channel; its result is what {@code then} returns for the element. */
  public <T> Select<R> receive(Channel<T> from, Function<? super T, ? extends R> then) {
    add(new Receive<>(from, Objects.requireNonNull(then, "then")));
    return this;
  }

  /** Adds a send of an element to a channel; its result is what {@code then} returns. */
  public <T> Select<R> send(Channel<T> to, T element, Supplier<? extends R> then) {
    Objects.requireNonNull(element, "element");
    add(new Send<>(to, element, Objects.requireNonNull(then, "then")));
    return this;
  }

  /**
   * Makes {@link #await} not wait: it returns {@code then}'s result if no clause is possible now.
   */
  public Select<R> orElse(Supplier<? extends R> then) {
    otherwise = Objects.requireNonNull(then, "then");
    return this;
  }

  /**
   * Makes each {@link #await} wait at most {@code timeout}, and then return {@code then}'s result.
   */
  public Select<R> after(Duration timeout, Supplier<? extends R> then) {
    this.timeout = Objects.requireNonNull(timeout, "timeout");
    afterTimeout = Objects.requireNonNull(then, "then");
    return this;
  }

  private void add(Clause<R> clause) {
    clauses.add(clause);
    if (!channels.contains(Objects.requireNonNull(clause.channel(), "channel"))) {
      channels.add(clause.channel());
      channels.sort(Comparator.comparingLong(channel -> channel.number));
    }
  }

  /**
   * Waits until one of the clauses has happened.
   *
   * @return the clause's result
   * @throws InterruptedException if the thread was interrupted; nothing was sent or received then
   * @throws ChannelClosedException if a channel was closed with an error or cannot be sent to, or
   *     if all are closed and empty
   * @throws IllegalStateException if there is no clause
   */
  public R await() throws InterruptedException {
    if (clauses.isEmpty()) {
      throw new IllegalStateException("a select needs a receive or a send; there is none");
    }
    Deadline deadline = timeout == null ? Deadline.NONE : Deadline.in(timeout);
    while (true) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while waiting for several channels");
      }
      var selection = new Selection();
      @Nullable ChannelWaiter[] waiters = new @Nullable ChannelWaiter[clauses.size()];
      Supplier<? extends R> then = nowOrQueue(selection, waiters);
      if (then != null) {
        return then.get();
      }
      ChannelWaiter winner = selection.await(this, deadline);
      leaveAll(waiters, winner);
      if (winner == null && afterTimeout != null && !Thread.currentThread().isInterrupted()) {
        return afterTimeout.get();
      }
      if (winner != null && winner.isDone()) {
        return happened(winner);
      }
    }
  }

  private R happened(ChannelWaiter winner) {
    return switch (clauses.get(winner.clause)) {
      case Receive<?, R> receive -> receive.from(winner);
      case Send<?, R> send -> send.then.get();
    };
  }

  /**
   * Performs a clause that is possible and returns the supplier of its result; else queues the
   * thread in all channels and returns null.
   */
  private @Nullable Supplier<? extends R> nowOrQueue(
      Selection selection, @Nullable ChannelWaiter[] waiters) {
    int locked = 0;
    try {
      for (Channel<?> channel : channels) {
        channel.lock();
        locked++;
      }
      boolean[] leftOut = new boolean[waiters.length];
      Supplier<? extends R> then = now(leftOut);
      if (then == null) {
        queue(selection, waiters, leftOut);
      }
      return then;
    } finally {
      while (locked > 0) {
        channels.get(--locked).unlock();
      }
    }
  }

  private @Nullable Supplier<? extends R> now(boolean[] leftOut) {
    int first = ThreadLocalRandom.current().nextInt(leftOut.length);
    int left = leftOut.length;
    for (int i = 0; i < leftOut.length; i++) {
      int at = (first + i) % leftOut.length;
      Clause<R> clause = clauses.get(at);
      if (clause instanceof Receive<?, R> && clause.channel().isDrained()) {
        leftOut[at] = true;
        left--;
        continue;
      }
      Supplier<? extends R> then =
          switch (clause) {
            case Receive<?, R> receive -> receive.now();
            case Send<?, R> send -> send.now();
          };
      if (then != null) {
        return then;
      }
    }
    if (left == 0) {
      throw new ChannelClosedException(
          "all channels of the select are closed and empty", (Throwable) null);
    }
    return otherwise;
  }

  private void queue(Selection selection, @Nullable ChannelWaiter[] waiters, boolean[] leftOut) {
    // All that needs memory comes before the first is queued: one that nobody waits for any more
    // would take an element.
    for (int i = 0; i < waiters.length; i++) {
      if (!leftOut[i]) {
        Object element = clauses.get(i) instanceof Send<?, R> send ? send.element : null;
        waiters[i] = new ChannelWaiter(element, selection, i);
      }
    }
    for (int i = 0; i < waiters.length; i++) {
      ChannelWaiter waiter = waiters[i];
      if (waiter == null) {
        continue;
      }
      Clause<R> clause = clauses.get(i);
      if (clause instanceof Send) {
        clause.channel().enqueueSender(waiter);
      } else {
        clause.channel().enqueueReceiver(waiter);
      }
    }
    for (int i = 0; i < channels.size(); i++) {
      channels.get(i).serve(); // something may have been sent or taken without the lock
    }
  }

  private void leaveAll(@Nullable ChannelWaiter[] waiters, @Nullable ChannelWaiter winner) {
    for (int i = 0; i < waiters.length; i++) {
      ChannelWaiter waiter = waiters[i];
      if (waiter != null && waiter != winner) {
        Channel<?> channel = clauses.get(i).channel();
        boolean _ =
            channel.leave(
                waiter, clauses.get(i) instanceof Send ? channel.senders() : channel.receivers());
      }
    }
  }
}
