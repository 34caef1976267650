package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.UserCodeException;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
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

  private final RemotePool pool;
  private final AgentLink agent;

  /** The printer's number of the last line. */
  private long lastLine = -1;

  /** What the item of the last {@link #usage} ran on. */
  private String worker = "";

  RemoteReports(RemotePool pool, AgentLink agent) {
    this.pool = pool;
    this.agent = agent;
  }

  void readAll() {
    for (AgentLink.Arrival next = pool.links.next(agent);
        next != null;
        next = pool.links.next(agent)) {
      switch (next) {
        case AgentLink.Arrival.Report report -> {
          read(report);
          pool.wakeFeeder();
        }
        case AgentLink.Arrival.Loss(String why) -> endAll(why);
      }
    }
  }

  private void read(AgentLink.Arrival.Report report) {
    byte[] message = report.message();
    var in = new MessageInput(message, report.from(), message.length - report.from());
    try {
      while (in.remaining() > 0) {
        read(in);
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.WARNING, "a report of " + agent.name, e);
      pool.lost(agent.name, "sent a " + e.getMessage());
    }
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
          pool.putBack(sent.batch());
        }
      }
      case RemoteWire.STARTED -> {
        AgentLink.Sent sent = pool.links.find(agent, in.getLong());
        String name = name(in.getString());
        long nanos = in.getLong();
        if (sent != null) {
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

  private String name(String ofWorker) {
    return agent.name + "/" + ofWorker;
  }

  private AgentLink.@Nullable Sent take(MessageInput in) throws IOException {
    AgentLink.Sent sent = pool.links.remove(agent, in.getLong());
    if (lastLine >= 0) {
      pool.printer.await(lastLine); // what an item has printed comes before its outcome
      lastLine = -1;
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
    byte[] line = in.getBytes();
    if (number < 0) {
      lastLine = pool.printer.add(error, line);
      return;
    }
    AgentLink.Sent sent = pool.links.find(agent, number);
    if (sent != null) {
      Batch<?, ?> batch = sent.batch();
      int i = sent.i();
      String text = new String(line, java.nio.charset.StandardCharsets.UTF_8);
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
      var whole = new MessageInput(payload.array(), start, length);
      Outcomes.hand(
          GuardedResults.Unread.of(batch, i, false, whole, loader, usage, worker), pool.guarded);
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
    try {
      Throwable cause = Throwables.decodeWithoutUserCode(payload, loader);
      end(batch, i, new Outcome.Failed<>(cause), usage);
    } catch (UserCodeException e) {
      Outcomes.hand(
          GuardedResults.Unread.of(batch, i, true, whole, loader, usage, worker), pool.guarded);
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
    DeathCertificate own = pool.quarantine.note(batch, i, death);
    end(
        batch,
        i,
        new Outcome.WorkerLost<>(ExitDiagnosis.message(own, batch.attempt() - 1), own),
        usage);
  }

  /** The agent is gone, with what it has. */
  private void endAll(String why) {
    for (AgentLink.Sent sent : pool.links.removeAll(agent)) {
      lostWith(sent.batch(), sent.i(), why);
    }
  }

  private <R> void lostWith(Batch<?, R> batch, int i, String why) {
    if (batch.isUnwanted()) {
      end(batch, i, new Outcome.Cancelled<>("it was stopped with its call"), null);
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
    end(batch, i, new Outcome.WorkerLost<>(message, death), null);
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
