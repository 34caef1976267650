package io.github.fornada.process;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.MessageOutput;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers the questions of agents for classes and resources. The loaders that are asked are user
 * code, so each question has a thread of its own. On a large cluster all agents ask at once when a
 * call begins; what finds no thread waits for one.
 */
final class ClassSearches {
  private static final int MAX_THREADS = 256; // Guess

  /** Less than agents wait for an answer. If no thread was free for so long, all of them hang. */
  private static final long LONGEST_WAIT = Duration.ofSeconds(30).toNanos(); // Guess

  private final ClassServer classes;
  private final Executor threads = OwnThreads.expendable("fornada-classes", MAX_THREADS);
  private final Queue<Search> waiting = new ConcurrentLinkedQueue<>();

  private record Search(ClassServer.Question question, Consumer<byte[]> answer, long since) {}

  ClassSearches(ClassServer classes) {
    this.classes = classes;
  }

  /** Answers a question, on another thread. Never waits. */
  void add(ClassServer.Question question, Consumer<byte[]> answer) {
    waiting.add(new Search(question, answer, System.nanoTime()));
    startThread();
  }

  private void startThread() {
    try {
      threads.execute(this::run);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // A thread that is busy goes on with what waits, or the next look starts one.
    }
  }

  private void run() {
    for (Search next = waiting.poll(); next != null; next = waiting.poll()) {
      var out = new MessageOutput();
      classes.answer(next.question, out);
      next.answer.accept(out.toByteArray());
    }
  }

  /** Called now and then: what waits gets a thread, or is refused if there was none for long. */
  void look() {
    @Nullable Search first = waiting.peek();
    while (first != null && System.nanoTime() - first.since > LONGEST_WAIT) {
      if (waiting.remove(first)) {
        first.answer.accept(
            ClassServer.refusal("too many earlier calls of its class loaders have not returned"));
      }
      first = waiting.peek();
    }
    if (first != null) {
      startThread();
    }
  }
}
