package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.host.Entrance;
import io.github.fornada.process.host.ExitWatch;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.Unserializable;
import io.github.fornada.process.wire.Connection;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.wire.WorkerConfig;
import io.github.fornada.process.worker.WorkerSetUp;
import java.io.EOFException;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serial;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The start of one worker, from the launch of its JVM until it is ready, within one time limit for
 * all steps.
 */
final class WorkerStart {

  /** How long the code of an exception may take to read it. */
  private static final Duration READING_LIMIT = Duration.ofSeconds(1); // Guess

  /** How long a process may take to be gone after it has closed its ends. */
  private static final Duration MOMENT = Duration.ofSeconds(1); // Guess

  private final Engine engine;
  private final int number;
  private final long began;
  private final Duration limit;

  private final PrintedLines printed;
  private final AtomicBoolean tooLate = new AtomicBoolean();

  /** Whether the pool no longer wants this worker. */
  private volatile boolean calledOff;

  /** Whether it was exiting and had to be killed. */
  private volatile boolean exitedLong;

  private final LaunchedWorker launched;

  /** Its JVM; null if that could not be started. */
  private final @Nullable Process process;

  /** Goes on with the start of a worker that was launched; see {@link #finish}. */
  WorkerStart(Engine engine, LaunchedWorker launched) {
    this.engine = engine;
    this.number = launched.number();
    this.began = launched.began();
    this.printed = new PrintedLines(engine.printer());
    this.limit = engine.options().launch().startupTimeout();
    this.launched = launched;
    this.process = launched.process();
  }

  /**
   * Starts a worker and waits until it is ready.
   *
   * @throws WorkerStartException if it does not become ready; the message contains what it printed
   */
  static WorkerProcess start(Engine engine, int number) {
    try {
      engine.restoreDirectory();
    } catch (IOException | RuntimeException | Error e) {
      throw new WorkerStartException(
          "a worker JVM could not be started: " + e, e, WorkerStartException.Kind.of(e));
    }
    return new WorkerStart(engine, engine.launch(number)).finish();
  }

  /** Ends a start that the pool no longer wants; a thread that waits for the start sees that. */
  void callOff() {
    calledOff = true;
    if (process != null) {
      Reaper.kill(process);
    }
  }

  /** Gives the start up, if no thread waits for it; its process is gone on return. */
  void abandon() {
    launched.abandon();
  }

  /** Waits until it is ready, as {@link #start} does. */
  WorkerProcess finish() {
    if (process == null) {
      throw Objects.requireNonNull(launched.failure());
    }
    return finish(process);
  }

