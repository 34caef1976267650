package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What runs the items of an agent: in worker JVMs, or in threads of its own JVM. */
interface AgentRunner {
  /** Why an item ends that goes back to the pool; nobody is told. */
  String RETURNED = "it went back to the pool";

  Pool pool();

  /** Begins a call of a function of another JVM, whose items and results are bytes. */
  FedCall call(byte[] function, FedCall.Feed feed);

  /** Lets at most so many workers be busy from now on; 0 for none. */
  void use(int workers);

  /**
   * Stops an item that the pool here has taken. Called without a lock.
   *
   * @param batch where it is; null if no worker has taken it: then it is refused when one does
   */
  void cancel(AgentCall.Item item, @Nullable Batch<?, ?> batch, String reason);

  /** Whether an item that was cancelled ends as failed, with what its thread has thrown then. */
  boolean failsWhenCancelled();

  /**
   * Gives back at most so many items that the pool here has taken and nobody has begun.
   *
   * @param taken what the pool here has taken, the last first
   */
  void withdraw(int most, List<AgentCall.Item> taken);

  /** Returns the loader of what has none of its own in the pool's JVM. */
  ClassLoader loader();

  /** Returns the private folder where items look for shared bytes of another machine. */
  Path folder() throws IOException;

  /**
   * Lets go of what belongs to no pool. Called once, after the pool here was closed.
   *
   * @param fetched the paths of shared bytes that were fetched to {@link #folder}
   */
  void end(Set<String> fetched);
}
