package io.github.fornada.async;

import io.github.fornada.jvm.BoundedText;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Connects code that blocks and code that does not: futures, callbacks, and the publishers of
 * {@link Flow}.
 *
 * <p><b>Interrupts.</b> Every wait here can be interrupted, and then cancels what it waited for. If
 * the result was there when the interrupt came, it is returned, with the thread's interrupt status
 * still set: it may be something that must be closed.
 *
 * <p>{@code java.net.http.HttpClient} needs no bridge: its {@code send} waits and can be
 * interrupted, and {@code await(client.sendAsync(...))} does the same.
 */
public final class Bridges {
  private Bridges() {}

  /**
   * How a call that {@link #await(Consumer)} has begun reports its end; the first report counts.
   */
  public static final class Callback<T extends @Nullable Object> {
    private final CompletableFuture<T> future = new CompletableFuture<>();

    private Callback() {}

    /**
     * Ends the wait with {@code result}.
     *
     * @return false if the call had ended already, or the wait was given up
     */
    public boolean done(T result) {
      return future.complete(result);
    }

    /**
     * Ends the wait with a failure.
     *
     * @return false if the call had ended already, or the wait was given up
     */
    public boolean failed(Throwable cause) {
      return future.completeExceptionally(Objects.requireNonNull(cause, "cause"));
    }

    /**
     * Sets what to do if the waiting thread is interrupted: cancel the call. That thread runs it.
     */
    public void onCancel(Runnable action) {
      var _ =
          future.whenComplete((_, _) -> {
            if (future.isCancelled()) {
              action.run();
            }
          });
    }
  }

  /**
   * Waits for a stage and returns its result.
   *
   * @throws InterruptedException if the thread was interrupted; a {@link CompletableFuture} is
   *     cancelled then
   * @throws ExecutionException if the stage failed; its cause is what it failed with
   * @throws java.util.concurrent.CancellationException if the stage was cancelled
   */
  public static <T extends @Nullable Object> T await(CompletionStage<? extends T> stage)
      throws InterruptedException, ExecutionException {
    CompletableFuture<? extends T> future = stage.toCompletableFuture();
    try {
      return future.get();
    } catch (InterruptedException e) {
      if (future.cancel(true) || future.isCancelled()) {
        throw e;
      }
      Thread.currentThread().interrupt();
      return result(future);
    }
  }

  private static <T extends @Nullable Object> T result(CompletableFuture<? extends T> future)
      throws ExecutionException {
    if (future.state() == java.util.concurrent.Future.State.FAILED) {
      Throwable cause = future.exceptionNow();
      throw new ExecutionException(BoundedText.of(cause), cause);
    }
    return future.resultNow();
  }

  /**
   * Begins a call that reports its end by a callback, and waits for that.
   *
   * {@snippet :
   * Reply reply = Bridges.await(callback -> {
   *   Call call = service.call(request, callback::done, callback::failed);
   *   callback.onCancel(call::cancel);
   * });
   * }
   *
   * @param begin begins the call, in this thread, and does not wait
   * @throws InterruptedException if the thread was interrupted; the action given to {@link
   *     Callback#onCancel} is run then
   * @throws ExecutionException if the call failed; its cause is what was given to {@link
   *     Callback#failed}
   */
  public static <T extends @Nullable Object> T await(Consumer<? super Callback<T>> begin)
      throws InterruptedException, ExecutionException {
    var callback = new Callback<T>();
    begin.accept(callback);
    return await(callback.future);
  }

  /**
   * Returns a publisher of the elements of a source, for any number of subscribers. Each
   * subscription has a virtual thread, which takes an element when one was requested, and signals
   * it; so subscribers may block, and requests from within {@code onNext} do not recurse.
   * Subscriptions share the elements of a {@link Channel}; with other sources each has an iterator
   * of its own.
   *
   * <p>The end of the source, or the closing of the channel, is {@code onComplete}; its exception,
   * or the error of the channel, is {@code onError}. Cancelling a subscription interrupts its
   * thread if it waits for the source.
   */
  public static <T> Flow.Publisher<T> publisher(Iterable<? extends T> source) {
    Objects.requireNonNull(source, "source");
    return subscriber -> SourceSubscription.start(source, subscriber);
  }

  /**
   * Returns a stream of the elements of a publisher, as they come. At most {@code buffer} elements
   * are requested ahead. {@code onError} ends the stream with that exception, after the elements
   * before it. When the terminal operation returns or throws before the publisher's end, the
   * subscription is cancelled.
   *
   * <p>({@code Stream.iterator} and {@code spliterator} are no terminal operations in this sense:
   * they let the JDK read all there is ahead.)
   *
   * @throws IllegalArgumentException if the buffer is less than 1
   */
  public static <T> Stream<T> stream(Flow.Publisher<? extends T> publisher, int buffer) {
    Objects.requireNonNull(publisher, "publisher");
    if (buffer < 1) {
      throw new IllegalArgumentException("buffer must be at least 1, got " + buffer);
    }
    // flatMap closes the inner stream, and so cancels, however the outer one ends.
    return Stream.of(buffer).flatMap(size -> BufferingSubscriber.<T>of(publisher, size).stream());
  }
}
