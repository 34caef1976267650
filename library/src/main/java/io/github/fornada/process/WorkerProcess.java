package io.github.fornada.process;

import io.github.fornada.Batch;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One worker JVM as its pool sees it, from its start to its exit code. */
final class WorkerProcess {
  private static final System.Logger LOG = System.getLogger("io.github.fornada");

  /** How long a process may take to be gone after its channel closed, before it is killed. */
  private static final long GONE_MILLIS = 500;

  /**
   * How long to wait for the rest of what a dead worker printed: its children may hold the pipe.
   */
  private static final long LAST_WORDS_MILLIS = 200;

  private final ProcessPool pool;
  private final String name;
  private final int number;
  private final Process process;
  private final OutputDrain.Memory printed;
  private final List<Thread> drains;
  private final Door.Channels channels;
  private final Control control;
  private final Segment segment;
  private final Claims claims;
  private final RingWriter requests;
  private final RingReader results;
  private final Bell bell;

  /** What to add to the worker's clock to get this JVM's; 0 where they are the same. */
  private final long clockOffset;

  /** Mean time of the last item. Lane's thread only. */
  private long lastItemNanos;

  /** The item that does not listen. Written by the control thread, or the outside watch, once. */
  private volatile Lane.@Nullable Stuck stuck;

  private volatile long stuckNumber = -1;

  private WorkerProcess(
      ProcessPool pool,
      String name,
      int number,
      Process process,
      OutputDrain.Memory printed,
      List<Thread> drains,
      Door.Channels channels,
      Control control,
      Segment segment,
      long clockOffset) {
    this.pool = pool;
    this.name = name;
    this.number = number;
    this.process = process;
    this.printed = printed;
    this.drains = drains;
    this.channels = channels;
    this.control = control;
    this.segment = segment;
    this.claims = new Claims(segment.header());
    this.requests = segment.toWorkerWriter();
    this.results = segment.toParentReader();
    this.bell = Bell.ofParent(channels.bell(), segment.header());
    this.clockOffset = clockOffset;
  }

  /** Starts a worker and waits until it is ready. Called by its lane's thread. */
  static WorkerProcess start(ProcessPool pool, String name, int number) {
    long began = System.nanoTime();
    String token = Door.newToken();
    CompletableFuture<Door.Channels> channels = pool.door().expect(number, token);
    Path socket = pool.directory().resolve("door");
    Path memory = pool.directory().resolve("segment-" + number);
    var printed = new OutputDrain.Memory();
    Process process;
    try {
      process = pool.launcher().start(socket, number, token);
    } catch (IOException e) {
      pool.door().forget(number);
      throw new WorkerStartException(String.valueOf(e.getMessage()), e);
    }
    List<Thread> drains =
        List.of(
            new OutputDrain(process.getInputStream(), () -> System.out, printed)
                .start("fornada-stdout-" + number),
            new OutputDrain(process.getErrorStream(), () -> System.err, printed)
                .start("fornada-stderr-" + number));
    Door.Channels came = null;
    try {
      Duration limit = pool.options().startupLimit();
      var _ =
          process.onExit().thenRun(() -> channels.completeExceptionally(new IOException("exited")));
      came = channels.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      // What follows reads from the worker: the same budget holds for it.
      ProcessPool.later(
          limit,
          () -> {
            if (Files.exists(memory)) {
              Offspring.kill(process.toHandle());
            }
          });
      WorkerProcess worker =
          settle(pool, name, number, process, printed, drains, came, memory, began);
      var _ = pool.startThread("fornada-control-" + number, worker::listen);
      return worker;
    } catch (IOException | ExecutionException | InterruptedException | TimeoutException e) {
      boolean late = e instanceof TimeoutException;
      Door.closeQuietly(came);
      Offspring.kill(process.toHandle());
      String message = failure(pool, process, printed, drains, late, e);
      throw new WorkerStartException(message, e);
    } finally {
      pool.door().forget(number);
      delete(memory);
      delete(pool.directory().resolve("arguments-" + number));
    }
  }

  private static WorkerProcess settle(
      ProcessPool pool,
      String name,
      int number,
      Process process,
      OutputDrain.Memory printed,
      List<Thread> drains,
      Door.Channels channels,
      Path memory,
      long began)
      throws IOException {
    var control = new Control(channels.control());
    Segment segment = Segment.create(memory);
    TaskPolicy policy = pool.policy();
    Duration limit = policy.timeLimit();
    long asked = System.nanoTime();
    new WorkerConfig(
            memory,
            name,
            limit == null ? -1 : limit.toNanos(),
            policy.grace().toNanos(),
            pool.launcher().heap())
        .send(control);
    Control.Frame ready = control.receive();
    long now = System.nanoTime();
    if (ready.type() != Wire.READY) {
      throw new CorruptFrameException("control frame of type " + ready.type() + ", not ready");
    }
    long pid = ready.body().getLong();
    if (pid != process.pid()) {
      throw new CorruptFrameException("process id " + pid + ", not " + process.pid());
    }
    long clock = ready.body().getLong();
    // On Linux all processes share one clock. Elsewhere the middle of the round trip is close
    // enough.
    long offset = asked <= clock && clock <= now ? 0 : asked + (now - asked) / 2 - clock;
    pool.report(new TaskEvent.WorkerReady(name, pid, now - began, now));
    return new WorkerProcess(
        pool, name, number, process, printed, drains, channels, control, segment, offset);
  }

