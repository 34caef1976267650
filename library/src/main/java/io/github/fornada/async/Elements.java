package io.github.fornada.async;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is received from a channel until it is closed. Used by one thread at a time. */
final class Elements<T> implements Iterator<T>, Spliterator<T> {
  private final Channel<T> channel;

  /** Taken by hasNext for next. */
  private @Nullable T ahead;

  Elements(Channel<T> channel) {
    this.channel = channel;
  }

  private @Nullable T take() {
    try {
      return channel.receiveOrNull();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var cancelled =
          new CancellationException("interrupted while waiting for an element of a channel");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  @Override
  public boolean hasNext() {
    if (ahead == null) {
      ahead = take();
    }
    return ahead != null;
  }

  @Override
  public T next() {
    T element = ahead != null ? ahead : take();
    ahead = null;
    if (element == null) {
      throw new NoSuchElementException("the channel is closed");
    }
    return element;
  }

  @Override
  public boolean tryAdvance(Consumer<? super T> action) {
    T element = take();
    if (element == null) {
      return false;
    }
    action.accept(element);
    return true;
  }

  @Override
  public void forEachRemaining(Consumer<? super T> action) {
    for (T element = take(); element != null; element = take()) {
      action.accept(element);
    }
  }

  @Override
  public @Nullable Spliterator<T> trySplit() {
    return null;
  }

  @Override
  public long estimateSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public int characteristics() {
    return ORDERED | NONNULL;
  }
}
