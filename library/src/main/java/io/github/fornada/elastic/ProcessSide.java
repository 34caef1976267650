package io.github.fornada.elastic;

import io.github.fornada.spi.AbstractPool;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Worker JVMs that work for the calls of another pool. All methods may be called by any thread. */
public interface ProcessSide {
  /** Opens worker JVMs for another pool. */
  interface Opener {
    /**
     * Opens them; none is started yet.
     *
     * @param source the pool whose calls they work for
     * @param most the maximum number of workers
     * @param options changes of the options of a process pool
     * @param broken called when no worker can be started any more, with the reason
     */
    ProcessSide open(
        AbstractPool source, int most, UnaryOperator<?> options, Consumer<Throwable> broken);

    /**
     * Checks options of workers for a pool whose items run in this process too.
     *
     * @return what gives the options that they are now, without calling {@code options} again
     * @throws IllegalArgumentException if its items could not run here
     */
    UnaryOperator<?> check(UnaryOperator<?> options);

    /** Returns how many workers a process pool with these options would have. */
    int workers(UnaryOperator<?> options);
  }

  /**
   * What has happened since they were opened.
   *
   * @param ended the number of items that have ended in workers
   * @param workingNanos the time that workers have spent with items
   * @param inFlight the number of items that were sent to workers and have not ended
   * @param starts the number of workers started
   */
  record Figures(long ended, long workingNanos, int inFlight, int starts) {}

  /** Returns the pool itself. */
  AbstractPool pool();

  /**
   * Uses {@code workers} workers from now on; 0 to take no more items. Items in flight go on where
   * they are. Workers that are not used end after a while.
   */
  void use(int workers);

  /** Starts so many workers if they are not there, before they are {@linkplain #use used}. */
  void prepare(int workers);

  /** Returns how many of the first so many workers are ready for items. */
  int ready(int workers);

  /** Returns the process ids of the workers that are there. */
  List<Long> pids();

  /** Returns what has happened so far. */
  Figures figures();
}
