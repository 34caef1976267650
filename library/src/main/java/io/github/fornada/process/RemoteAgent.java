package io.github.fornada.process;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs the items of a {@link RemotePool} on this machine, in worker JVMs. For authors of pools on a
 * cluster: the cluster manager starts a JVM there, and that opens an agent.
 *
 * <p>The agent asks its pool for items over a {@link Channel}, and reports what became of each as
 * soon as it has ended. Functions, items, results and exceptions are bytes here: only the workers
 * read them. Classes that a worker lacks come from the pool's JVM, so nothing but this library has
 * to be here.
 *
 * <p>Items that are known to be tame may run in threads of this JVM instead ({@link #openInside}):
 * an item that ends its JVM then ends this one.
 *
 * <p>If the pool does not answer, or has given the agent up, the agent ends at once, with all of
 * its workers.
 */
public final class RemoteAgent implements AutoCloseable {
  /** A way to the pool. */
  public interface Channel {
    /**
     * Sends a question to the pool's {@link RemotePool#serve} and returns the answer, which may
     * take some seconds. Called by several threads at once. A question must not be sent twice.
     *
     * @throws IOException if the pool cannot be reached: the agent then ends
     */
    byte[] ask(byte[] question) throws IOException, InterruptedException;

    /**
     * Gets shared bytes in the cluster's own way.
     *
     * @param way what {@link RemotePool#wayTo} has returned; not empty
     * @param to a file that does not exist
     * @return whether they are there; if not, the agent asks the pool for every part
     */
    default boolean fetch(byte[] way, Path to) throws InterruptedException {
      return false;
    }
  }

  private final String name;
  private final PoolContact pool;
  private final AgentLoad load = new AgentLoad();
  private final AgentReports reports;
  private final AgentFound found;
  private final AgentFiles files;
  private final AgentRunner runner;
  private final AgentItems items;
  private final AtomicBoolean ending = new AtomicBoolean();

  /** Why it ended; null if the pool has told it to, or it has not. */
  private volatile @Nullable String failure;

  private final CountDownLatch hasEnded = new CountDownLatch(1);
  private final AtomicInteger threads = new AtomicInteger(2);

  private RemoteAgent(
      Channel channel,
      String name,
      ProcessOptions base,
      @Nullable Function<? super TaskPolicy, ? extends Pool> threads)
      throws IOException, InterruptedException {
    this.name = name;
    this.pool = new PoolContact(channel::ask, ThreadLocalRandom.current().nextLong());
    this.reports = new AgentReports(pool, load);
    this.found = new AgentFound(pool);
    this.files = new AgentFiles(name, pool, channel::fetch, reports);
    long before = System.nanoTime();
    MessageInput in =
        pool.read(
            pool.question(RemoteWire.HELLO)
                .putInt(RemoteWire.VERSION)
                .putString(name)
                .putLong(ProcessHandle.current().pid())
                .putString(Runtime.version().toString()));
    long after = System.nanoTime();
    if (in.getByte() != RemoteWire.OK) {
      throw new IOException("the pool takes no agent: " + in.getString());
    }
    var entries = new AgentEntries(in.getLong() - (before + after) / 2);
    boolean isSameCopy = in.getLong() == RemoteWire.COPY;
    try {
      ProcessOptions options = RemoteSettings.read(in, base);
      if (in.getByte() != 0) {
        options = options.withListener(new AgentEvents(reports, entries));
      }
      var far = new Far();
      this.runner =
          threads == null
              ? new AgentWorkers(far, options)
              : new AgentThreads(far, threads.apply(options.policy()), isSameCopy);
    } catch (IOException | RuntimeException | Error e) {
      sayBye(e);
      throw e;
    }
    this.items = new AgentItems(runner, reports, entries, load);
  }

  /** It could not be opened: the pool is told so, and the caller why, whatever becomes of that. */
  private void sayBye(Throwable why) {
    try {
      var _ = pool.ask(pool.question(RemoteWire.BYE).putString("it failed: " + why));
    } catch (IOException | RuntimeException | Error e) {
      why.addSuppressed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What the engine and the loader of this JVM ask for. They do so only once there is work. */
  private final class Far implements FarSide {
    @Override
    public void taken(Batch<?, ?> batch) {
      items.taken(batch);
    }

    @Override
    public void breaks(WorkerStartException reason) {
      items.breaks(reason.getMessage());
    }

    @Override
    public byte[] answer(ClassServer.Question question) throws IOException {
      return found.answer(question);
    }

    @Override
    public void print(boolean error, byte[] line) {
      reports.print(out -> AgentEntries.printed(error, line, out));
    }
  }

  /**
   * Opens an agent, which has no worker before {@link #use}.
   *
   * @param name its name in messages, events and timelines: the executor and its machine
   * @param most the maximum number of workers
   * @param base the options of the workers where the pool has none of its own
   * @throws IOException if the pool cannot be reached, or takes no agents; the message says why
   */
  public static RemoteAgent open(
      Channel channel, String name, int most, UnaryOperator<ProcessOptions> base)
      throws IOException, InterruptedException {
    ProcessOptions options =
        base.apply(ProcessOptions.defaults()).withWorkers(most).withMinWorkers(0);
    return started(new RemoteAgent(channel, name, options, null));
  }

  /**
   * Opens an agent whose items run in this JVM, for items that are known to be tame: one that ends
   * its JVM ends this agent, and one that ignores an interrupt goes on. What items print is not
   * sent to the pool. All pools with such agents in this JVM must be in one JVM, because their
   * classes are loaded here once.
   *
   * @param name its name in messages, events and timelines: the executor and its machine
   * @param threads opens the pool that runs the items, of threads of this JVM, with this policy;
   *     the agent closes it
   * @throws IOException if the pool cannot be reached, or takes no agents; the message says why
   */
  public static RemoteAgent openInside(
      Channel channel, String name, Function<? super TaskPolicy, ? extends Pool> threads)
      throws IOException, InterruptedException {
    return started(new RemoteAgent(channel, name, ProcessOptions.defaults(), threads));
  }

  private static RemoteAgent started(RemoteAgent agent) {
    OwnThreads.start("fornada-agent-reports", agent::reportAll);
    OwnThreads.start("fornada-agent", agent::pollAll);
    return agent;
  }

  /** Lets at most {@code count} workers be busy from now on, or all that it has; 0 for none. */
  public void use(int count) {
    int workers = Math.min(count, runner.pool().workers());
    load.use(workers);
    runner.use(workers);
    reports.tellLoad(); // at once, and not when the next answer is due
  }

  /**
   * Waits until it has ended, because the pool has, or cannot be reached any more.
   *
   * @param limit how long to wait at most
   * @return whether it has ended
   */
  public boolean await(Duration limit) throws InterruptedException {
    return hasEnded.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Returns whether it has ended. */
  public boolean hasEnded() {
    return hasEnded.getCount() == 0;
  }

  /** Returns why it ended; null if it did not, or because the pool has told it to. */
  public @Nullable String failure() {
    return failure;
  }

  /** Ends it and its workers at once; what runs is lost. Waits for the end. */
  @Override
  public void close() {
    end("it was closed", true);
    boolean interrupted = false;
    while (true) {
      try {
        hasEnded.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks for items and whatever else is to be done. One thread. */
  private void pollAll() {
    try {
      while (!load.isEnding()) {
        MessageInput in = pool.read(load.put(pool.question(RemoteWire.POLL)));
        if (in.getByte() != RemoteWire.OK) {
          end("the pool has given it up", true);
          return;
        }
        while (in.remaining() > 0) {
          take(in);
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      end(reason(e), true);
    } catch (InterruptedException e) {
      end("its thread was interrupted", true);
    } finally {
      runner.pool().close(); // what ends until then is reported
      reports.tellLoad();
      threadEnded();
    }
  }

  private void take(MessageInput in) throws IOException, InterruptedException {
    byte kind = in.getByte();
    switch (kind) {
      case RemoteWire.FUNCTION -> items.function(in.getInt(), in.getBytes());
      case RemoteWire.FORGET -> items.forget(in.getInt());
      case RemoteWire.ITEM -> items.item(in.getLong(), in.getInt(), in.getBytes());
      case RemoteWire.CANCEL -> items.cancel(in.getLong(), in.getString());
      case RemoteWire.SHED -> items.shed(in.getInt());
      case RemoteWire.SHARE -> files.fetch(in.getString(), in.getLong(), runner);
      case RemoteWire.UNSHARE -> files.unshare(in.getString());
      case RemoteWire.END -> end(null, false);
      default -> throw new IOException("the pool sent a message of type " + kind);
    }
  }

  /** Tells the pool what becomes of its items. One thread. */
  private void reportAll() {
    try {
      if (!reports.sendAll(runner.pool()::isTerminated)) {
        end("the pool has given it up", true);
      }
    } catch (IOException | RuntimeException | Error e) {
      end(reason(e), true);
    } catch (InterruptedException e) {
      end("its thread was interrupted", true);
    } finally {
      threadEnded();
    }
  }

  private String reason(Throwable thrown) {
    return (pool.isUnreachable() ? "the pool cannot be reached: " : "it failed: ") + thrown;
  }

  /**
   * Begins the end, once.
   *
   * @param why why the pool did not ask for it; null if it did
   * @param atOnce whether nobody waits for what runs
   */
  private void end(@Nullable String why, boolean atOnce) {
    if (ending.getAndSet(true)) {
      return;
    }
    failure = why; // before the threads can see that they must end: the last of them reads it
    load.end(atOnce);
    reports.end();
    if (why != null) {
      Log.get().log(System.Logger.Level.DEBUG, "the agent " + name + " ends: " + why);
    }
    if (atOnce) {
      var _ = runner.pool().shutdownNow();
    } else {
      runner.pool().shutdown();
    }
  }

  /** The last of the two threads says goodbye. */
  private void threadEnded() {
    if (threads.decrementAndGet() > 0) {
      return;
    }
    try {
      runner.pool().close();
      runner.end(files.deleteAll());
      String why = failure;
      if (!pool.isUnreachable()) {
        var _ = pool.ask(pool.question(RemoteWire.BYE).putString(why == null ? "" : why));
      }
    } catch (IOException | RuntimeException e) {
      // the pool is gone, and so needs no goodbye
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      hasEnded.countDown();
    }
  }
}
