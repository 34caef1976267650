package io.github.fornada.process.worker;

import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** A worker's questions for classes and resources, which its parent answers. */
final class ParentQuestions implements ParentClassLoader.Questions {
  private static final long ANSWER_SECONDS = 60;

  private final ControlChannel control;
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Integer, CompletableFuture<MessageInput>> waiting = new ConcurrentHashMap<>();

  ParentQuestions(ControlChannel control) {
    this.control = control;
  }

  @Override
  public MessageInput ask(boolean isClass, String name, long loader, int which) throws IOException {
    int request = requests.incrementAndGet();
    var answer = new CompletableFuture<MessageInput>();
    waiting.put(request, answer);
    // An interrupt is meant for the task, which cannot see it while its classes load: it is set
    // again afterwards.
    boolean interrupted = false;
    try {
      var question = new MessageOutput().putInt(request).putString(name).putLong(loader);
      if (!isClass) {
        question.putInt(which);
      }
      control.send(isClass ? MessageTypes.FIND_CLASS : MessageTypes.FIND_RESOURCE, question);
      while (true) {
        try {
          return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("no answer from the parent process", e);
    } finally {
      waiting.remove(request);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Called by the control thread when the parent has answered. */
  void answer(MessageInput in) throws IOException {
    CompletableFuture<MessageInput> answer = waiting.get(in.getInt());
    if (answer != null) {
      answer.complete(in);
    }
  }
}
