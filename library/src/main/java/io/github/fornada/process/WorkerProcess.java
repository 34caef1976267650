package io.github.fornada.process;

import io.github.fornada.TaskEvent;
import io.github.fornada.process.host.ExitWatch;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.payload.CodecSessions;
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
import io.github.fornada.spi.Batch;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One worker JVM as its pool sees it, from its start to its exit code. */
final class WorkerProcess {
  /** Bytes of a page as /proc counts them; 4096 on all x86 and on nearly all ARM systems. */
  private static final long PAGE = 4096;

  /** What an orderly exit of a worker may take before it is killed. */
  static final Duration EXIT_LIMIT = Duration.ofSeconds(2);

  static final String EXITING_LONG =
      "because it was exiting, and its shutdown hooks had not ended after "
          + EXIT_LIMIT.toSeconds()
          + " s";

  private static final String NOT_EXITED =
      "because it was told to exit, and had not after " + EXIT_LIMIT.toSeconds() + " s";

  static final String CHANNEL_CLOSED = "because its control channel was closed while it still ran";

  /** How long a process may take to be gone after its channel closed, before it is killed. */
  private static final long GONE_MILLIS = 500;

  /**
   * How long to wait for the rest of what a dead worker printed: its children may hold the pipe.
   */
  private static final long LAST_WORDS_MILLIS = 200;

  private final Engine engine;

  /** Written by the slot that takes this worker, before its first item. */
  private volatile String name;

  /** In its environment, and so in that of all it starts. */
  private final String mark;

  private final Process process;
  private final PrintedLines printed;
  private final List<Thread> drains;
  private final ControlChannel control;
  private final Segment segment;
  private final ClaimWord claims;
  private final RingWriter requests;
  private final RingReader results;
  private final Doorbell doorbell;

  /** For its results. Used by the thread that reads them. */
  private final @Nullable CodecSessions codec;

  /** What to add to the worker's clock to get this JVM's; 0 where they are the same. */
  private final long clockOffset;

  private final long startupNanos;
  private final long readyNanos;

  /** Before its JVM was started, by the clock that files go by. */
  private final long launchedMillis;

  /** Time of the last item. Slot's thread only. */
  private long lastItemNanos;

  /** Lines in the making. Slot's thread only. */
  private final LineAssembler output;

  private final LineAssembler error;

  /** Whose output is being passed on. Slot's thread only. */
  private @Nullable SentItem printing;

  /** Why this pool killed it; null as long as it has not. */
  private volatile @Nullable String killedBecause;

