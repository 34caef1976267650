package io.github.fornada.process;

import io.github.fornada.TaskEvent;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.process.host.ExitWatch;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.Doorbell;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingReader;
import io.github.fornada.process.wire.RingWriter;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.shared.memory.Spaces;
import io.github.fornada.spi.Batch;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The parent's side of one worker JVM, from its start to its exit code. */
final class WorkerProcess {
  /** The size in bytes of a page in /proc; 4096 on all x86 and on nearly all ARM systems. */
  private static final long PAGE = 4096;

  /** How long an orderly exit of a worker may take before it is killed. */
  static final Duration EXIT_LIMIT = Duration.ofSeconds(2);

  static final String EXITING_LONG =
      "because it was exiting, and its shutdown hooks had not ended after "
          + EXIT_LIMIT.toSeconds()
          + " s";

  private static final String NOT_EXITED =
      "because it was told to exit, and had not after " + EXIT_LIMIT.toSeconds() + " s";

  static final String CHANNEL_CLOSED = "because its control channel was closed while it still ran";

  /** How long a process may take to exit after its channel closed, before it is killed. */
  private static final long GONE_MILLIS = 500;

  /**
   * How long to wait for the rest of what a dead worker printed: its children may keep the pipe
   * open.
   */
  private static final long LAST_WORDS_MILLIS = 200;

  private final Engine engine;
  private final int number;

  /** Written by the slot that takes this worker, before its first item. */
  private volatile String name;

  /** The mark in its environment, and so in the environment of every process that it starts. */
  private final String mark;

  private final Process process;
  private final PrintedLines printed;
  private final List<Thread> drains;
  private final WorkerTimers timers = new WorkerTimers();
  private final ControlChannel control;
  private final ClassQuestions questions;
  private final Segment segment;
  private final ClaimWord claims;
  private final RingWriter requests;
  private final RingReader results;
  private final Doorbell doorbell;

  /** The difference to add to the worker's clock to get this JVM's; 0 if they are the same. */
  private final long clockOffset;

  private final long startupNanos;
  private final long readyNanos;

  /** A time before its JVM was started, in milliseconds of the clock of file times. */
  private final long launchedMillis;

  /** Time of the last item. Slot's thread only. */
  private long lastItemNanos;

  /** Assembles lines. Slot's thread only. */
  private final LineAssembler output;

  private final LineAssembler error;

  /** The item whose output is being passed on. Slot's thread only. */
  private @Nullable SentItem printing;

  /** Why this pool killed it; null if it has not. */
  private volatile @Nullable String killedBecause;

  /** Set if it is killed because of its memory: what it used and what the limit was. */
  private volatile @Nullable String overResidentLimit;

  /** The item that ignores interrupts. Written by the control thread, or the timer, once. */
  private volatile @Nullable Stuck stuck;

  WorkerProcess(
      Engine engine,
      int number,
      String mark,
      Process process,
      PrintedLines printed,
      List<Thread> drains,
      ControlChannel control,
      ClassQuestions questions,
      Segment segment,
      long clockOffset,
      long startupNanos,
      long launchedMillis) {
    this.engine = engine;
    this.number = number;
    this.name = "spare-" + number;
    this.mark = mark;
    this.process = process;
    this.printed = printed;
    this.drains = drains;
    this.control = control;
    this.questions = questions;
    this.segment = segment;
    this.claims = new ClaimWord(segment.header());
    this.requests = segment.toWorkerWriter();
    this.results = segment.toParentReader();
    this.doorbell = Doorbell.ofParent(segment.header(), control::ring, control.bell());
    this.clockOffset = clockOffset;
    this.startupNanos = startupNanos;
    this.readyNanos = System.nanoTime();
    this.launchedMillis = launchedMillis;
    this.output = new LineAssembler(line -> passLine(false, line));
    this.error = new LineAssembler(line -> passLine(true, line));
  }

  /** Called when a slot takes this worker. */
  void adopt(String slotName) {
    name = slotName;
    engine.report(
        TaskEvent.WorkerReady.of(slotName, process.pid(), startupNanos, System.nanoTime()));
  }

  // ---- what tasks print; the slot's thread

  /** A piece of output, printed while an item ran, or between items. */
  void printed(boolean toError, @Nullable SentItem by, MessageInput piece) {
    printing = by;
    (toError ? error : output).add(piece.array(), piece.position(), piece.remaining());
  }

  /**
   * Completes the last line that an item has printed, because the item has ended. Waits until what
   * it has printed was passed on, unless this process's own output is blocked.
   */
  void endOfItem(@Nullable SentItem item) {
    printing = item;
    output.end();
    error.end();
    printing = null;
    printed.awaitPassedOn();
  }

