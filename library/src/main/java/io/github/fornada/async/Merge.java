package io.github.fornada.async;

import io.github.fornada.jvm.Sources;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Merges several sources into one stream; a virtual thread reads each source. */
final class Merge<T> {
  /** Elements read ahead of the consumer, so that a reader need not be woken for each. */
  private static final int AHEAD = 16; // Guess

  private final Channel<T> channel = Channel.bounded(AHEAD);
  private final List<Thread> readers = new ArrayList<>();
  private final AtomicInteger reading;

  Merge(List<Iterable<? extends T>> sources) {
    this.reading = new AtomicInteger(sources.size());
    InheritedContext context = InheritedContext.here();
    for (Iterable<? extends T> source : sources) {
      Callable<?> work =
          context.around(() -> {
            send(source);
            return null;
          });
      readers.add(Thread.ofVirtual().name("fornada-merge").unstarted(() -> read(work)));
    }
  }

  Stream<T> stream() {
    if (readers.isEmpty()) {
      channel.close();
    }
    readers.forEach(Thread::start);
    return new Elements<>(channel::receiveOrNull, true).stream().onClose(this::end);
  }

  private void send(Iterable<? extends T> source) throws InterruptedException {
    for (Iterator<? extends T> it = Sources.iterator(source); it.hasNext(); ) {
      channel.send(it.next());
    }
  }

  private void read(Callable<?> work) {
    try {
      Object _ = work.call();
      if (reading.decrementAndGet() == 0) {
        channel.close();
      }
    } catch (Throwable e) {
      // Without effect if the exception comes from the end of the stream: the channel is closed
      // already.
      boolean _ = channel.closeWithError(e);
    }
  }

  private void end() {
    boolean _ = channel.closeWithError(new IllegalStateException("the merged stream has ended"));
    readers.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread each : readers) {
      @Nullable Thread left = each;
      while (left != null) {
        try {
          left.join();
          left = null;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
