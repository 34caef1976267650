package io.github.fornada.async;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Channel} is inside: a ring that needs no lock, and beside it, under a lock, the
 * threads that wait. Apart from the channel for its length only.
 */
abstract sealed class Exchange<T> permits Channel {
  /** How often a thread looks whether the lock is free before it waits for it in earnest. */
  private static final int LOCK_SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 32 : 0;

  /**
   * Up to this capacity the other side has to come for each element, and does so soon if it has a
   * processor: {@link Patience}. With a longer buffer it is better to be woken late and to find
   * many.
   */
  private static final int LONGEST_TO_SPIN_FOR = 4; // Guess

  private static final AtomicLong NUMBERS = new AtomicLong();

  /** A select that has several locks takes them in the order of these. */
  final long number = NUMBERS.incrementAndGet();

  private final ReentrantLock lock = new ReentrantLock();

  /** What was sent and not received; null for a rendezvous. Needs no lock. */
  private final @Nullable Ring ring;

  /** Some thread waits to send, or to receive. */
  private static final int SENDERS = 1;

  private static final int RECEIVERS = 2;

  /** There is no ring: nothing goes without the lock. */
  private static final int RENDEZVOUS = 4;

  /**
   * Not 0 if whoever sends or receives must do so under the lock, and after it has used the ring
   * look after those who wait. Written under the lock; read by any thread, before it uses the ring
   * and after. A thread that begins to wait sets its bit and then looks at the ring once more, so
   * that one of the two sees the other.
   */
  private volatile int attention;

  /** Whether a waiting thread looks before it parks; null for never. */
  private final @Nullable Patience patience;

  // Guarded by the lock. While a receiver waits there is no element and no sender; while a sender
  // waits there is no room. Both holds whenever serve() has returned.
  private final WaiterQueue senders = new WaiterQueue();
  private final WaiterQueue receivers = new WaiterQueue();

  /** Waiters whose wait was ended and who are to be woken when the lock is free, linked by next. */
  private @Nullable Waiter woken;

  // Arrows: OPEN -> DONE -> FAILED, OPEN -> FAILED.
  private State state = State.OPEN;

  /** Set with FAILED. */
  private @Nullable Throwable error;

  private enum State {
    OPEN,
    DONE,
    FAILED
  }

  Exchange(@Nullable Ring ring) {
    this.ring = ring;
    this.attention = ring == null ? RENDEZVOUS : 0;
    this.patience =
        Waiter.SPINS > 0 && (ring == null || ring.capacity() <= LONGEST_TO_SPIN_FOR)
            ? new Patience()
            : null;
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
    Waiter waiter = woken;
    woken = null;
    lock.unlock();
    while (waiter != null) {
      Waiter next = waiter.next; // a waiter that is woken is used no more
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
      Waiter receiver = receivers.claimFirst();
      if (receiver != null) {
        hand(element, receiver);
      }
      return receiver != null;
    }
    serve();
    if (!senders.isEmpty() || !ring.offer(element)) {
      return false; // it is not its turn, or there is no room
    }
    serve();
    return true;
  }