  private void passLine(boolean toError, byte[] line) {
    String text = printed.pass(toError, line);
    SentItem by = printing;
    if (by != null && engine.isObserved()) {
      var batch = by.batch();
      engine.report(
          TaskEvent.Printed.of(
              batch.task(by.i()),
              batch.index(by.i()),
              batch.item(by.i()),
              name,
              toError,
              text,
              System.nanoTime()));
    }
  }

  // ---- the control thread

  void listen() {
    try {
      while (true) {
        ControlChannel.Frame frame = control.receive();
        MessageInput body = frame.body();
        switch (frame.type()) {
          case MessageTypes.BELL -> doorbell.rang();
          case MessageTypes.FIND_CLASS, MessageTypes.FIND_RESOURCE -> questions.add(frame);
          case MessageTypes.STUCK -> {
            long item = body.getLong();
            TaskWatchdog.Reason reason = TaskWatchdog.Reason.of(body.getByte());
            killForStuck(new Stuck(item, reason, Throwables.getStack(body)));
          }
          case MessageTypes.FREED -> {
            String file = body.getString();
            Spaces.forget(file);
            engine.unmapped(file);
          }
          case MessageTypes.EXITING -> {
            control.send(MessageTypes.EXITING_SEEN, new MessageOutput());
            killIfItStays(EXITING_LONG);
            engine.isExiting(this);
          }
          default -> throw new CorruptFrameException("control frame of type " + frame.type());
        }
      }
    } catch (EOFException e) {
      // Usually the worker is dying. The threads that wait for its results are woken first, because
      // the search for its children takes a while, and a dead process has no children that could be
      // found like this.
      doorbell.close();
      if (!isGoneSoon()) {
        kill(CHANNEL_CLOSED); // a worker cannot work without its control channel
      }
    } catch (OutOfMemoryError e) { // nobody answers it any more: its items must end
      killAtAnyRate();
    } catch (IOException | RuntimeException | Error e) {
      note("its control channel failed: " + e);
      kill("because its control channel failed");
    } finally {
      doorbell.close();
      questions.end();
    }
  }

