package io.github.fornada.process;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.host.Entrance;
import io.github.fornada.process.host.ExitWatch;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.process.wire.Connection;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A worker JVM that waits until a pool takes it. It connects and shares memory with this process
 * before that, so that the pool has only to say what it wants.
 */
final class ReservedWorker implements Entrance {
  private final Process process;
  private final String mark;
  private final long launchedMillis;
  private final Entrance entrance;
  private final WorkerMemory memory;

  /** Completed when the worker is in; exceptionally if it ends before that. */
  private final CompletableFuture<Connection> connection = new CompletableFuture<>();

  /** Whether {@link #accept} has returned the connection, whose owner is the caller then. */
  private final AtomicBoolean accepted = new AtomicBoolean();

  private ReservedWorker(
      Process process, String mark, long launchedMillis, Entrance entrance, WorkerMemory memory) {
    this.process = process;
    this.mark = mark;
    this.launchedMillis = launchedMillis;
    this.entrance = entrance;
    this.memory = memory;
  }

  /**
   * Starts a worker's JVM, which then boots and connects in the background.
   *
   * @param number its number in the reserve; a pool gives it another one
   * @throws IOException if it cannot be started, or there is no room for the memory it shares
   */
  static ReservedWorker start(Launcher launcher, HandshakeServer server, Path directory, int number)
      throws IOException {
    long launchedMillis = System.currentTimeMillis();
    Process process = launcher.startForReserve(number);
    Entrance entrance = null;
    WorkerMemory memory = null;
    ReservedWorker worker = null;
    try {
      entrance = Launcher.invite(process, number, server);
      memory = WorkerMemory.make(directory, number);
      var made =
          new ReservedWorker(process, launcher.mark(number), launchedMillis, entrance, memory);
      var _ = OwnThreads.daemon("fornada-reserve-" + number).start(made::letIn);
      ExitWatch.then(process, entrance::close); // which ends the wait of that thread
      worker = made;
      return made;
    } finally {
      if (worker == null) {
        Reaper.kill(process);
        HandshakeServer.closeQuietly(entrance);
        if (memory != null) {
          memory.free();
        }
      }
    }
  }

  private void letIn() {
    try {
      Connection came = entrance.accept();
      if (!connection.complete(came)) {
        came.close(); // given up meanwhile
      }
    } catch (Throwable e) {
      connection.completeExceptionally(e);
    }
  }

  Process process() {
    return process;
  }

  /**
   * Returns the mark in its environment, and so in the environment of every process that it will
   * start.
   */
  String mark() {
    return mark;
  }

  /** Returns a time before its start, in milliseconds of the clock of file times. */
  long launchedMillis() {
    return launchedMillis;
  }

  /** Returns the memory that it shares; its owner closes it. */
  WorkerMemory memory() {
    return memory;
  }

  @Override
  public Path path() {
    return entrance.path();
  }

  @Override
  public Connection accept() throws IOException, InterruptedException {
    try {
      Connection came = connection.get();
      accepted.set(true);
      return came;
    } catch (ExecutionException e) {
      throw (EOFException) new EOFException("it ended before it connected").initCause(e.getCause());
    }
  }

  @Override
  public void close() {
    entrance.close();
    connection.completeExceptionally(new EOFException("it will not be let in"));
    if (!connection.isCompletedExceptionally() && !accepted.getAndSet(true)) {
      HandshakeServer.closeQuietly(connection.resultNow());
    }
  }

  /** Frees what it shares with this process. For one that no pool will take. */
  void giveUp() {
    close();
    memory.free();
  }
}