  /** Receives an element if there is one; null if not. */
  @Nullable T poll() {
    serve();
    Object element = null;
    if (ring == null) {
      Waiter sender = senders.claimFirst();
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

  /** Lets a thread wait to send; to be followed by {@link #serve}. */
  void enqueueSender(Waiter waiter) {
    senders.add(waiter);
    showWaiters();
  }

  /** Lets a thread wait to receive; to be followed by {@link #serve}. */
  void enqueueReceiver(Waiter waiter) {
    receivers.add(waiter);
    showWaiters();
  }

  /** Ends the waits that can be ended: those for elements that are there, those for room. */
  void serve() {
    if (ring == null) {
      return; // in a rendezvous whoever comes serves one who waits
    }
    boolean admitted;
    do {
      for (Waiter receiver = receivers.first(); receiver != null; receiver = receivers.first()) {
        if (receiver.isShared() ? !serveShared(receiver, ring) : !serveOne(receiver, ring)) {
          break;
        }
      }
      admitted = false;
      for (Waiter sender = senders.first(); sender != null; sender = senders.first()) {
        if (sender.isShared() ? !admitShared(sender, ring) : !admitOne(sender, ring)) {
          break;
        }
        admitted = true;
      }
    } while (admitted && !receivers.isEmpty());
    showWaiters();
  }

  private boolean serveOne(Waiter receiver, Ring ring) {
    Object element = ring.poll();
    if (element == null) {
      return false;
    }
    boolean _ = receivers.remove(receiver);
    hand(element, receiver);
    return true;
  }

  /**
   * Its thread may be served by another channel at any moment, so it has to be claimed before the
   * element is taken; and by then a thread that had not seen the attention may have taken it.
   */
  private boolean serveShared(Waiter receiver, Ring ring) {
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

  private boolean admitOne(Waiter sender, Ring ring) {
    if (!ring.admit(Objects.requireNonNull(sender.element))) {
      return false;
    }
    boolean _ = senders.remove(sender);
    complete(sender);
    return true;
  }

  /** As {@link #serveShared}. */
  private boolean admitShared(Waiter sender, Ring ring) {
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

  private void hand(Object element, Waiter receiver) {
    receiver.element = element;
    complete(receiver);
  }

  private void complete(Waiter waiter) {
    if (waiter.complete()) {
      wakeLater(waiter);
    }
  }

  private void completeToRetry(Waiter waiter) {
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

  /** Whether it was closed without an error and has no more. */
  boolean isDrained() {
    return state == State.DONE && isEmpty();
  }

  WaiterQueue senders() {
    return senders;
  }

  WaiterQueue receivers() {
    return receivers;
  }

  private void wakeLater(Waiter waiter) {
    waiter.next = woken;
    woken = waiter;
  }

  private void endWaits(WaiterQueue queue) {
    for (Waiter waiter = queue.claimFirst(); waiter != null; waiter = queue.claimFirst()) {
      completeToRetry(waiter);
    }
    showWaiters();
  }

  private ChannelClosedException closedException() {
    return state == State.FAILED
        ? new ChannelClosedException("the channel was closed with an error: " + error, error)
        : new ChannelClosedException("the channel is closed", null);
  }

  // ---- the end

  /** Takes no more; what was sent before is still received. */
  void finish() {
    lock();
    try {
      if (state == State.OPEN) {
        state = State.DONE;
        if (ring != null) {
          ring.close();
          serve(); // what was sent before, by a thread that waits for the lock now
        }
        endWaits(receivers); // while one waits there is no element and no sender
      }
    } finally {
      unlock();
    }
  }

  /** Ends it for both sides; false if it had ended so far already. */
  boolean fail(Throwable error) {
    lock();
    try {
      if (state == State.FAILED || isDrained()) {
        return false;
      }
      state = State.FAILED;
      this.error = error;
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

  boolean isFinished() {
    lock();
    try {
      return state != State.OPEN;
    } finally {
      unlock();
    }
  }

  // ---- not under the lock

  /** Sends an element if that is possible and nobody waits. */
  boolean offerUnlocked(T element) {
    if (attention != 0 || ring == null || !ring.offer(element)) {
      return false;
    }
    if (attention != 0) {
      serveUnlocked();
    }
    return true;
  }

  /** Receives an element if there is one and nobody waits. */
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

  /** Looks after a thread that began to wait while this one used the ring. */
  private void serveUnlocked() {
    lock();
    try {
      serve();
    } finally {
      unlock();
    }
  }

  /** Waits until the wait is over, the thread is interrupted, or the deadline has passed. */
  void await(Waiter own, Deadline deadline) {
    if (patience != null && patience.isWorthALook()) {
      boolean over = own.isOverSoon();
      patience.tell(over);
      if (over) {
        return;
      }
    }
    own.await(this, deadline);
  }

  /** What to throw when a wait here was ended by closing. */
  ChannelClosedException closed() {
    lock();
    try {
      return closedException();
    } finally {
      unlock();
    }
  }

  /** Whether a receive would now throw, and so would every later one. */
  boolean isOver() {
    lock();
    try {
      return state == State.FAILED || isDrained();
    } finally {
      unlock();
    }
  }

  /** Gives up a wait; false if it was ended by somebody in the meantime. */
  boolean leave(Waiter waiter, WaiterQueue queue) {
    lock();
    try {
      boolean left = queue.remove(waiter);
      showWaiters();
      return left;
    } finally {
      unlock();
    }
  }

  @SuppressWarnings("unchecked") // everything in here came in as a T
  private @Nullable T cast(@Nullable Object element) {
    return (T) element;
  }

  @Nullable T element(Waiter receiver) {
    return cast(receiver.element);
  }

  static void throwIfInterrupted() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting for a channel");
    }
  }
}