  private WorkerProcess finish(Process process) {
    var settled = new AtomicBoolean();
    Future<?> deadline =
        Timer.after(
            limit.minusNanos(System.nanoTime() - began),
            () -> {
              if (!settled.get()) {
                tooLate.set(true);
                Reaper.kill(process);
              }
            });
    var drains = new ArrayList<Thread>();
    Entrance entrance = null;
    Connection came = null;
    ReservedWorker reserved = launched.reserved();
    WorkerMemory memory = reserved == null ? null : reserved.memory();
    boolean served = false;
    engine.startBegins(this);
    try {
      engine.restoreDirectory();
      Entrance made =
          reserved == null ? Launcher.invite(process, number, engine.handshakeServer()) : reserved;
      entrance = made;
      drains.add(
          new OutputDrain(process.getInputStream(), false, printed)
              .start("fornada-stdout-" + number));
      drains.add(
          new OutputDrain(process.getErrorStream(), true, printed)
              .start("fornada-stderr-" + number));
      ExitWatch.then(process, made::close); // which ends the wait below
      // Everything that takes time is done while the worker's JVM boots.
      WorkerMemory shared = memory == null ? makeMemory() : memory;
      memory = shared;
      engine.whileTheFirstBoots(shared.segment());
      came = made.accept(); // the limit above ends this wait by ending the process
      WorkerProcess ready = settle(process, drains, came, shared);
      served = true; // from now on the worker has the segment
      return ready;
    } catch (IOException | InterruptedException e) {
      HandshakeServer.closeQuietly(came);
      boolean isGivenUp = e instanceof CorruptFrameException || isStillAlive(process);
      Reaper.kill(process);
      if (calledOff) {
        throw new WorkerStartException(
            "the start of a worker was called off, because its pool was shut down",
            e,
            WorkerStartException.Kind.CALLED_OFF);
      }
      if (isGivenUp && !tooLate.get() && !exitedLong) {
        throw new WorkerStartException(
            givenUp(process, drains, e), e, WorkerStartException.Kind.of(e));
      }
      String message = failure(process, drains, e);
      int code = Reaper.exitCode(process);
      boolean killed = !tooLate.get() && !exitedLong && ExitDiagnosis.isKilled(code);
      if (!killed) {
        // One that has connected has booted and runs this library. If it exits after that, its
        // initializer may have asked for that.
        boolean bootFailed = came == null || ExitDiagnosis.isSignal(code);
        engine.launcher().startFailed(!tooLate.get() && bootFailed);
      }
      throw new WorkerStartException(
          message, e, killed ? WorkerStartException.Kind.KILLED : WorkerStartException.Kind.FAILED);
    } catch (WorkerStartException e) {
      HandshakeServer.closeQuietly(came);
      Reaper.kill(process);
      throw e;
    } catch (RuntimeException | Error e) {
      // An error in this process, such as a class that this JVM lacks, counts like any other
      // failure.
      HandshakeServer.closeQuietly(came);
      Reaper.kill(process);
      throw new WorkerStartException(
          "a worker could not be started: " + e, e, WorkerStartException.Kind.of(e));
    } finally {
      if (!served) {
        if (memory != null) {
          memory.segment().close();
        }
        ExitWatch.then(process, () -> isGone(process)); // its initializer may have shared objects
      }
      settled.set(true);
      engine.startEnded(this);
      deadline.cancel(false);
      HandshakeServer.closeQuietly(entrance);
      if (memory != null) {
        memory.deleteFile();
      }
    }
  }

  private WorkerMemory makeMemory() {
    try {
      return WorkerMemory.make(engine.directory(), number);
    } catch (IOException e) {
      throw new WorkerStartException(
          "a worker JVM could not be started: " + e.getMessage(),
          e,
          WorkerStartException.Kind.of(e));
    }
  }

  private void isGone(Process process) {
    int code = process.exitValue();
    DeathCertificate _ =
        engine
            .space()
            .workerIsGone(
                number,
                DeathCertificate.of(
                    "starting-" + number, process.pid(), code, ExitDiagnosis.manner(code, false)),
                false);
  }

  private WorkerProcess settle(
      Process process, List<Thread> drains, Connection connection, WorkerMemory memory)
      throws IOException {
    var control = new ControlChannel(connection);
    ClassQuestions questions = engine.classQuestions(control);
    try {
      return settle(process, drains, control, questions, memory);
    } catch (IOException | RuntimeException | Error e) {
      questions.end();
      HandshakeServer.closeQuietly(control); // this ends the thread that writes to it too
      throw e;
    }
  }

