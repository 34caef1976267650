package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.UserCodeException;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads what an agent of a {@link RemotePool} reports, and ends the items. One thread reads the
 * reports of an agent at a time, in their order.
 */
final class RemoteReports {
  /** The exit code of a worker whose end nobody saw. */
  private static final int UNKNOWN_CODE = -1;

  private static final String NOT_READABLE = "sent a report that could not be read";

  /** How often an entry is tried to be read that the heap has no room for. */
  private static final int MOST_TRIES = 500; // Guess: a second

  private final RemotePool pool;
  private final AgentLink agent;

  /** What the item of the last {@link #usage} ran on. */
  private String worker = "";

  // What is half done, so that it goes on where something was thrown.

  /** What is being read; null for nothing. */
  private AgentLink.@Nullable Arrival current;

  /** Where its next entry begins. */
  private int at;

  /** The item of that entry, which the agent has no more, and which may not have ended yet. */
  private AgentLink.@Nullable Sent taken;

  RemoteReports(RemotePool pool, AgentLink agent) {
    this.pool = pool;
    this.agent = agent;
  }

  /** Reads until there is no more. If something is thrown, it is to be called again. */
  void readAll() {
    for (AgentLink.Arrival next = next(); next != null; next = next()) {
      switch (next) {
        case AgentLink.Arrival.Report report -> {
          read(report.message());
          pool.wakeFeeder();
        }
        case AgentLink.Arrival.Loss(String why) -> endAll(why);
      }
      current = null;
    }
  }

  private AgentLink.@Nullable Arrival next() {
    if (current == null) {
      AgentLink.Arrival next = pool.links.next(agent);
      at = next instanceof AgentLink.Arrival.Report report ? report.from() : 0;
      current = next;
    }
    return current;
  }

  private void read(byte[] message) {
    int tries = 0;
    while (at < message.length) {
      try {
        var in = new MessageInput(message, at, message.length - at);
        while (in.remaining() > 0) {
          read(in);
          taken = null;
          at = in.position();
          tries = 0;
        }
      } catch (OutOfMemoryError e) {
        if (++tries >= MOST_TRIES || !HeapShortage.isOfHeap(e)) {
          giveUp(message, e);
        } else {
          HeapShortage.await(); // and the entry is read again, from its beginning
        }
      } catch (IOException | RuntimeException | Error e) {
        giveUp(message, e);
      }
    }
  }

  /** Where the next entry begins is not known, so all that the agent has is lost. */
  private void giveUp(byte[] message, Throwable thrown) {
    AgentLink.Sent sent = taken;
    if (sent != null) {
      Outcomes.endUnreadable(sent.batch(), sent.i(), thrown);
      taken = null;
    }
    pool.lose(
        agent, thrown instanceof IOException ? "sent a " + thrown.getMessage() : NOT_READABLE);
    at = message.length;
    Log.get().log(System.Logger.Level.WARNING, "a report of " + agent.name, thrown);
  }

