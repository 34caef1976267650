package io.github.fornada.process;

import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a {@link RemotePool} knows of one agent. Everything is guarded by the lock of its links. */
final class AgentLink {
  /** An item that the agent has. */
  static final class Sent {
    private final Batch<?, ?> batch;
    private final int i;
    private final long number;
    private final AgentLink to;

    /** When it was begun, and by which worker; null if it was not, or nobody asks for that. */
    private volatile @Nullable Begun begun;

    Sent(Batch<?, ?> batch, int i, long number, AgentLink to) {
      this.batch = batch;
      this.i = i;
      this.number = number;
      this.to = to;
    }

    Batch<?, ?> batch() {
      return batch;
    }

    int i() {
      return i;
    }

    long number() {
      return number;
    }

    AgentLink to() {
      return to;
    }

    /**
     * A worker has begun it.
     *
     * @param nanos by the clock of this JVM
     */
    void begins(String worker, long nanos) {
      begun = new Begun(worker, nanos);
    }

    /** What is known of its use if it ends now, and nobody tells; null if it was not begun. */
    @Nullable TaskUsage usage() {
      Begun known = begun;
      return known == null
          ? null
          : TaskUsage.of(
              known.worker,
              known.nanos,
              Math.max(known.nanos, System.nanoTime()),
              TaskUsage.UNKNOWN,
              TaskUsage.UNKNOWN);
    }
  }

  private record Begun(String worker, long nanos) {}

  /** An entry of the inbox. */
  sealed interface Arrival {
    /** A report, from where its entries begin. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Report(byte[] message, int from) implements Arrival {}

    /** The agent is lost, with what it has. */
    record Loss(String why) implements Arrival {}
  }

  final long id;
  final String name;
  final long pid;

  /** What it has, by number. */
  final Map<Long, Sent> sent = new LinkedHashMap<>();

  /** The numbers of the functions that it knows, or will with the next answer. */
  final Set<Integer> functions = new HashSet<>();

  /** Those of them that it will know with the next answer. */
  final Set<Integer> untold = new HashSet<>();

  /** The number of the first item that was placed here after the last answer. */
  long firstUnsent;

  /** Reports that were not read yet. */
  final Fifo<Arrival> inbox = new Fifo<>();

  /**
   * The printer's number of the last line that an item here has printed; -1 if none is waited for.
   * Used by the thread that reads the inbox.
   */
  long lastLine = -1;

  /** Entries of the next answer that come before its items. */
  MessageOutput first = new MessageOutput();

  /**
   * Functions and items of the next answer. Written by the feeder alone; replaced under the lock,
   * by the feeder too. What could not be sent, because the agent had been answered meanwhile, stays
   * for its next question.
   */
  MessageOutput items = new MessageOutput();

  /** Entries of the next answer that come after its items. */
  MessageOutput control = new MessageOutput();

  /** The answer that it waits for; null if it waits for none. */
  @Nullable Consumer<byte[]> parked;

  long parkedSince;
  long lastHeard = System.nanoTime();

  /** How many items it wants to have altogether. */
  int wanted;

  int workers;

  /** How many of its items were not begun, as far as is known. */
  int queued;

  /** When it was last asked to give back items. */
  long shedSince = System.nanoTime() - 1_000_000_000;

  /** Whether it was given up, or has said goodbye. */
  boolean isGone;

  /** Why it can start no worker; null if it can. */
  @Nullable String broken;

  /** Whether a thread reads its inbox, or was asked for. */
  boolean isBeingRead;

  AgentLink(long id, String name, long pid) {
    this.id = id;
    this.name = name;
    this.pid = pid;
  }

  /** Whether it is worth an answer: few items for one that has work ahead cost as much as many. */
  boolean wantsAnswer() {
    int room = room();
    return room > 0 && 4 * room >= wanted - workers;
  }

  /** How many more items it wants. */
  int room() {
    return broken != null ? 0 : wanted - sent.size();
  }
}
