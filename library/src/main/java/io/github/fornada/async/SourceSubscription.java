package io.github.fornada.async;

import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Sources;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A subscription to a source that blocks: a virtual thread takes elements when they were requested.
 * Only that thread signals, so signals never overlap.
 */
final class SourceSubscription<T> implements Flow.Subscription, Runnable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();

  // Guarded by the lock.
  private long demand;
  private boolean cancelled;
  private @Nullable IllegalArgumentException badRequest;

  /**
   * Whether the thread runs the source's code, where it may be interrupted, and not the
   * subscriber's.
   */
  private boolean inSource;

  // Used by the subscription's thread only, and dropped at its end, so that a subscription that is
  // over does not keep them alive.
  private @Nullable Iterable<? extends T> source;
  private Flow.@Nullable Subscriber<? super T> subscriber;

  private @Nullable Thread thread;

  private SourceSubscription(Iterable<? extends T> source, Flow.Subscriber<? super T> subscriber) {
    this.source = source;
    this.subscriber = subscriber;
  }

  static <T> void start(Iterable<? extends T> source, Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    var subscription = new SourceSubscription<T>(source, subscriber);
    Thread runner = Thread.ofVirtual().name("fornada-publisher").unstarted(subscription);
    subscription.thread = runner; // set before any other thread has the subscription
    subscriber.onSubscribe(subscription);
    runner.start();
  }

  @Override
  public void request(long n) {
    lock.lock();
    try {
      if (n <= 0) {
        badRequest =
            new IllegalArgumentException(
                "a subscriber must request at least 1, got " + n + " (Reactive Streams, 3.9)");
        interruptSource();
      } else {
        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
      }
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void cancel() {
    lock.lock();
    try {
      cancelled = true;
      interruptSource();
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  private void interruptSource() {
    if (inSource && thread != null && thread != Thread.currentThread()) {
      Interrupts.send(thread);
    }
  }

  @Override
  public void run() {
    Iterable<? extends T> from = source;
    Flow.Subscriber<? super T> to = subscriber;
    if (from == null || to == null) {
      return; // not the subscription's own thread has called this
    }
    try {
      Throwable failure = null;
      try {
        if (!emit(from, to)) {
          return;
        }
      } catch (SubscriberFailed e) {
        Log.get().log(System.Logger.Level.WARNING, "a subscriber threw; it is cancelled", e);
        return;
      } catch (ChannelClosedException e) {
        failure = e.getCause() == null ? e : e.getCause();
      } catch (Throwable e) {
        failure = e;
      }
      end(to, failure);
    } finally {
      source = null;
      subscriber = null;
    }
  }

  /**
   * Signals elements; returns true if the source has ended, false if nothing more may be signalled.
   */
  private boolean emit(Iterable<? extends T> from, Flow.Subscriber<? super T> to) throws Exception {
    // A channel's iterator would take an element before one was requested.
    Channel<? extends T> channel = from instanceof Channel<? extends T> c ? c : null;
    Iterator<? extends T> it = channel != null ? null : inSource(() -> Sources.iterator(from));
    while (true) {
      if (it != null && !inSource(it::hasNext)) {
        return true;
      }
      // The end is signalled without demand; if a channel ends later, the next request notices it.
      boolean isOver = channel != null && channel.isOver();
      if (!isOver && !awaitDemand()) {
        return isOverByRequest();
      }
      T element = channel != null ? inSource(channel::receiveOrNull) : next(it);
      if (element == null) {
        return true;
      }
      try {
        to.onNext(element);
      } catch (Throwable e) {
        throw new SubscriberFailed(e);
      }
    }
  }

  private T next(@Nullable Iterator<? extends T> it) throws Exception {
    return Objects.requireNonNull(inSource(Objects.requireNonNull(it)::next), "element");
  }

  private <V extends @Nullable Object> V inSource(Callable<V> call) throws Exception {
    lock.lock();
    try {
      inSource = true;
      if (cancelled || badRequest != null) {
        throw new InterruptedException("the subscription is over");
      }
    } finally {
      lock.unlock();
    }
    try {
      return call.call();
    } finally {
      lock.lock();
      try {
        inSource = false;
        boolean _ = Thread.interrupted(); // an interrupt was meant for the source
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits for demand and takes one element of it; returns false if the subscription is over. */
  private boolean awaitDemand() {
    lock.lock();
    try {
      while (demand == 0 && !cancelled && badRequest == null) {
        wanted.awaitUninterruptibly();
      }
      if (cancelled || badRequest != null) {
        return false;
      }
      if (demand != Long.MAX_VALUE) {
        demand--;
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOverByRequest() {
    lock.lock();
    try {
      return badRequest != null;
    } finally {
      lock.unlock();
    }
  }

  private void end(Flow.Subscriber<? super T> to, @Nullable Throwable failure) {
    Throwable thrown = failure;
    lock.lock();
    try {
      if (cancelled) {
        return;
      }
      cancelled = true;
      if (badRequest != null) {
        thrown = badRequest;
      }
    } finally {
      lock.unlock();
    }
    if (thrown != null) {
      to.onError(thrown);
    } else {
      to.onComplete();
    }
  }

  /** A subscriber threw, which rule 2.13 forbids: it counts as having cancelled. */
  private static final class SubscriberFailed extends Exception {
    private static final long serialVersionUID = 1L;

    SubscriberFailed(Throwable cause) {
      super("a subscriber must not throw (Reactive Streams, 2.13)", cause);
    }
  }
}
