package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A row of items is put together, and the timer sends what is whole of it: whole items only, and
 * each once.
 */
public final class OpenRowsScenario implements Explorer.Scenario {
  private static final int ITEMS = 2;

  private final Engine engine = new Engine();
  private final Dispatcher dispatcher = new Dispatcher();
  private final OpenRows rows =
      new OpenRows(
          Explorer.<io.github.fornada.process.Engine>standIn(engine),
          Explorer.<io.github.fornada.process.Dispatcher>standIn(dispatcher));
  private boolean closed;

  @Override
  public List<Runnable> threads() {
    return List.of(this::feed, this::look);
  }

  private void feed() {
    var body = new MessageOutput();
    OpenRow row =
        rows.open(
            Explorer.<io.github.fornada.spi.Batch<?, ?>>standIn(new Batch()),
            0,
            Explorer.<io.github.fornada.process.WorkerProcess>standIn(new WorkerProcess()));
    for (int i = 0; i < ITEMS; i++) {
      Explorer.writes(dispatcher.bytes.get(i));
      body.putInt(i);
      row.grown(body, i + 1);
    }
    var _ = rows.close(row, ITEMS, body);
    // What did not go is written anew, into another row.
    dispatcher.sent += row.sentEarly() > 0 ? ITEMS - row.sentEarly() : 0;
    closed = true;
  }

  /** The timer. */
  private void look() {
    while (!closed || !engine.due.isEmpty()) {
      Explorer.await(() -> closed || !engine.due.isEmpty());
      Engine.Due next = engine.due.poll();
      if (next != null) {
        Explorer.parkNanos(this, next.pause());
        next.action().run();
      }
    }
  }

  @Override
  public void check() {
    if (dispatcher.sent != ITEMS) {
      throw new AssertionError(dispatcher.sent + " items sent");
    }
  }

  // ---- in the places of ours of the same names

  /** Knows the time. */
  static final class Engine {
    private record Due(long pause, Runnable action) {}

    private static @Nullable Engine latest;

    private final ArrayDeque<Due> due = new ArrayDeque<>();

    private Engine() {
      latest = this;
    }

    boolean isStopping() {
      return false;
    }

    void putBack(io.github.fornada.spi.Batch<?, ?> batch) {}

    static void tryLater(Duration pause, Runnable action) {
      if (latest != null) {
        latest.due.add(new Due(pause.toNanos(), action));
      }
    }
  }

  /** Reads the bytes of what it sends. */
  static final class Dispatcher {
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Object> bytes = List.of(new Object(), new Object());
    private int sent;

    void lock() {
      lock.lock();
    }

    void unlock() {
      lock.unlock();
    }

    Sender.@Nullable Result commit(
        io.github.fornada.spi.Batch<?, ?> batch,
        int first,
        int count,
        WorkerProcess to,
        MessageOutput body) {
      return commitRow(batch, first, count, to, body.array(), body.size());
    }

    Sender.@Nullable Result commitRow(
        io.github.fornada.spi.Batch<?, ?> batch,
        int first,
        int count,
        WorkerProcess to,
        byte[] body,
        int size) {
      if (size != count * Integer.BYTES) {
        throw new AssertionError(count + " items in " + size + " bytes");
      }
      bytes.subList(0, count).forEach(Explorer::reads);
      sent += count;
      return null;
    }

    void flush(WorkerProcess to) {}

    boolean cancelInFlight(io.github.fornada.spi.Batch<?, ?> batch, int i) {
      return false;
    }
  }

  /** Is only written to. */
  static final class WorkerProcess {}

  /** Is wanted. */
  public static final class Batch {
    public boolean isUnwanted() {
      return false;
    }

    public boolean hasWaiting() {
      return false;
    }

    public boolean release(int i) {
      return true;
    }
  }
}
