package io.github.fornada;

import java.io.Serial;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is known about the death of a worker process. Immutable. */
public final class DeathCertificate implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final String worker;
  private final long pid;
  private final int exitCode;
  private final String manner;
  private final @Nullable String item;

  @SuppressWarnings("serial") // an unmodifiable list of strings, which is serializable
  private final List<String> lastOutput;

  private final @Nullable String crashLog;
  private final boolean outOfMemory;
  private final int workersLost;
  private final boolean quarantined;

  @SuppressWarnings("serial") // an unmodifiable list of strings, which is serializable
  private final List<String> received;

  private DeathCertificate(
      String worker,
      long pid,
      int exitCode,
      String manner,
      @Nullable String item,
      List<String> lastOutput,
      @Nullable String crashLog,
      boolean outOfMemory,
      int workersLost,
      boolean quarantined,
      List<String> received) {
    this.worker = Objects.requireNonNull(worker, "worker");
    this.pid = pid;
    this.exitCode = exitCode;
    this.manner = Objects.requireNonNull(manner, "manner");
    this.item = item;
    this.lastOutput = List.copyOf(lastOutput);
    this.crashLog = crashLog;
    this.outOfMemory = outOfMemory;
    this.workersLost = workersLost;
    this.quarantined = quarantined;
    this.received = List.copyOf(received);
  }

  /**
   * Returns the certificate of a worker that was not running an item and printed nothing.
   *
   * @param worker the worker's name in its pool
   * @param pid its process id
   * @param exitCode its exit code; 128 + n where signal n ended it
   * @param manner how it ended, in words
   */
  public static DeathCertificate of(String worker, long pid, int exitCode, String manner) {
    return new DeathCertificate(
        worker, pid, exitCode, manner, null, List.of(), null, false, 0, false, List.of());
  }

  /**
   * Returns this certificate with the item that the worker was running.
   *
   * @param text the item as text; null for none
   * @param lost how many workers the attempts at the item have cost, this one included; 0 for no
   *     item
   */
  public DeathCertificate withItem(@Nullable String text, int lost) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        text,
        lastOutput,
        crashLog,
        outOfMemory,
        lost,
        quarantined,
        received);
  }

  /** Returns this certificate with the last lines that the worker printed, oldest first. */
  public DeathCertificate withLastOutput(List<String> lines) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lines,
        crashLog,
        outOfMemory,
        workersLost,
        quarantined,
        received);
  }

  /** Returns this certificate with the path of the JVM's own crash report; null for none. */
  public DeathCertificate withCrashLog(@Nullable String path) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lastOutput,
        path,
        outOfMemory,
        workersLost,
        quarantined,
        received);
  }

  /** Returns this certificate with {@code ranOut} as the answer to whether memory ran out. */
  public DeathCertificate withOutOfMemory(boolean ranOut) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lastOutput,
        crashLog,
        ranOut,
        workersLost,
        quarantined,
        received);
  }

  /**
   * Returns this certificate with {@code refused} as the answer to whether the pool refuses to run
   * the item again.
   */
  public DeathCertificate withQuarantined(boolean refused) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lastOutput,
        crashLog,
        outOfMemory,
        workersLost,
        refused,
        received);
  }

  /**
   * Returns this certificate with the last elements that the worker had received from shared
   * queues, a line for each queue.
   */
  public DeathCertificate withReceived(List<String> elements) {
    return new DeathCertificate(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lastOutput,
        crashLog,
        outOfMemory,
        workersLost,
        quarantined,
        elements);
  }

  /** Returns the worker's name in its pool, such as {@code worker-2}. */
  public String worker() {
    return worker;
  }

  /** Returns the worker's process id. */
  public long pid() {
    return pid;
  }

  /** Returns the worker's exit code; 128 + n if signal n ended it, as in a shell. */
  public int exitCode() {
    return exitCode;
  }

  /**
   * Returns how the worker ended, in words, such as {@code "was ended by SIGKILL (exit code 137)"}.
   */
  public String manner() {
    return manner;
  }

  /** Returns the item that the worker was running, as text; null if it was running none. */
  public @Nullable String item() {
    return item;
  }

  /** Returns the last lines that the worker printed, oldest first; at most 20. */
  public List<String> lastOutput() {
    return lastOutput;
  }

  /** Returns the path of the JVM's own crash report ({@code hs_err}); null if there is none. */
  public @Nullable String crashLog() {
    return crashLog;
  }

  /**
   * Returns whether the worker's heap or the machine's memory ran out, as far as that can be
   * determined.
   */
  public boolean outOfMemory() {
    return outOfMemory;
  }

  /**
   * Returns how many workers the attempts at the item have cost, this one included; 0 if the worker
   * was running no item.
   */
  public int workersLost() {
    return workersLost;
  }

  /** Returns whether the pool will not run the item again. */
  public boolean quarantined() {
    return quarantined;
  }

  /**
   * Returns the last element that the worker had received from each {@code SharedQueue}, by its
   * number in the order of sending, such as {@code "element number 17 of SharedQueue 1-2"}: if the
   * worker was still working on it, it is gone with the worker. Empty if it had received none.
   */
  public List<String> received() {
    return received;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DeathCertificate that
        && worker.equals(that.worker)
        && pid == that.pid
        && exitCode == that.exitCode
        && manner.equals(that.manner)
        && Objects.equals(item, that.item)
        && lastOutput.equals(that.lastOutput)
        && Objects.equals(crashLog, that.crashLog)
        && outOfMemory == that.outOfMemory
        && workersLost == that.workersLost
        && quarantined == that.quarantined
        && received.equals(that.received);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        worker,
        pid,
        exitCode,
        manner,
        item,
        lastOutput,
        crashLog,
        outOfMemory,
        workersLost,
        quarantined,
        received);
  }

  @Override
  public String toString() {
    return "DeathCertificate[worker="
        + worker
        + ", pid="
        + pid
        + ", exitCode="
        + exitCode
        + ", manner="
        + manner
        + ", item="
        + item
        + ", lastOutput="
        + lastOutput
        + ", crashLog="
        + crashLog
        + ", outOfMemory="
        + outOfMemory
        + ", workersLost="
        + workersLost
        + ", quarantined="
        + quarantined
        + ", received="
        + received
        + "]";
  }
}
