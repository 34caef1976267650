package io.github.fornada.contract;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A kind of pool for the contract suite. What tasks do is seen by their results and by {@link
 * Marks}, which are files, so that the same tests hold for tasks in other processes.
 */
interface PoolUnderTest {
  /** The deadline for everything that must happen, on a busy machine. */
  Duration PATIENCE = Duration.ofSeconds(30);

  /** Opens a pool with {@code workers} workers; a sequential one always has one. */
  Pool open(int workers, UnaryOperator<TaskPolicy> policy);

  /** A fresh folder for this test. */
  Path folder();

  default Pool open(int workers) {
    return open(workers, policy -> policy);
  }

  /**
   * Returns a pool for a case that neither shuts it down nor tests its close. If opening is costly,
   * several cases get the same one, and closing it gives it back: see {@link Lender}.
   */
  default Pool lend(int workers) {
    return open(workers);
  }

  /**
   * Returns whether the pool must reject a task whose copy elsewhere would be of no use; if not, it
   * must run it.
   */
  default boolean refusesWhatCannotBeSent(Pool pool) {
    return pool.model() == ExecutionModel.PROCESSES;
  }

  default Marks marks() {
    return new Marks(folder().toString());
  }

  /** Marks of one run of a test that may have to run again: none is set yet. */
  default Marks marksOfRun() throws IOException {
    return new Marks(Files.createTempDirectory(folder(), "run").toString());
  }

  /** Keeps one worker busy until the mark "go" is set. */
  static CompletableFuture<String> occupy(Pool pool, Marks marks) throws InterruptedException {
    CompletableFuture<String> busy =
        pool.submit(
            "worker",
            name -> {
              marks.set(name + " is busy");
              marks.await("go");
              return name;
            });
    marks.await("worker is busy");
    return busy;
  }

  static <V> V get(CompletableFuture<V> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  static void awaitTermination(Pool pool) throws InterruptedException {
    if (!pool.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the pool did not terminate in " + PATIENCE);
    }
  }
}