  private WorkerProcess settle(
      Process process,
      List<Thread> drains,
      ControlChannel control,
      ClassQuestions questions,
      WorkerMemory memory)
      throws IOException {
    Duration timeLimit = engine.policy().timeout();
    WorkerLaunch launch = engine.options().launch();
    long asked = System.nanoTime();
    new WorkerConfig(
            number,
            engine.directory(),
            Mappings.folders(),
            memory.file(),
            timeLimit == null ? -1 : timeLimit.toNanos(),
            engine.policy().grace().toNanos(),
            engine.launcher().heap(),
            serialized(launch.codec(), "codec"),
            serialized(launch))
        .send(control);
    while (true) {
      ControlChannel.Frame frame = control.receive();
      switch (frame.type()) {
        case MessageTypes.READY -> {
          return ready(frame.body(), asked, process, drains, control, questions, memory.segment());
        }
        // The initializer may need classes of this JVM before the worker is ready.
        case MessageTypes.FIND_CLASS, MessageTypes.FIND_RESOURCE -> questions.add(frame);
        case MessageTypes.EXITING -> {
          control.send(MessageTypes.EXITING_SEEN, new MessageOutput());
          Engine.later(
              WorkerProcess.EXIT_LIMIT,
              () -> {
                exitedLong = process.isAlive();
                Reaper.kill(process);
              });
        }
        case MessageTypes.SET_UP_FAILED -> {
          String part = frame.body().getString();
          Throwable cause = causeFrom(frame.body());
          throw new WorkerStartException(
              "the " + part + " of the workers failed: " + BoundedText.of(cause),
              cause,
              WorkerStartException.Kind.REFUSED);
        }
        default ->
            throw new CorruptFrameException(
                "control frame of type " + frame.type() + " before it was ready");
      }
    }
  }

  /**
   * Reads an exception. Its own code may read it, on a thread that it may block without end; if it
   * does not return in time, this returns a replacement with the same names and stacks.
   */
  private static Throwable causeFrom(MessageInput body) throws IOException {
    var copy = new MessageInput(body.array(), body.position(), body.remaining());
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    var whole = new CompletableFuture<Throwable>();
    OwnThreads.start(
        "fornada-set-up-failure",
        () -> {
          try {
            whole.complete(Throwables.decode(copy, loader));
          } catch (Throwable e) {
            whole.completeExceptionally(e);
          }
        });
    try {
      return whole.get(READING_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      return Throwables.decodeNames(body);
    }
  }

  private WorkerProcess ready(
      MessageInput body,
      long asked,
      Process process,
      List<Thread> drains,
      ControlChannel control,
      ClassQuestions questions,
      Segment segment)
      throws IOException {
    long pid = body.getLong();
    long clock = body.getLong();
    long now = System.nanoTime();
    if (pid != process.pid()) {
      throw new CorruptFrameException("process id " + pid + ", not " + process.pid());
    }
    // On Linux all processes share one clock. Elsewhere the offset is wrong by the time that the
    // message took.
    long offset = asked <= clock && clock <= now ? 0 : now - clock;
    var worker =
        new WorkerProcess(
            engine,
            number,
            launched.mark(),
            process,
            printed,
            drains,
            control,
            questions,
            segment,
            offset,
            now - began,
            launched.launchedMillis());
    ProcessEvents.workerStarted(pid, now - began);
    var _ = engine.startThread("fornada-control-" + number, worker::listen);
    return worker;
  }

  /** Returns the encoded set-up. Each part may come from another class loader. */
  private byte[] serialized(WorkerLaunch launch) throws StoppedException {
    WorkerSetUp setUp = launch.setUp();
    if (setUp == null) {
      return new byte[0];
    }
    for (WorkerSetUp.Step step : setUp.steps()) {
      engine.classes().add(step.code().getClass().getClassLoader());
    }
    return serialized(setUp, nameOf(launch));
  }

  /** Returns the name of an initializer with the makers of states in messages. */
  static String nameOf(WorkerLaunch launch) {
    return launch.states().isEmpty() ? "initializer" : "initializer or state";
  }

  /** Returns an encoded part of the workers' set-up; empty for null. */
  private byte[] serialized(@Nullable Serializable value, String what) throws StoppedException {
    if (value != null) {
      engine.classes().add(value.getClass().getClassLoader());
      byte[] known = engine.handover().setUp(what);
      if (known != null) {
        return known; // every worker is set up like the first one
      }
      try {
        return engine.handover().keepSetUp(what, written(value));
      } catch (StoppedException e) {
        throw e;
      } catch (IOException | RuntimeException e) {
        throw new WorkerStartException(
            "the " + what + " of the workers cannot be sent to them: " + why(value, what, e),
            e,
            WorkerStartException.Kind.REFUSED);
      }
    }
    return new byte[0];
  }

  private static String why(Serializable value, String what, Exception e) {
    if (!(e instanceof NotSerializableException)) {
      return BoundedText.of(e);
    }
    Unserializable found = null;
    if (value instanceof WorkerSetUp setUp) {
      for (WorkerSetUp.Step step : setUp.steps()) {
        found = found == null ? Unserializable.in(step.code(), "the " + step.part()) : found;
      }
    } else {
      found = Unserializable.in(value, "the " + what);
    }
    return Unserializable.text(found, e, "it");
  }

  /**
   * Writes a part of the set-up, which may run user code, on a thread that this code may block
   * without end. Waits for that until the worker's process is gone.
   */
  private byte[] written(Serializable value) throws IOException {
    var written = new CompletableFuture<byte[]>();
    if (process != null) {
      ExitWatch.then(process, () -> written.completeExceptionally(new StoppedException()));
    }
    OwnThreads.start(
        "fornada-set-up",
        () -> {
          try {
            var out = new MessageOutput();
            Payloads.encode(value, out);
            written.complete(out.toByteArray());
          } catch (Throwable e) {
            written.completeExceptionally(e);
          }
        });
    try {
      return written.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException thrown -> throw thrown;
        case RuntimeException thrown -> throw thrown;
        case Error thrown -> throw thrown;
        case null, default -> throw new IOException(e.getCause());
      }
    } catch (InterruptedException e) {
      throw new StoppedException();
    }
  }

