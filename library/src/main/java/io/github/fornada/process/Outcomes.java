package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** From a worker's message to an item's outcome. */
final class Outcomes {
  private Outcomes() {}

  static void end(SentItem sent, int type, MessageInput in, WorkerProcess from, Engine pool)
      throws IOException {
    end(sent.batch(), sent, type, in, from, pool);
  }

  private static <R> void end(
      Batch<?, R> batch, SentItem sent, int type, MessageInput in, WorkerProcess from, Engine pool)
      throws IOException {
    int i = sent.i();
    var times = new MessageInput(in.array(), in.position(), 32);
    for (int skipped = 0; skipped < 4; skipped++) {
      var _ = in.getLong();
    }
    byte place = in.getByte();
    MessageInput body = in;
    if (place == MessageTypes.IN_FILE) {
      int length = in.getInt();
      body = PayloadFiles.read(PayloadFiles.resolve(pool.directory(), in.getString()), length);
    }
    TaskUsage usage = usage(pool, from, sent, times, body.remaining());
    switch (type) {
      case MessageTypes.DONE -> {
        ClassLoader loader = from.loaderOf(batch);
        Object value;
        try {
          value =
              place == MessageTypes.ARRAY_IN_FILE
                  ? Payloads.getArrayFile(body, pool.directory(), null)
                  : Payloads.decode(body, loader, from.coder());
        } catch (CorruptFrameException e) {
          throw e;
        } catch (Throwable e) { // whatever the user's readObject or constructor throws
          batch.end(i, new Outcome.Failed<>(new ResultException(batch.label(i), e)), usage);
          return;
        }
        var _ = batch.done(i, Outcomes.<R>cast(value), usage);
      }
      case MessageTypes.FAILED -> {
        Throwable cause = Throwables.decode(body, from.loaderOf(batch));
        batch.end(i, new Outcome.Failed<>(cause), usage);
      }
      case MessageTypes.TIMED_OUT -> {
        Duration limit = Objects.requireNonNull(pool.policy().timeout());
        batch.end(i, new Outcome.TimedOut<>(limit, Throwables.getStack(body)), usage);
      }
      case MessageTypes.CANCELLED ->
          batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), usage);
      default -> throw new CorruptFrameException("ring message of type " + type);
    }
  }

  /** A result that could not be read to its end; does nothing if its item has ended. */
  static void endUnreadable(SentItem sent, Throwable thrown) {
    endUnreadable(sent.batch(), sent.i(), thrown);
  }

  static <R> void endUnreadable(Batch<?, R> batch, int i, Throwable thrown) {
    if (!batch.isEnded(i)) {
      batch.end(i, new Outcome.Failed<>(new ResultException(batch.label(i), thrown)), null);
    }
  }

  @SuppressWarnings({
    "unchecked",
    "NullAway",
    "TypeParameterUnusedInFormals"
  }) // the function's own type says what it gives
  private static <R> R cast(@Nullable Object value) {
    return (R) value;
  }

  static void endLost(
      SentItem sent, DeathCertificate certificate, WorkerProcess dead, Engine pool) {
    endLost(sent.batch(), sent, certificate, dead, pool);
  }

  private static <R> void endLost(
      Batch<?, R> batch,
      SentItem sent,
      DeathCertificate certificate,
      WorkerProcess dead,
      Engine pool) {
    long now = System.nanoTime();
    TaskUsage usage =
        pool.isObserved() || pool.isRecorded()
            ? TaskUsage.of(
                    dead.name(), dead.startedNanos(now), now, TaskUsage.UNKNOWN, TaskUsage.UNKNOWN)
                .withBytes(sent.bytes(), 0)
            : null;
    Outcome<R> outcome = lost(certificate, dead.stuck(sent.number()), batch, sent.i(), pool);
    if (outcome instanceof Outcome.WorkerLost<R> && batch.isUnwanted()) {
      outcome = new Outcome.Cancelled<>("it was stopped with its worker");
    }
    batch.end(sent.i(), outcome, usage);
  }

  private static @Nullable TaskUsage usage(
      Engine pool, WorkerProcess from, SentItem sent, MessageInput times, int bytesOut)
      throws IOException {
    long began = times.getLong();
    long ended = times.getLong();
    long cpu = times.getLong();
    long allocated = times.getLong();
    from.itemTook(ended - began);
    return pool.isObserved() || pool.isRecorded()
        ? TaskUsage.of(from.name(), from.toOwnClock(began), from.toOwnClock(ended), cpu, allocated)
            .withBytes(sent.bytes(), bytesOut)
        : null;
  }

  /** What an item whose worker is gone ends as. */
  private static <R> Outcome<R> lost(
      DeathCertificate certificate,
      WorkerProcess.@Nullable Stuck stuck,
      Batch<?, R> batch,
      int i,
      Engine pool) {
    Duration limit = pool.policy().timeout();
    if (stuck != null && stuck.reason() == TaskWatchdog.Reason.CANCEL) {
      return new Outcome.Cancelled<>("it was stopped with its worker");
    }
    if (stuck != null && limit != null) {
      return new Outcome.TimedOut<>(limit, stuck.stack());
    }
    return pool.quarantine().lost(batch, i, certificate);
  }

  /** A result came back but cannot be read here. */
  private static final class ResultException extends IOException {
    @java.io.Serial private static final long serialVersionUID = 1L;

    ResultException(String item, Throwable cause) {
      super("the result of " + item + " could not be read in this process: " + cause, cause);
    }
  }
}
