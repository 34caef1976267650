package io.github.fornada.benchmarks.peers;

import io.github.fornada.TaskFunction;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What the rows need of a pool of processes that is used from Java. */
public interface JavaPeer {
  /** Opens a pool of two workers. */
  Session open() throws Exception;

  /** The peer's own version. */
  String version();

  /** How many workers to kill for the kill row. */
  int kills();

  /** How many tasks to have in flight in the one-by-one rows. */
  int batch();

  /** An open pool. */
  interface Session extends AutoCloseable {
    /** Hands over one task. */
    <T, R extends @Nullable Object> Future<R> submit(TaskFunction<T, R> function, T item);

    /** How many worker processes there are; they tell their pids by a task. */
    default int processes() {
      return 2;
    }

    @Override
    void close();
  }
}