  /** Thrown when the worker's process ended while its set-up was written. */
  private static final class StoppedException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    StoppedException() {
      super("it ended before what it needs was written");
    }
  }

  /**
   * Returns whether a process goes on although its start cannot. One that ends has closed its ends
   * a moment before it is gone.
   */
  private static boolean isStillAlive(Process process) {
    boolean interrupted = Thread.interrupted();
    try {
      return !process.waitFor(MOMENT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
      return process.isAlive();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Says why this process has killed one that was starting: its exit code does not. */
  private String givenUp(Process process, List<Thread> drains, Exception e) {
    var _ = Reaper.exitCode(process);
    WorkerProcess.awaitRemainingOutput(drains);
    return "a worker JVM did not start: it was killed by its pool, because its start could not go"
        + " on: "
        + e.getMessage()
        + whatItPrinted();
  }

  private String failure(Process process, List<Thread> drains, Exception e) {
    int code = Reaper.exitCode(process);
    WorkerProcess.awaitRemainingOutput(drains);
    var text = new StringBuilder("a worker JVM did not start: ");
    if (tooLate.get()) {
      text.append("it was not ready within ")
          .append(limit.toMillis())
          .append(" ms; raise that with withStartupTimeout if it needs longer");
    } else if (exitedLong) {
      text.append("it was killed by its pool, ").append(WorkerProcess.EXITING_LONG);
    } else {
      Path crashLog = Launcher.crashLog(Long.toString(process.pid()));
      boolean crashed = ExitDiagnosis.isWrittenSince(crashLog, launched.launchedMillis());
      text.append("it ").append(ExitDiagnosis.manner(code, crashed));
      if (crashed) {
        text.append("; the JVM's own report is at ").append(crashLog);
      } else if (!(e instanceof EOFException)) {
        text.append(" (").append(e.getMessage()).append(')');
      }
    }
    return text.append(whatItPrinted()).toString();
  }

  private String whatItPrinted() {
    List<String> lines = printed.last();
    return lines.isEmpty() ? ". It printed nothing." : ". It printed:\n" + String.join("\n", lines);
  }
}
