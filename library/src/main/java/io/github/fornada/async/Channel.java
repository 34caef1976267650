package io.github.fornada.async;

import java.time.Duration;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue through which threads hand elements to each other. It can be closed, and several
 * can be waited for at once ({@link Select}).
 *
 * <p>Any number of threads may send and receive, virtual and platform threads alike. Elements come
 * out in the order in which they went in, each exactly once. Waiting threads are served in FIFO
 * order; an element goes straight to the thread that has waited longest, so that no other thread
 * can take it first. Elements are never null.
 *
 * <p><b>Closing.</b> {@link #close} ends sending: elements in the channel, and those of threads
 * that were waiting to send, are still received. {@link #closeWithError} ends the channel for both
 * sides at once: threads that send, receive or wait get that error. A consumer that gives up calls
 * it so that producers do not wait forever.
 *
 * <p><b>Memory effects.</b> What a thread did before it sent an element happens-before it is
 * received. What a thread did before a receive happens-before the end of the send for which that
 * receive made room.
 *
 * <p><b>Interrupts.</b> An interrupted send has sent nothing, an interrupted receive has taken
 * nothing. If the element had been handed over when the interrupt came, the call returns normally
 * and leaves the thread's interrupt status set. A method that may wait throws {@link
 * InterruptedException} at once if the calling thread is interrupted already.
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
 * @param <T> the type of the elements
 */
public final class Channel<T> implements AutoCloseable, Iterable<T> {
  /** How often a thread tries the lock before it blocks for it. */
  private static final int LOCK_SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 32 : 0;

  /**
   * Up to this capacity the other side must act for nearly each element, and does so soon if it has
   * a processor, so waiting threads may spin: see {@link SpinAdvice}. With a larger buffer it is
   * better to be woken late and to find many elements.
   */
  private static final int LONGEST_TO_SPIN_FOR = 4; // Guess

  private static final AtomicLong NUMBERS = new AtomicLong();

  /** A select takes the locks of several channels in the order of these numbers. */
  final long number = NUMBERS.incrementAndGet();

  private final ReentrantLock lock = new ReentrantLock();

  /** Elements that were sent and not yet received; null for a rendezvous. Needs no lock. */
  private final @Nullable Ring ring;

  /** Bits of {@link #attention}: a thread waits to send, or to receive. */
  private static final int SENDERS = 1;

  private static final int RECEIVERS = 2;

  /** Bit of {@link #attention}: there is no ring, so every operation needs the lock. */
  private static final int RENDEZVOUS = 4;

  /**
   * If not 0, threads must send and receive under the lock, and threads that have used the ring
   * must serve those that wait. Written under the lock; read by any thread, before and after it
   * uses the ring. A thread that begins to wait sets its bit and then checks the ring once more. A
   * thread that uses the ring does so first and then reads this. So at least one of the two sees
   * the other.
   */
  private volatile int attention;

  /** Whether a waiting thread spins before it parks; null for never. */
  private final @Nullable SpinAdvice spinAdvice;

  // Guarded by the lock. While a receiver waits there is no element and no sender; while a sender
  // waits there is no room. Both hold whenever serve() has returned.
  private final ChannelWaiters senders = new ChannelWaiters();
  private final ChannelWaiters receivers = new ChannelWaiters();

  /** Waiters whose wait has ended, to be woken when the lock is free; linked by {@code next}. */
  private @Nullable ChannelWaiter woken;

  // OPEN -> DONE -> FAILED, OPEN -> FAILED. Guarded by the lock.
  private State state = State.OPEN;

  /** Set with FAILED. Guarded by the lock. */
  private @Nullable ErrorText error;

  private enum State {
    OPEN,
    DONE,
    FAILED
  }

  private Channel(@Nullable Ring ring) {
    this.ring = ring;
    this.attention = ring == null ? RENDEZVOUS : 0;
    this.spinAdvice =
        ChannelWaiter.SPINS > 0 && (ring == null || ring.capacity() <= LONGEST_TO_SPIN_FOR)
            ? new SpinAdvice()
            : null;
  }

  // ---- opening

  /**
   * Returns a channel that holds at most {@code capacity} elements that were sent and not yet
   * received; a send beyond that waits. Memory for them, about 12 bytes each, is allocated at once.
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

  /** Returns a channel that holds nothing: a send waits until its element is received. */
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
   * Sends an element if there is room, or a thread waits for it. Never waits.
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
   * Sends an element; waits at most {@code timeout} while the channel is full.
   *
   * @return whether it was sent
   * @throws InterruptedException if the thread was interrupted; nothing was sent then
   * @throws ChannelClosedException if the channel is closed
   */
  public boolean trySend(T element, Duration timeout) throws InterruptedException {
    return sendBefore(element, Deadline.in(timeout));
  }

  private boolean sendBefore(T element, Deadline deadline) throws InterruptedException {
    Objects.requireNonNull(element, "element");
    throwIfInterrupted();
    if (offerUnlocked(element)) {
      return true;
    }
    ChannelWaiter own;
    lock();
    try {
      if (offer(element)) {
        return true;
      }
      own = new ChannelWaiter(element, null, 0);
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
   * Receives an element if there is one. Never waits.
   *
   * @return the element; null if there is none now
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
   * Receives an element; waits at most {@code timeout} while there is none.
   *
   * @return the element; null if there was none in that time
   * @throws InterruptedException if the thread was interrupted; nothing was taken then
   * @throws ChannelClosedException if the channel is closed and has no more
   */
  public @Nullable T tryReceive(Duration timeout) throws InterruptedException {
    return receiveBefore(Deadline.in(timeout));
  }

  private @Nullable T receiveBefore(Deadline deadline) throws InterruptedException {
    throwIfInterrupted();
    T element = pollUnlocked();
    if (element != null) {
      return element;
    }
    ChannelWaiter own;
    lock();
    try {
      element = poll();
      if (element != null) {
        return element;
      }
      own = new ChannelWaiter(null, null, 0);
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
   * Ends sending. Elements sent before are still received, and so are those of threads that wait to
   * send; then receivers get a {@link ChannelClosedException}, and loops over the channel end. Does
   * nothing if the channel is closed. Never waits.
   */
  @Override
  public void close() {
    lock();
    try {
      if (state == State.OPEN) {
        state = State.DONE;
        if (ring != null) {
          ring.close();
          serve(); // elements sent before by threads that now wait for the lock
        }
        endWaits(receivers); // while a receiver waits there is no element and no sender
      }
    } finally {
      unlock();
    }
  }

  /**
   * Ends the channel with an error. Elements that were not received are dropped; threads that wait,
   * or come later, get a {@link ChannelClosedException} with that cause. Also ends a channel that
   * was closed and has elements left. Never waits, and calls no method of {@code error}: its text
   * is made when the message of such an exception is first read.
   *
   * @return whether {@code error} is now the channel's error; false if it had one before, or was
   *     closed and empty
   */
  public boolean closeWithError(Throwable error) {
    Objects.requireNonNull(error, "error");
    lock();
    try {
      if (state == State.FAILED || isDrained()) {
        return false;
      }
      state = State.FAILED;
      this.error = new ErrorText(error);
      if (ring != null) {
        ring.close();
        while (ring.poll() != null) {
          // Dropped.
        }
      }
      endWaits(senders);
      endWaits(receivers);
      return true;
    } finally {
      unlock();
    }
  }

  /** Whether sending has ended. There may be elements left to receive. */
  public boolean isClosed() {
    lock();
    try {
      return state != State.OPEN;
    } finally {
      unlock();
    }
  }

  // ---- iterating

  /**
   * Returns an iterator over the elements until the channel is closed. Several iterators share the
   * elements: each element goes to one of them.
   *
   * <p>{@code hasNext} waits, and takes the element from the channel; the iterator holds it until
   * {@code next}. If the channel was closed with an error, {@code hasNext} throws it as a {@link
   * ChannelClosedException}. An interrupt makes it throw {@link CancellationException}, with the
   * interrupt status still set.
   */
  @Override
  public Iterator<T> iterator() {
    return new Elements<>(this::receiveOrNull, false);
  }

  /**
   * Returns a lazy stream of the elements until the channel is closed; otherwise like {@link
   * #iterator}. Takes no element that the stream does not ask for. Closing the stream does not
   * close the channel.
   */
  public Stream<T> stream() {
    return new Elements<>(this::receiveOrNull, false).stream();
  }

  /** Receives an element like {@link #receive}; returns null if the channel is closed and empty. */
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

  // ---- under the lock; a Select holds several

  void lock() {
    for (int i = LOCK_SPINS; !lock.tryLock(); i--) {
      if (i <= 0) {
        lock.lock();
        return;
      }
      Thread.onSpinWait();
    }
  }

  void unlock() {
    ChannelWaiter waiter = woken;
    woken = null;
    lock.unlock();
    while (waiter != null) {
      ChannelWaiter next = waiter.next; // a waiter is not used again after it was woken
      waiter.wake();
      waiter = next;
    }
  }

  /** Sends an element if that is possible now. */
  boolean offer(T element) {
    if (state != State.OPEN) {
      throw closedException();
    }
    if (ring == null) {
      ChannelWaiter receiver = receivers.claimFirst();
      if (receiver != null) {
        hand(element, receiver);
      }
      return receiver != null;
    }
    serve();
    if (!senders.isEmpty() || !ring.offer(element)) {
      return false; // other senders come first, or there is no room
    }
    serve();
    return true;
  }

  /** Receives an element if there is one now; null if not. */
  @Nullable T poll() {
    serve();
    Object element = null;
    if (ring == null) {
      ChannelWaiter sender = senders.claimFirst();
      if (sender != null) {
        element = sender.element;
        complete(sender);
      }
    } else if (receivers.isEmpty()) {
      element = ring.poll();
      serve();
    }
    if (element == null && state != State.OPEN && isEmpty()) {
      throw closedException();
    }
    return cast(element);
  }

  /** Queues a thread that waits to send; the caller must then call {@link #serve}. */
  void enqueueSender(ChannelWaiter waiter) {
    senders.add(waiter);
    showWaiters();
  }

  /** Queues a thread that waits to receive; the caller must then call {@link #serve}. */
  void enqueueReceiver(ChannelWaiter waiter) {
    receivers.add(waiter);
    showWaiters();
  }

  /**
   * Ends every wait that can be ended: receivers while there are elements, senders while there is
   * room.
   */
  void serve() {
    if (ring == null) {
      return; // in a rendezvous each arriving thread serves a waiting one
    }
    boolean admitted;
    do {
      for (ChannelWaiter receiver = receivers.first();
          receiver != null;
          receiver = receivers.first()) {
        if (receiver.isShared() ? !serveShared(receiver, ring) : !serveOne(receiver, ring)) {
          break;
        }
      }
      admitted = false;
      for (ChannelWaiter sender = senders.first(); sender != null; sender = senders.first()) {
        if (sender.isShared() ? !admitShared(sender, ring) : !admitOne(sender, ring)) {
          break;
        }
        admitted = true;
      }
    } while (admitted && !receivers.isEmpty());
    showWaiters();
  }

  private boolean serveOne(ChannelWaiter receiver, Ring ring) {
    Object element = ring.poll();
    if (element == null) {
      return false;
    }
    boolean _ = receivers.remove(receiver);
    hand(element, receiver);
    return true;
  }

  /**
   * Serves a receiver that waits in several channels. Another channel may serve it at any moment,
   * so it must be claimed before an element is taken. By then a thread that had not seen {@link
   * #attention} may have taken the element; the receiver must then retry.
   */
  private boolean serveShared(ChannelWaiter receiver, Ring ring) {
    if (ring.isEmpty()) {
      return false;
    }
    boolean _ = receivers.remove(receiver);
    if (receiver.claim()) {
      Object element = ring.poll();
      if (element == null) {
        completeToRetry(receiver);
      } else {
        hand(element, receiver);
      }
    }
    return true;
  }

  private boolean admitOne(ChannelWaiter sender, Ring ring) {
    if (!ring.admit(Objects.requireNonNull(sender.element))) {
      return false;
    }
    boolean _ = senders.remove(sender);
    complete(sender);
    return true;
  }

  /**
   * Admits the element of a sender that waits in several channels. Claims first, for the same
   * reason as {@link #serveShared}.
   */
  private boolean admitShared(ChannelWaiter sender, Ring ring) {
    if (ring.isFull()) {
      return false;
    }
    boolean _ = senders.remove(sender);
    if (sender.claim()) {
      if (ring.admit(Objects.requireNonNull(sender.element))) {
        complete(sender);
      } else {
        completeToRetry(sender);
      }
    }
    return true;
  }

  private void hand(Object element, ChannelWaiter receiver) {
    receiver.element = element;
    complete(receiver);
  }

  private void complete(ChannelWaiter waiter) {
    if (waiter.complete()) {
      wakeLater(waiter);
    }
  }

  private void completeToRetry(ChannelWaiter waiter) {
    if (waiter.completeToRetry()) {
      wakeLater(waiter);
    }
  }

  private void showWaiters() {
    int now =
        (ring == null ? RENDEZVOUS : 0)
            | (senders.isEmpty() ? 0 : SENDERS)
            | (receivers.isEmpty() ? 0 : RECEIVERS);
    if (now != attention) {
      attention = now;
    }
  }

  private boolean isEmpty() {
    return senders.isEmpty() && (ring == null || ring.isEmpty());
  }

  /** Returns whether it was closed without an error and has no more elements. */
  boolean isDrained() {
    return state == State.DONE && isEmpty();
  }

  ChannelWaiters senders() {
    return senders;
  }

  ChannelWaiters receivers() {
    return receivers;
  }

  private void wakeLater(ChannelWaiter waiter) {
    waiter.next = woken;
    woken = waiter;
  }

  private void endWaits(ChannelWaiters queue) {
    for (ChannelWaiter waiter = queue.claimFirst(); waiter != null; waiter = queue.claimFirst()) {
      completeToRetry(waiter);
    }
    showWaiters();
  }

  /** Calls no method of the error: its class is the user's, and locks are held. */
  private ChannelClosedException closedException() {
    return state == State.FAILED
        ? new ChannelClosedException(
            "the channel was closed with an error: ", Objects.requireNonNull(error))
        : new ChannelClosedException("the channel is closed", (Throwable) null);
  }

  // ---- not under the lock

  /** Sends an element if there is room and no thread waits. */
  boolean offerUnlocked(T element) {
    if (attention != 0 || ring == null || !ring.offer(element)) {
      return false;
    }
    if (attention != 0) {
      serveUnlocked();
    }
    return true;
  }

  /** Receives an element if there is one and no thread waits. */
  @Nullable T pollUnlocked() {
    if (attention != 0 || ring == null) {
      return null;
    }
    Object element = ring.poll();
    if (element != null && attention != 0) {
      serveUnlocked();
    }
    return cast(element);
  }

  /** Serves a thread that began to wait while this one used the ring. */
  private void serveUnlocked() {
    lock();
    try {
      serve();
    } finally {
      unlock();
    }
  }

  /** Waits until the wait is over, the thread is interrupted, or the deadline has passed. */
  void await(ChannelWaiter own, Deadline deadline) {
    if (spinAdvice != null && spinAdvice.shouldSpin()) {
      boolean over = own.isOverSoon();
      spinAdvice.record(over);
      if (over) {
        return;
      }
    }
    own.await(this, deadline);
  }

  /** Returns the exception for a wait that closing has ended. */
  ChannelClosedException closed() {
    lock();
    try {
      return closedException();
    } finally {
      unlock();
    }
  }

  /** Returns whether every receive would throw from now on. */
  boolean isOver() {
    lock();
    try {
      return state == State.FAILED || isDrained();
    } finally {
      unlock();
    }
  }

  /** Gives up a wait; false if another thread has ended it in the meantime. */
  boolean leave(ChannelWaiter waiter, ChannelWaiters queue) {
    lock();
    try {
      boolean left = queue.remove(waiter);
      showWaiters();
      return left;
    } finally {
      unlock();
    }
  }

  @SuppressWarnings("unchecked") // every element was sent as a T
  private @Nullable T cast(@Nullable Object element) {
    return (T) element;
  }

  @Nullable T element(ChannelWaiter receiver) {
    return cast(receiver.element);
  }

  static void throwIfInterrupted() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting for a channel");
    }
  }
}
