package io.github.fornada.process;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The questions of one worker for classes and resources. Each is answered on a thread that the
 * user's class loaders may block without end; the thread that reads the worker's control channel
 * only adds them. The answers may come in any order.
 */
final class ClassQuestions {
  /**
   * The maximum number of threads that answer one worker at the same time. Further questions wait.
   */
  static final int MAX_THREADS = 32; // Guess

  /** The maximum number of questions that wait. A worker has one for each thread that loads. */
  private static final int MAX_WAITING = 10_000; // Guess

  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  private final ClassServer classes;
  private final ControlChannel to;
  private final Executor threads;
  private final ArrayDeque<ClassServer.Question> waiting = new ArrayDeque<>(); // guarded by this

  /** The number of threads that answer, or were asked for. Guarded by this. */
  private int answering;

  private boolean ended; // guarded by this

  /**
   * @param threads runs each of its tasks at once on a thread that may be lost, or rejects the task
   */
  ClassQuestions(ClassServer classes, ControlChannel to, Executor threads) {
    this.classes = classes;
    this.to = to;
    this.threads = threads;
  }

  /** Adds a question, and never waits for its answer. */
  void add(ControlChannel.Frame frame) throws CorruptFrameException {
    ClassServer.Question question = ClassServer.question(frame);
    synchronized (this) {
      if (ended) {
        return;
      }
      if (waiting.size() == MAX_WAITING) {
        ClassServer.refuse(question, to, MAX_WAITING + " other questions wait there already");
        return;
      }
      waiting.addLast(question);
      if (answering == MAX_THREADS) {
        return;
      }
      answering++;
    }
    callThread();
  }

  private void callThread() {
    try {
      threads.execute(this::answerAll);
    } catch (RejectedExecutionException e) {
      refuseNewest();
    } catch (OutOfMemoryError e) { // no memory for another thread
      OwnThreads.noThread(e);
      var _ = Timer.after(NO_THREAD_PAUSE, this::callThread);
    }
  }

  private void refuseNewest() {
    ClassServer.Question question;
    synchronized (this) {
      answering--;
      question = waiting.pollLast();
    }
    if (question != null) {
      ClassServer.refuse(
          question, to, "too many earlier calls of its class loaders have not returned");
    }
  }

  private void answerAll() {
    for (ClassServer.Question next = next(); next != null; next = next()) {
      classes.answer(next, to);
      Thread.currentThread().setContextClassLoader(ClassLoader.getSystemClassLoader());
    }
  }

  private synchronized ClassServer.@Nullable Question next() {
    ClassServer.Question next = waiting.pollFirst();
    if (next == null) {
      answering--;
    }
    return next;
  }

  /** Called when the worker is gone. Threads that still look for an answer are not waited for. */
  synchronized void end() {
    ended = true;
    waiting.clear();
  }
}
