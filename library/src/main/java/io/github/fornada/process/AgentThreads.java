package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs the items of an agent in threads of its own JVM. They are bytes here too, but for the thread
 * that runs one.
 */
final class AgentThreads implements AgentRunner {
  private final FarSide far;
  private final Pool pool;
  private final ClassLoader loader;

  /** Whether {@link AgentClasses} must be told of the end. */
  private final boolean loadsHere;

  /** Any call: only a call can limit a pool of threads. */
  private volatile @Nullable FedCall any;

  private volatile int workers;

  /** Made when it is needed. Used by the thread that polls, and at the end. */
  private @Nullable Path folder;

  /**
   * @param isSameJvm whether the agent's pool is in this JVM, with all that items need
   */
  AgentThreads(FarSide far, Pool pool, boolean isSameJvm) {
    this.far = far;
    this.pool = pool;
    this.loadsHere = !isSameJvm;
    ClassLoader own = AgentThreads.class.getClassLoader();
    this.loader = loadsHere ? AgentClasses.open(far) : own;
  }

  @Override
  public Pool pool() {
    return pool;
  }

  @Override
  public FedCall call(byte[] function, FedCall.Feed feed) {
    FedCall call = FedCall.on(pool, new AgentFunction(function, loader), feed);
    any = call;
    limit(); // one that came before there was a call
    return call;
  }

  @Override
  public void use(int count) {
    workers = count;
    limit();
  }

  private void limit() {
    FedCall call = any;
    int count = workers;
    if (call != null && count > 0) { // if none, none is wanted either
      var _ = call.limitWorkers(count);
    }
  }

  @Override
  public void cancel(AgentCall.Item item, @Nullable Batch<?, ?> batch, String reason) {
    var _ = item.call.fed().cancel(item, reason); // if it just begins, it sees that it must not
  }

  @Override
  public boolean failsWhenCancelled() {
    return true;
  }

  @Override
  public void withdraw(int most, List<AgentCall.Item> taken) {
    int left = most;
    for (AgentCall.Item item : taken) {
      if (left == 0) {
        return;
      }
      item.isReturned = true;
      if (item.call.fed().withdraw(item, RETURNED)) {
        left--;
      } else {
        item.isReturned = false; // a thread has it
      }
    }
  }

  @Override
  public ClassLoader loader() {
    return loader;
  }

  @Override
  public Path folder() throws IOException {
    Path known = folder;
    if (known == null) {
      known = PrivateDirectory.create(PrivateDirectory.bases(), 1);
      folder = known;
      Mappings.lookIn(known);
    }
    return known;
  }

  @Override
  public void end(Set<String> fetched) {
    Path own = folder;
    if (own != null) {
      fetched.forEach(Mappings::forget); // this JVM may go on for long
      Mappings.lookNoMoreIn(own);
      PrivateDirectory.delete(own);
    }
    if (loadsHere) {
      AgentClasses.close(far);
    }
  }
}
