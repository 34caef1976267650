package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The messages between a {@link RemotePool} and its agents. The agent asks, the pool answers: each
 * question is one array of bytes that begins with its kind and the agent's number, and each answer
 * is another. All numbers are little-endian.
 */
final class RemoteWire {
  /** Raised when the messages change: both sides must have the same. */
  static final int VERSION = 4;

  // ---- questions

  /** An agent is there. */
  static final byte HELLO = 1;

  /** Is there something to do? Answered when there is, or after some seconds. */
  static final byte POLL = 2;

  /** What has happened. */
  static final byte REPORT = 3;

  /** A worker lacks a class or a resource. */
  static final byte FIND = 4;

  /** A part of shared bytes. */
  static final byte FETCH = 5;

  /** The agent ends; why, if the pool has not told it to. */
  static final byte BYE = 6;

  /** How does a machine get shared bytes without asking the pool for every part? */
  static final byte WAY = 7;

  // ---- answers: the first byte

  /** The pool has given the agent up, or does not know it: it must end at once. */
  static final byte GONE = 0;

  static final byte OK = 1;

  // ---- what an answer to POLL consists of

  static final byte FUNCTION = 1;
  static final byte FORGET = 2;
  static final byte ITEM = 3;
  static final byte CANCEL = 4;
  static final byte SHED = 5;
  static final byte SHARE = 6;
  static final byte UNSHARE = 7;
  static final byte END = 8;

  // ---- what a REPORT consists of

  static final byte DONE = 1;
  static final byte FAILED = 2;
  static final byte TIMED_OUT = 3;
  static final byte LOST = 4;
  static final byte CANCELLED = 5;

  /** An item comes back that was not begun. */
  static final byte RETURNED = 6;

  static final byte STARTED = 7;
  static final byte PRINTED = 8;
  static final byte WORKER_READY = 9;
  static final byte WORKER_ENDED = 10;

  /** The agent can start no worker any more. */
  static final byte BROKEN = 11;

  /** Tells this copy of the library, in this JVM, from all others. */
  static final long COPY = ThreadLocalRandom.current().nextLong();

  private RemoteWire() {}

  static void put(DeathCertificate death, MessageOutput out) {
    out.putString(death.worker())
        .putLong(death.pid())
        .putInt(death.exitCode())
        .putString(death.manner())
        .putInt(death.lastOutput().size());
    death.lastOutput().forEach(out::putString);
    String log = death.crashLog();
    out.putString(log == null ? "" : log).putByte(death.outOfMemory() ? 1 : 0);
  }

  /**
   * Reads a certificate.
   *
   * @param agent put before the worker's name
   */
  static DeathCertificate certificate(MessageInput in, String agent) throws IOException {
    var death =
        DeathCertificate.of(
            agent + "/" + in.getString(), in.getLong(), in.getInt(), in.getString());
    List<String> lines = new ArrayList<>();
    for (int n = in.getInt(); n > 0; n--) {
      lines.add(in.getString());
    }
    String log = in.getString();
    return death
        .withLastOutput(lines)
        .withCrashLog(log.isEmpty() ? null : log)
        .withOutOfMemory(in.getByte() != 0);
  }
}