  private void read(MessageInput in) throws IOException {
    byte kind = in.getByte();
    switch (kind) {
      case RemoteWire.DONE -> done(in);
      case RemoteWire.FAILED -> failed(in);
      case RemoteWire.TIMED_OUT -> timedOut(in);
      case RemoteWire.LOST -> lost(in);
      case RemoteWire.CANCELLED -> {
        AgentLink.Sent sent = take(in);
        TaskUsage usage = usage(in);
        String reason = in.getString();
        if (sent != null) {
          end(sent.batch(), sent.i(), new Outcome.Cancelled<>(reason), usage);
        }
      }
      case RemoteWire.RETURNED -> {
        AgentLink.Sent sent = take(in);
        if (sent != null && sent.batch().release(sent.i())) {
          putBack(sent.batch());
        }
      }
      case RemoteWire.STARTED -> {
        AgentLink.Sent sent = pool.links.find(agent, in.getLong());
        String name = name(in.getString());
        long nanos = in.getLong();
        if (sent != null) {
          sent.begins(name, nanos);
          sent.batch().started(sent.i(), name, nanos);
        }
      }
      case RemoteWire.PRINTED -> printed(in);
      case RemoteWire.WORKER_READY ->
          pool.report(
              TaskEvent.WorkerReady.of(
                  name(in.getString()), in.getLong(), in.getLong(), in.getLong()));
      case RemoteWire.WORKER_ENDED -> {
        DeathCertificate death = RemoteWire.certificate(in, agent.name);
        pool.report(TaskEvent.WorkerEnded.of(death, in.getByte() != 0, in.getLong()));
      }
      case RemoteWire.BROKEN -> {
        String why = in.getString();
        pool.links.breaks(agent, why);
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                agent.name + " runs nothing any more, for it can start no worker: " + why);
      }
      default -> throw new CorruptFrameException("report of type " + kind);
    }
  }

  private void putBack(Batch<?, ?> batch) {
    try {
      pool.putBack(batch);
    } catch (RuntimeException | Error e) {
      callbackFailed(e);
    }
  }

  private String name(String ofWorker) {
    return agent.name + "/" + ofWorker;
  }

  private AgentLink.@Nullable Sent take(MessageInput in) throws IOException {
    long number = in.getLong();
    AgentLink.Sent sent = taken; // if the entry is read again
    if (sent == null || sent.number() != number) {
      sent = pool.links.remove(agent, number);
      taken = sent;
    }
    if (agent.lastLine >= 0) {
      pool.printer.await(agent.lastLine); // what an item has printed comes before its outcome
      agent.lastLine = -1;
    }
    return sent;
  }

  private @Nullable TaskUsage usage(MessageInput in) throws IOException {
    worker = name(in.getString());
    return in.getByte() == 0
        ? null
        : TaskUsage.of(worker, in.getLong(), in.getLong(), in.getLong(), in.getLong())
            .withBytes(in.getLong(), in.getLong());
  }

  private void printed(MessageInput in) throws IOException {
    boolean error = in.getByte() != 0;
    long number = in.getLong();
    String by = name(in.getString());
    MessageInput line = in.slice(in.getInt());
    try {
      printed(error, number, by, line);
    } catch (OutOfMemoryError e) {
      // A line is missed rather than an outcome.
    }
  }

  private void printed(boolean error, long number, String by, MessageInput line)
      throws IOException {
    if (number < 0) {
      agent.lastLine = pool.printer.add(error, line.rest());
      return;
    }
    AgentLink.Sent sent = pool.links.find(agent, number);
    if (sent != null) {
      Batch<?, ?> batch = sent.batch();
      int i = sent.i();
      String text =
          new String(line.array(), line.position(), line.remaining(), StandardCharsets.UTF_8);
      pool.report(
          TaskEvent.Printed.of(
              batch.task(i), batch.index(i), batch.item(i), by, error, text, System.nanoTime()));
    }
  }

  private void done(MessageInput in) throws IOException {
    AgentLink.Sent sent = take(in);
    TaskUsage usage = usage(in);
    MessageInput payload = in.slice(in.getInt());
    if (sent != null) {
      done(sent.batch(), sent.i(), payload, usage);
    }
  }

  private <R> void done(Batch<?, R> batch, int i, MessageInput payload, @Nullable TaskUsage usage) {
    ClassLoader loader = WorkerProcess.loaderOf(batch);
    int start = payload.position();
    int length = payload.remaining();
    Object value;
    try {
      value = Payloads.decodeWithoutUserCode(payload, loader);
    } catch (UserCodeException e) {
      hand(batch, i, false, new MessageInput(payload.array(), start, length), loader, usage);
      return;
    } catch (Throwable e) { // such as a class that is not here
      end(batch, i, Outcomes.unreadable(batch, i, e), usage);
      return;
    }
    try {
      var _ = batch.done(i, Outcomes.<R>cast(value), usage, worker);
    } catch (RuntimeException | Error e) {
      callbackFailed(e);
    }
  }

  private void failed(MessageInput in) throws IOException {
    AgentLink.Sent sent = take(in);
    TaskUsage usage = usage(in);
    MessageInput payload = in.slice(in.getInt());
    if (sent != null) {
      failed(sent.batch(), sent.i(), payload, usage);
    }
  }

  private <R> void failed(Batch<?, R> batch, int i, MessageInput payload, @Nullable TaskUsage usage)
      throws IOException {
    ClassLoader loader = WorkerProcess.loaderOf(batch);
    var whole = new MessageInput(payload.array(), payload.position(), payload.remaining());
    Throwable cause;
    try {
      cause = Throwables.decodeWithoutUserCode(payload, loader);
    } catch (UserCodeException e) {
      hand(batch, i, true, whole, loader, usage);
      return;
    } catch (OutOfMemoryError e) {
      batch.fail(i, e, worker);
      return;
    }
    end(batch, i, new Outcome.Failed<>(cause), usage);
  }

  private void hand(
      Batch<?, ?> batch,
      int i,
      boolean isFailure,
      MessageInput payload,
      ClassLoader loader,
      @Nullable TaskUsage usage) {
    try {
      Outcomes.hand(
          GuardedResults.Unread.of(batch, i, isFailure, payload, loader, usage, worker),
          pool.guarded);
    } catch (OutOfMemoryError e) { // for its bytes
      batch.fail(i, e, worker);
    }
  }

  private void timedOut(MessageInput in) throws IOException {
    AgentLink.Sent sent = take(in);
    TaskUsage usage = usage(in);
    var stack = Throwables.getStack(in);
    Duration limit = Objects.requireNonNull(pool.policy().timeout(), "limit");
    if (sent != null) {
      end(sent.batch(), sent.i(), new Outcome.TimedOut<>(limit, stack), usage);
    }
  }

  private void lost(MessageInput in) throws IOException {
    AgentLink.Sent sent = take(in);
    TaskUsage usage = usage(in);
    DeathCertificate death = RemoteWire.certificate(in, agent.name);
    if (sent != null) {
      lost(sent.batch(), sent.i(), death, usage);
    }
  }

  private <R> void lost(
      Batch<?, R> batch, int i, DeathCertificate death, @Nullable TaskUsage usage) {
    if (batch.isUnwanted()) {
      end(batch, i, new Outcome.Cancelled<>("it was stopped with its worker"), usage);
      return;
    }
    Outcome<R> outcome;
    try {
      DeathCertificate own = pool.quarantine.note(batch, i, death);
      outcome = new Outcome.WorkerLost<>(ExitDiagnosis.message(own, batch.attempt() - 1), own);
    } catch (OutOfMemoryError e) { // for the copy of a large item
      batch.fail(i, e, worker);
      return;
    }
    end(batch, i, outcome, usage);
  }

  /** The agent is gone, with what it has. */
  private void endAll(String why) {
    for (AgentLink.Sent sent = pool.links.any(agent); sent != null; sent = pool.links.any(agent)) {
      try {
        lostWith(sent.batch(), sent, why);
      } catch (RuntimeException | Error e) { // such as no memory for the message
        RemotePool.fail(sent.batch(), sent.i(), e);
      }
      var _ = pool.links.remove(agent, sent.number()); // last: it has ended now
    }
  }

  private <R> void lostWith(Batch<?, R> batch, AgentLink.Sent sent, String why) {
    int i = sent.i();
    TaskUsage usage = sent.usage();
    worker = usage == null ? "" : usage.worker();
    if (batch.isUnwanted()) {
      end(batch, i, new Outcome.Cancelled<>("it was stopped with its call"), usage);
      return;
    }
    DeathCertificate death =
        ExitDiagnosis.of(
            DeathCertificate.of(agent.name, agent.pid, UNKNOWN_CODE, why),
            batch.label(i),
            batch.workersLost() + 1,
            false);
    int retries = batch.attempt() - 1;
    String message =
        agent.name
            + " "
            + why
            + " while it had "
            + death.item()
            + ExitDiagnosis.retried(retries)
            + ". Whether it has run is not known. With withRetries it runs again elsewhere.";
    end(batch, i, new Outcome.WorkerLost<>(message, death), usage);
  }

  private <R> void end(Batch<?, R> batch, int i, Outcome<R> outcome, @Nullable TaskUsage usage) {
    try {
      batch.end(i, outcome, usage, worker);
    } catch (RuntimeException | Error e) {
      callbackFailed(e);
    }
  }

  /** Thrown by a callback or by a dependent of a future: user code, and not the agent's fault. */
  private void callbackFailed(Throwable e) {
    Log.get()
        .log(System.Logger.Level.WARNING, "a callback failed after an item of " + agent.name, e);
  }
}
