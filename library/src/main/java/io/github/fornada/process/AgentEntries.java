package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import org.jspecify.annotations.Nullable;

/** The entries of an agent's reports, as {@link RemoteReports} reads them. */
final class AgentEntries {
  /** What to add to a time of this JVM to get one of the pool's. */
  private final long clockOffset;

  AgentEntries(long clockOffset) {
    this.clockOffset = clockOffset;
  }

  void done(AgentCall.Item item, String worker, MessageInput payload, MessageOutput out) {
    begin(RemoteWire.DONE, item, worker, out).putInt(payload.remaining());
    out.write(payload.array(), payload.position(), payload.remaining());
  }

  void failed(AgentCall.Item item, String worker, byte[] payload, MessageOutput out) {
    begin(RemoteWire.FAILED, item, worker, out).putBytes(payload);
  }

  void timedOut(AgentCall.Item item, String worker, Outcome.TimedOut<?> how, MessageOutput out) {
    Throwables.putStack(how.stack(), begin(RemoteWire.TIMED_OUT, item, worker, out));
  }

  void lost(AgentCall.Item item, String worker, DeathCertificate death, MessageOutput out) {
    RemoteWire.put(death, begin(RemoteWire.LOST, item, worker, out));
  }

  void cancelled(AgentCall.Item item, String worker, String reason, MessageOutput out) {
    begin(RemoteWire.CANCELLED, item, worker, out).putString(reason);
  }

  static void returned(AgentCall.Item item, MessageOutput out) {
    out.putByte(RemoteWire.RETURNED).putLong(item.number);
  }

  /** What every item's end begins with: its number, and what it has used. */
  private MessageOutput begin(byte kind, AgentCall.Item item, String worker, MessageOutput out) {
    out.putByte(kind).putLong(item.number).putString(worker);
    TaskUsage usage = item.usage;
    if (usage == null) {
      return out.putByte(0);
    }
    return out.putByte(1)
        .putLong(usage.startedNanos() + clockOffset)
        .putLong(usage.endedNanos() + clockOffset)
        .putLong(usage.cpuNanos())
        .putLong(usage.allocatedBytes())
        .putLong(usage.bytesIn())
        .putLong(usage.bytesOut());
  }

  /** A line that belongs to no item. */
  static void printed(boolean error, byte[] line, MessageOutput out) {
    out.putByte(RemoteWire.PRINTED).putByte(error ? 1 : 0).putLong(-1).putString("").putBytes(line);
  }

  static void broken(@Nullable String why, MessageOutput out) {
    out.putByte(RemoteWire.BROKEN).putString(String.valueOf(why));
  }

  void started(AgentCall.Item item, TaskEvent.Started started, MessageOutput out) {
    out.putByte(RemoteWire.STARTED)
        .putLong(item.number)
        .putString(started.worker())
        .putLong(started.nanos() + clockOffset);
  }

  static void printed(AgentCall.Item item, TaskEvent.Printed printed, MessageOutput out) {
    out.putByte(RemoteWire.PRINTED)
        .putByte(printed.error() ? 1 : 0)
        .putLong(item.number)
        .putString(printed.worker())
        .putString(printed.line());
  }

  void ready(TaskEvent.WorkerReady ready, MessageOutput out) {
    out.putByte(RemoteWire.WORKER_READY)
        .putString(ready.worker())
        .putLong(ready.pid())
        .putLong(ready.startupNanos())
        .putLong(ready.nanos() + clockOffset);
  }

  void ended(TaskEvent.WorkerEnded ended, MessageOutput out) {
    out.putByte(RemoteWire.WORKER_ENDED);
    RemoteWire.put(ended.certificate(), out);
    out.putByte(ended.expected() ? 1 : 0).putLong(ended.nanos() + clockOffset);
  }
}