  private static String failure(
      ProcessPool pool,
      Process process,
      OutputDrain.Memory printed,
      List<Thread> drains,
      boolean late,
      Exception e) {
    int code = exitCode(process);
    awaitLastWords(drains);
    var text = new StringBuilder("a worker JVM did not start: ");
    if (late) {
      text.append("it was not ready within ")
          .append(pool.options().startupLimit().toMillis())
          .append(" ms; raise it with withStartupLimit if it needs longer");
    } else {
      text.append("it ")
          .append(Exits.manner(code, false))
          .append(e instanceof ExecutionException ? "" : " (" + e.getMessage() + ")");
    }
    List<String> lines = printed.lines();
    text.append(
        lines.isEmpty() ? ". It printed nothing." : ". It printed:\n" + String.join("\n", lines));
    return text.toString();
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "left for the pool's end: " + file, e);
    }
  }

  // ---- the control thread

  private void listen() {
    try {
      while (true) {
        Control.Frame frame = control.receive();
        Input body = frame.body();
        switch (frame.type()) {
          case Wire.FIND_CLASS -> {
            int request = body.getInt();
            byte[] bytes = pool.classes().find(body.getString());
            var answer = new Output().putInt(request);
            answer.write(bytes, 0, bytes.length);
            control.send(Wire.CLASS, answer);
          }
          case Wire.STUCK -> {
            long item = body.getLong();
            Watch.Reason reason = Watch.Reason.of(body.getByte());
            stuck(item, new Lane.Stuck(reason, Throwables.getStack(body)));
          }
          default -> throw new CorruptFrameException("control frame of type " + frame.type());
        }
      }
    } catch (IOException | RuntimeException e) {
      // The end of the stream, mostly. A worker without its control channel is of no use.
      if (e instanceof CorruptFrameException || e instanceof RuntimeException) {
        note("its control channel failed: " + e);
      }
      kill();
    }
  }

  /** An item will not listen: the worker has to die for it. */
  void stuck(long item, Lane.Stuck what) {
    if (stuck == null) {
      stuckNumber = item;
      stuck = what;
      kill();
    }
  }

  Lane.@Nullable Stuck stuck(long item) {
    return stuckNumber == item ? stuck : null;
  }

  void cancel(long item) {
    try {
      control.send(Wire.CANCEL, new Output().putLong(item));
    } catch (IOException e) {
      kill(); // the end of its stream will say the rest
    }
  }

  /** Asks for an orderly exit, and sees to it that there is one. */
  void askToExit(Duration limit) {
    try {
      control.send(Wire.EXIT, new Output());
    } catch (IOException e) {
      kill();
    }
    ProcessPool.later(limit, this::kill);
  }

  void kill() {
    Offspring.kill(process.toHandle());
  }

  /** Remembers something for the death certificate. */
  void note(String what) {
    printed.add("(" + name + ": " + what + ")");
  }

  // ---- the lane's thread

  /** The stream has ended: sees to it that the process is gone, and gives its exit code. */
  int end() {
    try {
      if (!process.waitFor(GONE_MILLIS, TimeUnit.MILLISECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      kill();
    }
    int code = exitCode(process);
    channels.close();
    awaitLastWords(drains);
    return code;
  }

  private static int exitCode(Process process) {
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

  private static void awaitLastWords(List<Thread> drains) {
    for (Thread drain : drains) {
      try {
        var _ = drain.join(Duration.ofMillis(LAST_WORDS_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  List<String> lastOutput() {
    return printed.lines();
  }

  String name() {
    return name;
  }

  int number() {
    return number;
  }

  long pid() {
    return process.pid();
  }

  Claims claims() {
    return claims;
  }

  RingWriter requests() {
    return requests;
  }

  RingReader results() {
    return results;
  }

  Bell bell() {
    return bell;
  }

  long toOwnClock(long workerNanos) {
    return workerNanos + clockOffset;
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

  /** Where the classes of a batch's results are looked for. */
  ClassLoader loaderOf(Batch<?, ?> batch) {
    ClassLoader loader = batch.function().getClass().getClassLoader();
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