  /** Set if it is killed for its memory: what it had and might have had. */
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
      Segment segment,
      long clockOffset,
      long startupNanos,
      long launchedMillis) {
    this.engine = engine;
    this.name = "spare-" + number;
    this.mark = mark;
    this.process = process;
    this.printed = printed;
    this.drains = drains;
    this.control = control;
    this.segment = segment;
    this.claims = new ClaimWord(segment.header());
    this.requests = segment.toWorkerWriter();
    this.results = segment.toParentReader();
    this.doorbell = Doorbell.ofParent(segment.header(), control::ring);
    this.codec = CodecSessions.of(engine.options().launch().codec());
    this.clockOffset = clockOffset;
    this.startupNanos = startupNanos;
    this.readyNanos = System.nanoTime();
    this.launchedMillis = launchedMillis;
    this.output = new LineAssembler(line -> passLine(false, line));
    this.error = new LineAssembler(line -> passLine(true, line));
  }

  /** A slot takes this worker. */
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

  /** What an item has printed ends with it, as a whole line. */
  void endOfItem(@Nullable SentItem item) {
    printing = item;
    output.end();
    error.end();
    printing = null;
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
          case MessageTypes.FIND_CLASS, MessageTypes.FIND_RESOURCE ->
              engine.classes().answer(frame, control);
          case MessageTypes.STUCK -> {
            long item = body.getLong();
            TaskWatchdog.Reason reason = TaskWatchdog.Reason.of(body.getByte());
            stuck(new Stuck(item, reason, Throwables.getStack(body)));
          }
          case MessageTypes.EXITING -> {
            killIfItStays(EXITING_LONG);
            engine.isExiting(this);
          }
          default -> throw new CorruptFrameException("control frame of type " + frame.type());
        }
      }
    } catch (EOFException e) {
      // It is dying, mostly. First those who wait for its results hear of it: to look for its
      // children takes a while, and the dead have none that could be found so.
      doorbell.close();
      if (!isGoneSoon()) {
        kill(CHANNEL_CLOSED); // a worker without its control channel is of no use
      }
    } catch (IOException | RuntimeException | Error e) {
      note("its control channel failed: " + e);
      kill("because its control channel failed");
    } finally {
      doorbell.close();
    }
  }

  private boolean isGoneSoon() {
    try {
      return process.waitFor(GONE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** An item that ignores interrupts: which, why it was interrupted, and where it was. */
  record Stuck(long number, TaskWatchdog.Reason reason, List<StackTraceElement> stack) {}

  /** An item ignores interrupts: the worker has to die for it. */
  void stuck(Stuck what) {
    if (stuck == null) {
      stuck = what;
      kill("because an item ignored its interrupt");
    }
  }

  @Nullable Stuck stuck(long item) {
    Stuck seen = stuck;
    return seen != null && seen.number() == item ? seen : null;
  }

  /** By its ticket: a number that was taken back is given again, to another item. */
  void cancel(long ticket) {
    control.send(MessageTypes.CANCEL, new MessageOutput().putLong(ticket));
  }

  void unmap(String sentinel) {
    control.send(MessageTypes.UNMAP, new MessageOutput().putString(sentinel));
  }

  /** Asks for an orderly exit, and sees to it that there is one. */
  void askToExit() {
    control.send(MessageTypes.EXIT, new MessageOutput());
    killIfItStays(NOT_EXITED);
  }

  private void killIfItStays(String why) {
    Engine.later(EXIT_LIMIT, () -> kill(why));
  }

  /**
   * Ends it at once.
   *
   * @param why for those who ask what it died of, such as "because the pool was closed"
   */
  void kill(String why) {
    if (killedBecause == null && process.isAlive()) {
      killedBecause = why;
    }
    Reaper.kill(process.toHandle());
  }

  /** Why this pool killed it; null if it has not. */
  @Nullable String killedBecause() {
    return killedBecause;
  }

  /** Remembers something for the death certificate. */
  void note(String what) {
    printed.remember("(" + name + ": " + what + ")");
  }

  // ---- the slot's thread

  /** It was asked to exit: gives its exit code when it has. It is killed if it takes too long. */
  int awaitExit() {
    int code = exitCode(process);
    HandshakeServer.closeQuietly(control);
    awaitRemainingOutput(drains);
    return code;
  }

  /**
   * The stream has ended: sees to it that the process is gone, and gives its exit code. The channel
   * is to be {@linkplain #close closed} when those who wait for its items have been told.
   */
  int end() {
    if (!isGoneSoon()) {
      kill("because its connection to the pool was broken");
    }
    int code = exitCode(process);
    awaitRemainingOutput(drains);
    endOfItem(null);
    return code;
  }

  /** To be called when nobody reads its results any more. */
  void close() {
    HandshakeServer.closeQuietly(control);
    segment.close();
  }

  /** The shared memory is gone: this thread is a step behind the end of the worker. */
  private void isLate(IllegalStateException e) {
    if (segment.isOpen()) {
      throw e;
    }
  }

  /** Shows the worker what was written; any thread. */
  void showRequests() {
    try {
      requests.publish();
      doorbell.ring();
    } catch (IllegalStateException e) {
      isLate(e); // and what was written is taken back or ended, as all it had is
    }
  }

  /** The longest message there is room for; less than 0 for none; any thread. */
  int room() {
    try {
      return requests.room();
    } catch (IllegalStateException e) {
      isLate(e);
      return -1; // as if it were full; then the worker is found to be gone
    }
  }

  /** The number of the item that it has begun last; any thread. */
  long begunLast() {
    try {
      return ClaimWord.number(claims.next()) - 1;
    } catch (IllegalStateException e) {
      isLate(e);
      return -1;
    }
  }

  static int exitCode(Process process) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return process.waitFor(); // it was killed, or has exited: this ends
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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

  /** Resident memory, heap and all; 0 where the system does not tell. */
  long residentBytes() {
    return pages(1);
  }

  /** Resident memory without what other processes have mapped too, or could. */
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

  /** When the item began that runs now, on the worker's clock; 0 if none runs. */
  long runningSince() {
    try {
      return (long) Segment.LONG.getVolatile(segment.header(), Segment.STARTED_NANOS);
    } catch (IllegalStateException e) {
      isLate(e);
      return 0;
    }
  }

  /** When the item began that ran last, for one that never ended. */
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

  /** Reads its results; null for no codec. For the thread that reads its ring. */
  @Nullable CodecSessions codec() {
    return codec;
  }

  /** Where the classes of a batch's results are looked for. */
  ClassLoader loaderOf(Batch<?, ?> batch) {
    ClassLoader loader = batch.userFunction().getClass().getClassLoader();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return loader == null || isAncestor(loader, context)
        ? (context == null ? ClassLoader.getSystemClassLoader() : context)
        : loader;
  }

  /** Whether what the loader finds, the other finds too. */
  private static boolean isAncestor(ClassLoader loader, @Nullable ClassLoader other) {
    for (ClassLoader l = other; l != null; l = l.getParent()) {
      if (l.equals(loader)) {
        return true;
      }
    }
    return false;
  }
}
