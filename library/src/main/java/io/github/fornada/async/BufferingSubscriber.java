package io.github.fornada.async;

import io.github.fornada.jvm.BoundedText;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber with a buffer that a consuming thread reads from. It requests more elements when
 * half of the buffer has been taken.
 */
final class BufferingSubscriber<T> implements Flow.Subscriber<T> {
  private final int size;
  private final int batch;
  private final Channel<T> channel;

  /** Set once, by {@code onSubscribe}, before any element. */
  private volatile Flow.@Nullable Subscription subscription;

  private volatile boolean cancelled;

  /** Written by {@code onError} before the channel is closed, read after that. */
  private volatile @Nullable Throwable failure;

  /** Elements taken since the last request. Used by the consuming thread only. */
  private int taken;

  BufferingSubscriber(int size) {
    this.size = size;
    this.batch = (size + 1) / 2;
    this.channel = Channel.bounded(size);
  }

  static <T> BufferingSubscriber<T> of(Flow.Publisher<? extends T> publisher, int size) {
    var subscriber = new BufferingSubscriber<T>(size);
    publisher.subscribe(subscriber);
    return subscriber;
  }

  Stream<T> stream() {
    return new Elements<T>(this::next, true).stream().onClose(this::cancel);
  }

  /** Waits for the next element; null if there are no more. */
  @Nullable T next() throws InterruptedException {
    T element = channel.receiveOrNull();
    Flow.Subscription from = subscription;
    if (element == null) {
      Throwable thrown = failure;
      if (thrown != null) {
        throw new ChannelClosedException("the publisher failed: " + BoundedText.of(thrown), thrown);
      }
    } else if (from != null && ++taken == batch) {
      taken = 0;
      from.request(batch);
    }
    return element;
  }

  /** Ends the subscription. */
  void cancel() {
    // written before `subscription` is read; onSubscribe writes that and then reads this
    cancelled = true;
    channel.close();
    Flow.Subscription from = subscription;
    if (from != null) {
      from.cancel();
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    Objects.requireNonNull(given, "subscription");
    if (subscription != null) {
      given.cancel(); // there is a subscription already
      return;
    }
    subscription = given;
    if (cancelled) {
      given.cancel();
    } else {
      given.request(size);
    }
  }

  @Override
  public void onNext(T element) {
    Objects.requireNonNull(element, "element");
    try {
      if (!channel.trySend(element)) {
        onError(
            new IllegalStateException("the publisher sent more than the " + size + " requested"));
        cancel();
      }
    } catch (ChannelClosedException e) {
      // The element came after the end: dropped, as the rules of Flow require.
      assert channel.isClosed();
    }
  }

  @Override
  public void onError(Throwable thrown) {
    Objects.requireNonNull(thrown, "thrown");
    failure = thrown;
    channel.close();
  }

  @Override
  public void onComplete() {
    channel.close();
  }
}
