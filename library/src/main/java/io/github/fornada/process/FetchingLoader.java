package io.github.fornada.process;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Loads classes that this worker lacks from its parent: those compiled in memory, defined at run
 * time, or loaded there by a loader of their own.
 */
final class FetchingLoader extends ClassLoader {
  private static final long ANSWER_SECONDS = 60;

  static {
    registerAsParallelCapable();
  }

  private final Control control;
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Integer, CompletableFuture<byte[]>> waiting = new ConcurrentHashMap<>();

  FetchingLoader(Control control, ClassLoader parent) {
    super("fornada-worker", parent);
    this.control = control;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = fetch(name);
    if (bytes.length == 0) {
      throw new ClassNotFoundException(name + " (nor does the parent process have it)");
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  private byte[] fetch(String name) throws ClassNotFoundException {
    int request = requests.incrementAndGet();
    var answer = new CompletableFuture<byte[]>();
    waiting.put(request, answer);
    // An interrupt is for the task, which cannot see it while its classes load: it is kept for
    // later.
    boolean interrupted = false;
    try {
      control.send(Wire.FIND_CLASS, new Output().putInt(request).putString(name));
      while (true) {
        try {
          return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new ClassNotFoundException(name + " (asking the parent process failed)", e);
    } finally {
      waiting.remove(request);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The parent has answered. Called by the control thread. */
  void answer(Input in) throws IOException {
    CompletableFuture<byte[]> answer = waiting.get(in.getInt());
    if (answer != null) {
      answer.complete(in.rest());
    }
  }
}
