package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import io.github.fornada.threads.ThreadPool;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The items of an agent, without a pool on another machine. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class AgentItemsTest {
  private static final int HEAD = 1 + 8 + 12;

  private final ConcurrentLinkedQueue<byte[]> asked = new ConcurrentLinkedQueue<>();
  private final AgentLoad load = new AgentLoad();
  private final AgentReports reports =
      new AgentReports(
          new PoolContact(
              question -> {
                asked.add(question);
                return new MessageOutput().putByte(RemoteWire.OK).putLong(0).toByteArray();
              },
              7),
          load);
  private final Pool pool = ThreadPool.open(o -> o.withWorkers(1));
  private final Runner runner = new Runner();
  private final AgentItems items = new AgentItems(runner, reports, new AgentEntries(0), load);

  /** Runs in one thread what the test says. */
  private final class Runner implements AgentRunner {
    private @Nullable TaskFunction<@Nullable Object, @Nullable Object> next;

    @Override
    public Pool pool() {
      return pool;
    }

    @Override
    public FedCall call(byte[] function, FedCall.Feed feed) {
      TaskFunction<@Nullable Object, @Nullable Object> made = next;
      next = null;
      if (made == null) {
        throw new AssertionError("no function");
      }
      return FedCall.on(pool, made, feed);
    }

    @Override
    public void use(int workers) {}

    @Override
    public void cancel(AgentCall.Item item, @Nullable Batch<?, ?> batch, String reason) {}

    @Override
    public boolean failsWhenCancelled() {
      return true;
    }

    @Override
    public void withdraw(int most, List<AgentCall.Item> taken) {}

    @Override
    public ClassLoader loader() {
      return AgentItemsTest.class.getClassLoader();
    }

    @Override
    public Path folder() {
      throw new AssertionError("no folder");
    }

    @Override
    public void end(Set<String> fetched) {}
  }

  @AfterEach
  void close() {
    var _ = pool.shutdownNow();
  }

  private void function(int number, TaskFunction<@Nullable Object, @Nullable Object> function) {
    runner.next = function;
    items.function(number, new byte[0]);
  }

  /** Sends what there is; returns the kinds of the first entry of each report. */
  private List<Byte> kinds() throws Exception {
    assertThat(reports.sendAll(() -> true)).isTrue();
    var kinds = new ArrayList<Byte>();
    for (byte[] report = asked.poll(); report != null; report = asked.poll()) {
      if (report.length > HEAD) {
        kinds.add(report[HEAD]);
      }
    }
    return kinds;
  }

  private List<Byte> kindsOnceThereAreAny() {
    var all = new ArrayList<Byte>();
    Waiting.until(
        "something is reported",
        () -> {
          try {
            all.addAll(kinds());
          } catch (Exception e) {
            throw new AssertionError(e);
          }
          return !all.isEmpty();
        });
    return all;
  }

  @Test
  void aResultThatIsTooLargeForAnyReportFails() throws Exception {
    function(1, item -> new FarSide.Value(new MessageInput(new byte[0], 0, Integer.MAX_VALUE - 8)));
    items.item(5, 1, new byte[0]);
    assertThat(kindsOnceThereAreAny()).containsExactly(RemoteWire.FAILED);
  }

  @Test
  void whatWaitsHereForAFunctionThatThePoolHasForgottenGoesBackWhenNoWorkerCanBeStarted()
      throws Exception {
    CountDownLatch end = keepTheWorkerBusy();
    function(2, item -> null);
    items.item(6, 2, new byte[0]);
    items.forget(2);
    items.breaks("as a test");
    assertThat(kindsOnceThereAreAny()).containsExactly(RemoteWire.RETURNED);
    end.countDown();
  }

  @Test
  void aForgottenFunctionIsLetGoWhenItsLastItemIsCancelledBeforeItIsTaken() throws Exception {
    CountDownLatch end = keepTheWorkerBusy();
    WeakReference<Object> function = functionWithItsOwnItem();
    items.forget(2);
    items.cancel(6, "as a test");
    end.countDown(); // the worker looks into the queue again
    Waiting.untilCollected("the function is let go", () -> function.get() == null);
  }

  /** Gives the worker an item; returns what lets it end. */
  private CountDownLatch keepTheWorkerBusy() throws Exception {
    var busy = new CountDownLatch(1);
    var end = new CountDownLatch(1);
    function(
        1,
        item -> {
          busy.countDown();
          end.await();
          return new FarSide.Value(new MessageInput(new byte[0], 0, 0));
        });
    items.item(5, 1, new byte[0]);
    busy.await();
    return end;
  }

  private WeakReference<Object> functionWithItsOwnItem() throws Exception {
    byte[] captured = new byte[1];
    TaskFunction<@Nullable Object, @Nullable Object> own = item -> captured;
    function(2, own);
    items.item(6, 2, new byte[0]);
    return new WeakReference<>(own);
  }
}
