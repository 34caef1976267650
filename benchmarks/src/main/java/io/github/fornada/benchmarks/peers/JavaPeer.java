package io.github.fornada.benchmarks.peers;

import io.github.fornada.TaskFunction;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The operations of a process pool in Java that the rows need. */
public interface JavaPeer {
  /** Opens a pool of two workers. */
  Session open() throws Exception;

  /** Returns the version of the peer. */
  String version();

  /** Returns how many workers to kill for the kill row. */
  int kills();

  /** Returns how many tasks may be in flight in the one-by-one rows. */
  int batch();

  /** An open pool. */
  interface Session extends AutoCloseable {
    /** Submits one task. */
    <T, R extends @Nullable Object> Future<R> submit(TaskFunction<T, R> function, T item);

    /** Returns the number of worker processes; a task returns the pid of its worker. */
    default int processes() {
      return 2;
    }

    @Override
    void close();
  }
}
