package io.github.fornada.async;

import java.time.Duration;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A queue of bounded length through which tasks hand elements to each other, which can be closed,
 * and of which several can be waited for at once ({@link Select}).
 *
 * <p>Any number of threads may send and receive, virtual and platform threads alike. Elements come
 * out in the order in which they went in, each exactly once. Threads that wait are served in the
 * order of their coming; an element goes straight to the thread that has waited longest, so that no
 * other can take it first. Elements are never null.
 *
 * <p><b>Closing.</b> {@link #close} says that no more will be sent: what is in the channel is still
 * received, and what threads were waiting to send when it was called is too. {@link
 * #closeWithError} ends the channel for both sides at once: whoever sends, receives or waits gets
 * that error. A consumer that gives up uses it so that producers do not wait for ever.
 *
 * <p><b>Memory effects.</b> What a thread did before it sent an element happens-before it is
 * received. What a thread did before a receive happens-before the end of the send for which that
 * receive made room.
 *
 * <p><b>Interrupts.</b> An interrupted send has sent nothing, an interrupted receive has taken
 * nothing. Where the element had gone over when the interrupt came, the call returns normally and
 * leaves the thread's interrupt status set. A thread that is interrupted already, when it calls a
 * method that may wait, gets the {@link InterruptedException} at once.
 *
 * {@snippet :
 * var lines = Channel.<String>bounded(16);
 * try (var scope = TaskScope.open()) {
 *   scope.fork(() -> {
 *     try (lines) { // closes it: the loop below ends
 *       for (String line; (line = in.readLine()) != null; ) {
 *         lines.send(line);
 *       }
 *     }
 *     return null;
 *   });
 *   for (String line : lines) {
 *     index(line);
 *   }
 *   scope.join();
 * }
 * }
 *
 * <p>The idea is that of Hoare's <i>Communicating Sequential Processes</i> (1978), by way of Go's
 * channels, whose locking of several at once {@link Select} follows.
 *
 * @param <T> the elements
 */
public final class Channel<T> extends Exchange<T> implements AutoCloseable, Iterable<T> {
  private Channel(@Nullable Ring ring) {
    super(ring);
  }

  /**
   * A channel that holds so many elements that were sent and not yet received; a send beyond that
   * waits. Room for them, some 12 bytes each, is made at once.
   *
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public static <T> Channel<T> bounded(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "capacity must be at least 1, got "
              + capacity
              + "; Channel.rendezvous() is a channel that holds nothing");
    }
    return new Channel<>(new Ring(capacity));
  }

  /** A channel that holds nothing: a send waits until its element is received. */
  public static <T> Channel<T> rendezvous() {
    return new Channel<>(null);
  }

  // ---- sending

  /**
   * Sends an element; waits while the channel is full.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was sent then
   * @throws ChannelClosedException if the channel is closed
   */
  public void send(T element) throws InterruptedException {
    sendBefore(element, Deadline.NONE);
  }

  /**
   * Sends an element if that is possible without waiting: there is room, or a thread waits for it.
   *
   * @return whether it was sent
   * @throws ChannelClosedException if the channel is closed
   */
  public boolean trySend(T element) {
    Objects.requireNonNull(element, "element");
    if (offerUnlocked(element)) {
      return true;
    }
    lock();
    try {
      return offer(element);
    } finally {
      unlock();
    }
  }

  /**
   * Sends an element; waits at most so long while the channel is full.
   *
   * @return whether it was sent
   * @throws InterruptedException if the thread was interrupted; nothing was sent then
   * @throws ChannelClosedException if the channel is closed
   */
  public boolean trySend(T element, Duration time) throws InterruptedException {
    return sendBefore(element, Deadline.in(time));
  }

  private boolean sendBefore(T element, Deadline deadline) throws InterruptedException {
    Objects.requireNonNull(element, "element");
    throwIfInterrupted();
    if (offerUnlocked(element)) {
      return true;
    }
    Waiter own;
    lock();
    try {
      if (offer(element)) {
        return true;
      }
      own = new Waiter(element, null, 0);
      enqueueSender(own);
      serve();
    } finally {
      unlock();
    }
    await(own, deadline);
    if (!own.isOver() && leave(own, senders())) {
      throwIfInterrupted();
      return false;
    }
    if (!own.isDone()) {
      throw closed();
    }
    return true;
  }

  // ---- receiving

  /**
   * Receives an element; waits while there is none.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws ChannelClosedException if the channel is closed and has no more
   */
  public T receive() throws InterruptedException {
    return Objects.requireNonNull(receiveBefore(Deadline.NONE)); // null only after a deadline
  }

  /**
   * Receives an element if there is one.
   *
   * @return null if there is none now
   * @throws ChannelClosedException if the channel is closed and has no more
   */
  public @Nullable T tryReceive() {
    T element = pollUnlocked();
    if (element != null) {
      return element;
    }
    lock();
    try {
      return poll();
    } finally {
      unlock();
    }
  }

  /**
   * Receives an element; waits at most so long while there is none.
   *
   * @return null if there was none in that time
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws ChannelClosedException if the channel is closed and has no more
   */
  public @Nullable T tryReceive(Duration time) throws InterruptedException {
    return receiveBefore(Deadline.in(time));
  }

  private @Nullable T receiveBefore(Deadline deadline) throws InterruptedException {
    throwIfInterrupted();
    T element = pollUnlocked();
    if (element != null) {
      return element;
    }
    Waiter own;
    lock();
    try {
      element = poll();
      if (element != null) {
        return element;
      }
      own = new Waiter(null, null, 0);
      enqueueReceiver(own);
      serve();
    } finally {
      unlock();
    }
    await(own, deadline);
    if (!own.isOver() && leave(own, receivers())) {
      throwIfInterrupted();
      return null;
    }
    if (!own.isDone()) {
      throw closed();
    }
    return element(own);
  }

  // ---- closing

  /**
   * Says that no more will be sent. Elements sent before are still received, those of threads that
   * wait to send among them; then receivers get a {@link ChannelClosedException}, and loops over
   * the channel end. Does nothing if the channel is closed. Never waits.
   */
  @Override
  public void close() {
    finish();
  }

  /**
   * Ends the channel with an error. Elements that were not received are dropped; whoever waits here
   * or comes later gets a {@link ChannelClosedException} with that cause. Also ends a channel that
   * was closed and has elements left. Never waits.
   *
   * @return whether this is now the channel's error; false if it had one, or was closed and empty
   */
  public boolean closeWithError(Throwable error) {
    return fail(Objects.requireNonNull(error, "error"));
  }

  /** Whether nothing can be sent any more. There may be elements left to receive. */
  public boolean isClosed() {
    return isFinished();
  }

  // ---- all of it

  /**
   * The elements until the channel is closed; several loops share them, each element is in one.
   *
   * <p>{@code hasNext} waits, and takes the element it promises: between the two calls it is in the
   * iterator's hands. If the channel was closed with an error, {@code hasNext} throws it as a
   * {@link ChannelClosedException}. An interrupt makes it throw {@link CancellationException}, with
   * the interrupt status still set.
   */
  @Override
  public Iterator<T> iterator() {
    return new Elements<>(this::receiveOrNull, false);
  }

  /**
   * The elements until the channel is closed, as a lazy stream; as {@link #iterator} otherwise.
   * Takes no element that the stream does not ask for. Closing the stream does not close the
   * channel.
   */
  public Stream<T> stream() {
    return new Elements<>(this::receiveOrNull, false).stream();
  }

  /** As {@link #receive}, but null if the channel is done and has no more. */
  @Nullable T receiveOrNull() throws InterruptedException {
    try {
      return receive();
    } catch (ChannelClosedException e) {
      if (e.getCause() == null) {
        return null;
      }
      throw e;
    }
  }
}
