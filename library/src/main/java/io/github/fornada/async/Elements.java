package io.github.fornada.async;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Iterates over elements that are waited for, until there are no more. Used by one thread at a
 * time.
 */
final class Elements<T> implements Iterator<T>, Spliterator<T> {
  /** Waits for elements. */
  interface Source<T> {
    /** Waits for the next element; null if there are no more. */
    @Nullable T next() throws InterruptedException;
  }

  private final Source<? extends T> source;

  /** Whether an error of the channel is thrown without a wrapper. */
  private final boolean bare;

  /** Taken by {@code hasNext} for {@code next}. */
  private @Nullable T ahead;

  Elements(Source<? extends T> source, boolean bare) {
    this.source = source;
    this.bare = bare;
  }

  Stream<T> stream() {
    return StreamSupport.stream(this, false);
  }

  private @Nullable T take() {
    try {
      return source.next();
    } catch (ChannelClosedException e) {
      Throwable cause = e.getCause();
      if (bare && cause != null) {
        throw Elements.<RuntimeException>unchecked(cause);
      }
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var cancelled = new CancellationException("interrupted while waiting for the next element");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  /** Throws a checked exception that a source threw unseen by the compiler. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> X unchecked(Throwable e) throws X {
    throw (X) e;
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
