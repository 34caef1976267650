package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.UserCodeException;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes the outcomes of items that were sent to a worker: from the worker's message, or from its
 * death ({@link Outcome.WorkerLost}).
 */
final class Outcomes {
  private Outcomes() {}

  /**
   * Ends an item as its worker's message says. If that may run user code, {@code guarded} will do
   * so.
   */
  static void end(
      SentItem sent,
      int type,
      MessageInput in,
      WorkerProcess from,
      Engine engine,
      GuardedResults guarded)
      throws IOException {
    end(sent.batch(), sent, type, in, from, engine, guarded);
  }

  private static <R> void end(
      Batch<?, R> batch,
      SentItem sent,
      int type,
      MessageInput in,
      WorkerProcess from,
      Engine engine,
      GuardedResults guarded)
      throws IOException {
    int i = sent.i();
    var times = new MessageInput(in.array(), in.position(), 32);
    for (int skipped = 0; skipped < 4; skipped++) {
      var _ = in.getLong();
    }
    byte location = in.getByte();
    MessageInput body = in;
    if (location == MessageTypes.IN_FILE) {
      int length = in.getInt();
      body = PayloadFiles.read(PayloadFiles.resolve(engine.directory(), in.getString()), length);
    }
    TaskUsage usage = usage(engine, from, sent, times, body.remaining());
    switch (type) {
      case MessageTypes.DONE -> {
        ClassLoader loader = WorkerProcess.loaderOf(batch);
        Engine relay = RelayedValue.target(batch, engine);
        int start = body.position();
        int length = body.remaining();
        Object value;
        try {
          value =
              engine.far() != null
                  ? FarSide.Value.of(location, body, engine.directory())
                  : relay != null
                      ? RelayedValue.of(location, body, engine.directory(), relay, loader)
                      : location == MessageTypes.ARRAY_IN_FILE
                          ? Payloads.getArrayFile(body, engine.directory(), null)
                          : Payloads.decodeWithoutUserCode(body, loader);
        } catch (CorruptFrameException e) {
          throw e;
        } catch (UserCodeException e) {
          var whole = new MessageInput(body.array(), start, length);
          hand(
              GuardedResults.Unread.of(batch, i, false, whole, loader, usage, from.name()),
              guarded);
          return;
        } catch (Throwable e) { // such as a file that is gone
          batch.end(i, unreadable(batch, i, e), usage, from.name());
          return;
        }
        var _ = batch.done(i, Outcomes.<R>cast(value), usage, from.name());
      }
      case MessageTypes.FAILED -> {
        ClassLoader loader = WorkerProcess.loaderOf(batch);
        var whole = new MessageInput(body.array(), body.position(), body.remaining());
        Throwable cause;
        try {
          cause =
              engine.far() != null
                  ? FarSide.Failure.of(body)
                  : Throwables.decodeWithoutUserCode(body, loader);
        } catch (UserCodeException e) {
          hand(
              GuardedResults.Unread.of(batch, i, true, whole, loader, usage, from.name()), guarded);
          return;
        }
        batch.end(i, new Outcome.Failed<>(cause), usage, from.name());
      }
      case MessageTypes.TIMED_OUT -> {
        Duration limit = Objects.requireNonNull(engine.policy().timeout());
        batch.end(i, new Outcome.TimedOut<>(limit, Throwables.getStack(body)), usage, from.name());
      }
      case MessageTypes.CANCELLED ->
          batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), usage, from.name());
      default -> throw new CorruptFrameException("ring message of type " + type);
    }
  }

  /** Hands over a result whose reading may run user code. */
  static void hand(GuardedResults.Unread result, GuardedResults to) {
    if (!to.add(result)) {
      var why =
          new IOException(
              "reading earlier results of the same worker does not end, and no more can be kept: "
                  + GuardedResults.MAX_THREADS
                  + " of them at most are read at once");
      // Not by its text: making it would run user code.
      endTooMany(result.batch(), result, why);
    }
  }

  private static <R> void endTooMany(
      Batch<?, R> batch, GuardedResults.Unread result, IOException why) {
    int i = result.i();
    batch.end(
        i,
        new Outcome.Failed<>(new ResultException("item " + batch.index(i), why)),
        result.usage(),
        result.worker());
  }

  /** Returns the outcome of an item whose result cannot be read. */
  static <R> Outcome<R> unreadable(Batch<?, R> batch, int i, Throwable thrown) {
    return new Outcome.Failed<>(new ResultException(batch.label(i), thrown));
  }

  /** Ends an item whose result could not be read completely; does nothing if the item has ended. */
  static void endUnreadable(SentItem sent, Throwable thrown) {
    endUnreadable(sent.batch(), sent.i(), thrown);
  }

  static <R> void endUnreadable(Batch<?, R> batch, int i, Throwable thrown) {
    if (!batch.isEnded(i)) {
      try {
        batch.end(i, new Outcome.Failed<>(new ResultException(batch.label(i), thrown)), null);
      } catch (OutOfMemoryError e) {
        batch.fail(i, e, "");
      }
    }
  }

  @SuppressWarnings({
    "unchecked",
    "NullAway",
    "TypeParameterUnusedInFormals"
  }) // the result type is that of the function
  static <R> R cast(@Nullable Object value) {
    return (R) value;
  }

  static void endLost(
      SentItem sent, DeathCertificate certificate, WorkerProcess dead, Engine engine) {
    endLost(sent.batch(), sent, certificate, dead, engine);
  }

  private static <R> void endLost(
      Batch<?, R> batch,
      SentItem sent,
      DeathCertificate certificate,
      WorkerProcess dead,
      Engine engine) {
    long now = System.nanoTime();
    long began = dead.startedNanos(now);
    TaskUsage usage =
        engine.isObserved() || engine.isRecorded()
            ? TaskUsage.of(dead.name(), began, now, TaskUsage.UNKNOWN, TaskUsage.UNKNOWN)
                .withBytes(sent.bytes(), 0)
            : null;
    WorkerProcess.Stuck stuck = dead.stuck(sent.number());
    if (stuck != null && began < now) {
      batch.spent(1, now - began, dead.name());
    }
    Outcome<R> outcome = outcomeOfDeath(certificate, stuck, batch, sent.i(), engine);
    if (outcome instanceof Outcome.WorkerLost<R> && batch.isUnwanted()) {
      outcome = new Outcome.Cancelled<>("it was stopped with its worker");
    }
    batch.end(sent.i(), outcome, usage, dead.name());
  }

  private static @Nullable TaskUsage usage(
      Engine engine, WorkerProcess from, SentItem sent, MessageInput times, int bytesOut)
      throws IOException {
    long began = times.getLong();
    long ended = times.getLong();
    long cpu = times.getLong();
    long allocated = times.getLong();
    from.itemTook(ended - began);
    return engine.isObserved() || engine.isRecorded()
        ? TaskUsage.of(from.name(), from.toOwnClock(began), from.toOwnClock(ended), cpu, allocated)
            .withBytes(sent.bytes(), bytesOut)
        : null;
  }

  /** Returns the outcome of an item whose worker has died: the death becomes an outcome here. */
  private static <R> Outcome<R> outcomeOfDeath(
      DeathCertificate certificate,
      WorkerProcess.@Nullable Stuck stuck,
      Batch<?, R> batch,
      int i,
      Engine engine) {
    Duration limit = engine.policy().timeout();
    if (stuck != null && stuck.reason() == TaskWatchdog.Reason.CANCEL) {
      return new Outcome.Cancelled<>("it was stopped with its worker");
    }
    if (stuck != null && limit != null) {
      return new Outcome.TimedOut<>(limit, stuck.stack());
    }
    DeathCertificate own = engine.quarantine().note(batch, i, certificate);
    return new Outcome.WorkerLost<>(ExitDiagnosis.message(own, batch.attempt() - 1), own);
  }

  /** Returns the outcome of an item that is not run because of the workers it has cost before. */
  static <R> Outcome<R> quarantined(String item, DeathCertificate certificate) {
    return new Outcome.WorkerLost<>(ExitDiagnosis.refusal(item, certificate), certificate);
  }

  /** Thrown when a result arrived but cannot be read here. */
  private static final class ResultException extends IOException {
    @java.io.Serial private static final long serialVersionUID = 1L;

    ResultException(String item, Throwable cause) {
      super(
          "the result of " + item + " could not be read in this process: " + BoundedText.of(cause),
          cause);
    }
  }
}
