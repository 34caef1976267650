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
 * Waits for several channels at once and does exactly one thing: the first that becomes possible of
 * some receives and sends.
 *
 * <p>Of several that are possible when it is asked, one is chosen at random, so that a busy channel
 * does not starve the others. Of the others nothing happens: no element of theirs is taken or sent.
 *
 * <p><b>Closed channels.</b> A receive from a channel that is closed and empty is left out; when
 * all are, and there is no send either, {@code await} throws {@link ChannelClosedException}. So a
 * loop may take from several sources until the last one ends. A channel that was closed with an
 * error makes {@code await} throw it, and a send to a closed channel does so too.
 *
 * <p><b>Memory effects and interrupts</b> are as with {@link Channel}'s own methods. What is to be
 * done with what was received runs in the calling thread, when no lock is held.
 *
 * <p>A select is set up and used by one thread at a time, as often as it likes.
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
 * thread then does the one thing, or begins to wait in all of them.
 *
 * @param <R> what the clauses give
 */
public final class Select<R extends @Nullable Object> {
  private sealed interface Clause<R extends @Nullable Object> {
    Channel<?> channel();
  }

  private record Receive<T, R extends @Nullable Object>(
      Channel<T> channel, Function<? super T, ? extends R> then) implements Clause<R> {
    Supplier<R> given(T element) {
      return () -> then.apply(element);
    }

    @Nullable Supplier<R> now() {
      T element = channel.poll();
      return element == null ? null : given(element);
    }

    Supplier<R> from(ChannelWaiter waiter) {
      return given(Objects.requireNonNull(channel.element(waiter)));
    }
  }

  private record Send<T, R extends @Nullable Object>(
      Channel<T> channel, T element, Supplier<? extends R> then) implements Clause<R> {
    @Nullable Supplier<R> now() {
      return channel.offer(element) ? then::get : null;
    }
  }

  private final List<Clause<R>> clauses = new ArrayList<>();
  private final List<Channel<?>> channels = new ArrayList<>();
  private @Nullable Supplier<? extends R> otherwise;
  private @Nullable Duration patience;
  private @Nullable Supplier<? extends R> tooLate;

  private Select() {}

  /** A select without clauses. */
  public static <R extends @Nullable Object> Select<R> of() {
    return new Select<>();
  }

  /** May receive from this channel; gives what the function makes of the element. */
  public <T> Select<R> receive(Channel<T> from, Function<? super T, ? extends R> then) {
    add(new Receive<>(from, Objects.requireNonNull(then, "then")));
    return this;
  }

  /** May send this element to this channel; then gives what the supplier does. */
  public <T> Select<R> send(Channel<T> to, T element, Supplier<? extends R> then) {
    Objects.requireNonNull(element, "element");
    add(new Send<>(to, element, Objects.requireNonNull(then, "then")));
    return this;
  }

  /** Waits for nothing: gives this if no clause is possible at once. */
  public Select<R> orElse(Supplier<? extends R> then) {
    otherwise = Objects.requireNonNull(then, "then");
    return this;
  }

  /** Waits at most so long, counted from each {@link #await}, and then gives this. */
  public Select<R> after(Duration time, Supplier<? extends R> then) {
    patience = Objects.requireNonNull(time, "time");
    tooLate = Objects.requireNonNull(then, "then");
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
   * @return what the clause gives
   * @throws InterruptedException if the thread was interrupted; nothing was sent or received then
   * @throws ChannelClosedException if a channel was closed with an error or cannot be sent to, or
   *     if all are closed and empty
   * @throws IllegalStateException if there is no clause
   */
  public R await() throws InterruptedException {
    if (clauses.isEmpty()) {
      throw new IllegalStateException("a select needs a receive or a send; there is none");
    }
    Deadline deadline = patience == null ? Deadline.NONE : Deadline.in(patience);
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
      if (winner == null && tooLate != null && !Thread.currentThread().isInterrupted()) {
        return tooLate.get();
      }
      if (winner != null && winner.isDone()) {
        return happened(winner);
      }
    }
  }

  private R happened(ChannelWaiter winner) {
    return switch (clauses.get(winner.clause)) {
      case Receive<?, R> receive -> receive.from(winner).get();
      case Send<?, R> send -> send.then.get();
    };
  }

  /** What to do if something was possible; else null, and the thread is queued everywhere. */
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
      Supplier<R> then =
          switch (clause) {
            case Receive<?, R> receive -> receive.now();
            case Send<?, R> send -> send.now();
          };
      if (then != null) {
        return then;
      }
    }
    if (left == 0) {
      throw new ChannelClosedException("all channels of the select are closed and empty", null);
    }
    return otherwise;
  }

  private void queue(Selection selection, @Nullable ChannelWaiter[] waiters, boolean[] leftOut) {
    for (int i = 0; i < waiters.length; i++) {
      if (leftOut[i]) {
        continue;
      }
      waiters[i] =
          switch (clauses.get(i)) {
            case Receive<?, R>(var channel, var _) -> {
              var waiter = new ChannelWaiter(null, selection, i);
              channel.enqueueReceiver(waiter);
              yield waiter;
            }
            case Send<?, R>(var channel, var element, var _) -> {
              var waiter = new ChannelWaiter(element, selection, i);
              channel.enqueueSender(waiter);
              yield waiter;
            }
          };
    }
    channels.forEach(Channel::serve); // something may have been sent or taken without the lock
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
