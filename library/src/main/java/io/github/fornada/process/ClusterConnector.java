package io.github.fornada.process;

import java.io.IOException;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Opens pools on one kind of cluster. For programs that learn only when they run which cluster that
 * is, and that must not need its libraries otherwise; all others call the pool's own methods. An
 * implementation is found by {@link java.util.ServiceLoader}. It needs a public constructor without
 * parameters, and is used by one thread at a time.
 */
public interface ClusterConnector {
  /** Returns whether {@code address} is one of this kind of cluster. Never waits. */
  boolean takes(String address);

  /**
   * Connects to a cluster and opens a pool on it. Waits until the pool has a worker somewhere. What
   * was started for it ends with the pool.
   *
   * @param address where the cluster is
   * @param workers the maximum number of workers, at least 1; or 0 for as many as the cluster gives
   *     cores
   * @param settings the cluster's own settings
   * @param change changes the options of the worker JVMs, the policy included
   * @throws IllegalArgumentException if an option or a setting does not fit; the message names it
   * @throws IllegalStateException if the cluster cannot be reached or cannot run the pool; the
   *     message says why
   * @throws InterruptedException if the thread was interrupted while it waited
   */
  RemotePool connect(
      String address,
      int workers,
      Map<String, String> settings,
      UnaryOperator<ProcessOptions> change)
      throws InterruptedException;

  /**
   * Starts a cluster on this machine, to try a program, and waits until it can be used.
   *
   * @param port the port of its address; 0 for any that is free
   * @param machines how many machines it pretends to have, at least 1
   * @param cores the cores of each, at least 1
   * @throws IOException if it cannot be started; the message says why
   * @throws InterruptedException if the thread was interrupted while it waited
   */
  Local startHere(int port, int machines, int cores) throws IOException, InterruptedException;

  /** A cluster on this machine. It ends when it is closed, or with this JVM. */
  interface Local extends AutoCloseable {
    /** Returns its address, for {@link #connect}. */
    String address();

    /** Waits until one of its processes has ended, although it was not closed. */
    void awaitLoss() throws InterruptedException;

    /** Ends it, and waits for its processes. */
    @Override
    void close() throws IOException;
  }
}