  /** Kills the worker as soon as the heap of this JVM has room for what that needs. */
  private void killAtAnyRate() {
    while (true) {
      try {
        kill("because this JVM had no memory to serve it");
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private boolean isGoneSoon() {
    try {
      return process.waitFor(GONE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** An item that ignores interrupts: its number, why it was interrupted, and its stack. */
  record Stuck(long number, TaskWatchdog.Reason reason, List<StackTraceElement> stack) {}

  /** Kills the worker because an item ignores interrupts. */
  void killForStuck(Stuck what) {
    if (stuck == null) {
      stuck = what;
      kill("because an item ignored its interrupt");
    }
  }

  @Nullable Stuck stuck(long item) {
    Stuck seen = stuck;
    return seen != null && seen.number() == item ? seen : null;
  }

  /**
   * Cancels an item by its ticket, because a number that was taken back is given to another item.
   */
  void cancel(long ticket) {
    control.send(MessageTypes.CANCEL, new MessageOutput().putLong(ticket));
  }

  void unmap(String sentinel) {
    control.send(MessageTypes.UNMAP, new MessageOutput().putString(sentinel));
  }

  /** Asks for an orderly exit; kills the process if it does not exit in time. */
  void askToExit() {
    control.send(MessageTypes.EXIT, new MessageOutput());
    killIfItStays(NOT_EXITED);
  }

  private void killIfItStays(String why) {
    Engine.later(EXIT_LIMIT, () -> kill(why));
  }

  /**
   * Kills the process at once.
   *
   * @param why the reason for messages, such as "because the pool was closed"
   */
  void kill(String why) {
    if (killedBecause == null && process.isAlive()) {
      killedBecause = why;
    }
    Reaper.kill(process);
  }

  /** Returns why this pool killed it; null if it has not. */
  @Nullable String killedBecause() {
    return killedBecause;
  }

  /** Adds a line to the last output in the death certificate. */
  void note(String what) {
    printed.remember("(" + name + ": " + what + ")");
  }

  // ---- the slot's thread

  /**
   * Waits until a worker that was asked to exit has done so, and returns its exit code. Kills it if
   * it takes too long.
   */
  int awaitExit() {
    int code = Reaper.exitCode(process);
    HandshakeServer.closeQuietly(control);
    awaitRemainingOutput(drains);
    printed.awaitPassedOn();
    return code;
  }

  /**
   * Called when the stream has ended: makes sure that the process is gone, and returns its exit
   * code. The channel must be {@linkplain #close closed} after the items of the worker have ended.
   */
  int end() {
    if (!isGoneSoon()) {
      kill(CHANNEL_CLOSED);
    }
    int code = Reaper.exitCode(process);
    awaitRemainingOutput(drains);
    endOfItem(null);
    return code;
  }

  /** Closes the channel. Must be called when its results are no longer read. */
  void close() {
    timers.close();
    HandshakeServer.closeQuietly(control);
    segment.close();
  }

  /** Returns what is to be done for this worker later, as long as it is there. */
  WorkerTimers timers() {
    return timers;
  }

  /**
   * Called when the shared memory was closed already: this thread came after the end of the worker.
   */
  private void isLate(IllegalStateException e) {
    if (segment.isOpen()) {
      throw e;
    }
  }

  /** Publishes what was written to the worker; any thread. */
  void showRequests() {
    try {
      requests.publish();
      doorbell.ring();
    } catch (IllegalStateException e) {
      isLate(e); // what was written is taken back or ended, like everything the worker had
    }
  }

  /**
   * Returns the length of the longest message that the ring has room for; negative if none; any
   * thread.
   */
  int room() {
    try {
      return requests.room();
    } catch (IllegalStateException e) {
      isLate(e);
      return -1; // as if the ring were full; then the worker is found to be gone
    }
  }

  /** Returns the number of the item that it has begun last; any thread. */
  long begunLast() {
    try {
      return ClaimWord.number(claims.next()) - 1;
    } catch (IllegalStateException e) {
      isLate(e);
      return -1;
    }
  }

  static void awaitRemainingOutput(List<Thread> drains) {
    for (Thread drain : drains) {
      try {
        var _ = drain.join(Duration.ofMillis(LAST_WORDS_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void onExit(Runnable action) {
    ExitWatch.then(process, action);
  }

  long startupNanos() {
    return startupNanos;
  }

  long ageNanos() {
    return System.nanoTime() - readyNanos;
  }

  /** Returns the resident memory, heap included; 0 if the system does not report it. */
  long residentBytes() {
    return pages(1);
  }

  /**
   * Returns the resident memory without memory that other processes have mapped too, or could map.
   */
  long ownBytes() {
    return residentBytes() - pages(2);
  }

  private long pages(int field) {
    try {
      String[] pages = Files.readString(Path.of("/proc/" + process.pid() + "/statm")).split(" ");
      return Long.parseLong(pages[field]) * PAGE;
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return 0;
    }
  }

  void overResidentLimit(long bytes, String limit) {
    overResidentLimit = ExitDiagnosis.overResidentLimit(bytes, limit);
    kill("over its resident limit");
  }

  @Nullable String overResidentLimit() {
    return overResidentLimit;
  }

  List<String> lastOutput() {
    return printed.last();
  }

  String name() {
    return name;
  }

  /** Returns its number, which no other worker of the pool has or had. */
  int number() {
    return number;
  }

  String mark() {
    return mark;
  }

  long launchedMillis() {
    return launchedMillis;
  }

  long pid() {
    return process.pid();
  }

  ClaimWord claims() {
    return claims;
  }

  RingWriter requests() {
    return requests;
  }

  RingReader results() {
    return results;
  }

  Doorbell doorbell() {
    return doorbell;
  }

  long toOwnClock(long workerNanos) {
    return workerNanos + clockOffset;
  }

  /** Returns when the running item began, on the worker's clock; 0 if none runs. */
  long runningSince() {
    try {
      return (long) Segment.LONG.getVolatile(segment.header(), Segment.STARTED_NANOS);
    } catch (IllegalStateException e) {
      isLate(e);
      return 0;
    }
  }

  /** Returns when the item that ran last began, for an item that never ended. */
  long startedNanos(long fallback) {
    long seen = (long) Segment.LONG.getVolatile(segment.header(), Segment.STARTED_NANOS);
    return seen == 0 ? fallback : toOwnClock(seen);
  }

  void itemTook(long nanos) {
    lastItemNanos = Math.max(1, nanos);
  }

  long lastItemNanos() {
    return lastItemNanos;
  }

  /**
   * Returns the loader for the classes of a batch's results. Calls no method of a loader that a
   * user's class can override.
   */
  static ClassLoader loaderOf(Batch<?, ?> batch) {
    ClassLoader loader = batch.userFunction().getClass().getClassLoader();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return loader == null || isAncestor(loader, context)
        ? (context == null ? ClassLoader.getSystemClassLoader() : context)
        : loader;
  }

  /** Returns whether the second loader also finds every class that the first finds. */
  @SuppressWarnings("ReferenceEquality") // equals may be user code, and this a thread that reads
  private static boolean isAncestor(ClassLoader loader, @Nullable ClassLoader other) {
    for (ClassLoader l = other; l != null; l = l.getParent()) {
      if (l == loader) {
        return true;
      }
    }
    return false;
  }
}
