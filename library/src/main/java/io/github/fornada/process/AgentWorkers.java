package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs the items of an agent in worker JVMs, which alone read them. */
final class AgentWorkers implements AgentRunner {
  private static final TaskFunction<@Nullable Object, @Nullable Object> NOBODY =
      item -> {
        throw new AssertionError("a function of another JVM");
      };

  private final Engine engine;

  AgentWorkers(FarSide far, ProcessOptions options) {
    this.engine = Engine.openFor(far, options, PrivateDirectory.bases());
  }

  @Override
  public Pool pool() {
    return engine;
  }

  @Override
  public FedCall call(byte[] function, FedCall.Feed feed) {
    return FedCall.on(engine, new HandedFunction<>(NOBODY, function, null), feed);
  }

  @Override
  public void use(int workers) {
    engine.use(workers);
  }

  @Override
  public void cancel(AgentCall.Item item, @Nullable Batch<?, ?> batch, String reason) {
    if (batch != null && !AgentCall.refuse(batch, item.place, reason)) {
      engine.cancel(batch, item.place, reason);
    }
  }

  @Override
  public boolean failsWhenCancelled() {
    return false;
  }

  @Override
  public void withdraw(int most, List<AgentCall.Item> taken) {
    engine.shedLoad(); // what waits behind an item that takes long
    int left = most;
    var rest = new ArrayList<Batch<?, ?>>();
    while (left > 0) {
      Batch<?, ?> batch = engine.take(0, left);
      if (batch == null) {
        break;
      }
      left -= giveBack(batch, left);
      if (batch.hasWaiting()) {
        rest.add(batch);
      }
    }
    rest.forEach(engine::putBack);
  }

  /** Gives back at most so many of the batch; returns how many. */
  private static int giveBack(Batch<?, ?> batch, int most) {
    int left = most;
    for (int i = batch.size() - 1; i >= 0 && left > 0; i--) {
      if (!(batch.item(i) instanceof AgentCall.Item item)) {
        break; // all have ended
      }
      item.isReturned = true;
      if (AgentCall.refuse(batch, i, RETURNED)) {
        left--;
      } else {
        item.isReturned = false; // a worker has it
      }
    }
    return most - left;
  }

  @Override
  public ClassLoader loader() {
    return AgentWorkers.class.getClassLoader();
  }

  @Override
  public Path folder() throws IOException {
    engine.restoreDirectory();
    return engine.directory();
  }

  @Override
  public void end(Set<String> fetched) {
    // the folder was the engine's
  }
}
