package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.wire.Connection;
import io.github.fornada.process.wire.FifoConnection;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * FIFOs in the pool's private folder, through which one worker connects: one for each direction,
 * and one for the wake-ups in each. Their names are deleted when it has.
 *
 * <p>The JDK has sockets, but no way to make a FIFO, so a program of the system does that. A worker
 * that needs no sockets is ready sooner: the first use of a Unix-domain socket sets up the JDK's
 * random numbers, and for that its security providers.
 */
final class Fifos implements Entrance {
  /** The prefix of the names of all such files. */
  static final String NAME = "line-";

  /** The suffix of the FIFO that the worker reads. */
  private static final String DOWN = ".down";

  /** The suffix of the FIFO that the worker writes. */
  private static final String UP = ".up";

  /** The suffix of the FIFO in which the worker sleeps. */
  private static final String WORKERS_BELL = ".bell";

  /** The suffix of the FIFO in which the parent sleeps until the worker has results. */
  private static final String PARENTS_BELL = ".call";

  private static final List<String> SUFFIXES = List.of(DOWN, UP, WORKERS_BELL, PARENTS_BELL);

  private static final List<Path> PROGRAMS =
      List.of(Path.of("/usr/bin/mkfifo"), Path.of("/bin/mkfifo"));

  /** How long the program may take, which usually takes a millisecond. */
  private static final long MAKING_SECONDS = 5; // Guess

  private final Path path;
  private final int number;
  private final String token;
  private final FileChannel up;
  private final FileChannel down;

  private Fifos(Path path, int number, String token) throws IOException {
    this.path = path;
    this.number = number;
    this.token = token;
    this.up = FifoConnection.both(with(path, UP));
    try {
      this.down = FifoConnection.both(with(path, DOWN));
    } catch (IOException | RuntimeException | Error e) {
      up.close();
      throw e;
    }
  }

  private static Path with(Path path, String suffix) {
    return path.resolveSibling(path.getFileName() + suffix);
  }

  /**
   * Begins to make the FIFOs at each of these paths; returns null if that is not possible here. For
   * the result see {@link #areMade}.
   */
  static @Nullable Process beginMaking(List<Path> paths) {
    var ends = new ArrayList<Path>();
    for (Path path : paths) {
      SUFFIXES.forEach(suffix -> ends.add(with(path, suffix)));
    }
    return beginMakingThese(ends);
  }

  /** Makes these FIFOs, where that is possible, and waits until they are there. */
  static void make(List<Path> paths) {
    Process making = beginMakingThese(paths);
    if (making != null && !hasSucceeded(making)) {
      Log.get().log(System.Logger.Level.DEBUG, "not all FIFOs could be made: " + paths);
    }
  }

  private static @Nullable Process beginMakingThese(List<Path> paths) {
    Path program = program();
    if (program == null) {
      return null;
    }
    var command = new ArrayList<>(List.of(program.toString(), "-m", "600"));
    paths.forEach(path -> command.add(path.toString()));
    try {
      return new ProcessBuilder(command)
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start();
    } catch (IOException | OutOfMemoryError e) { // no process, or no thread, can be had
      Log.get().log(System.Logger.Level.DEBUG, "no FIFOs could be made: " + paths, e);
      return null;
    }
  }

  /** Waits until the FIFOs are made; returns false if they cannot be. */
  static boolean areMade(@Nullable Process making, List<Path> paths) {
    if (making != null && hasSucceeded(making)) {
      return true;
    }
    Log.get().log(System.Logger.Level.DEBUG, "no FIFOs could be made: " + paths);
    paths.forEach(Fifos::delete);
    return false;
  }

  /**
   * Returns an entrance through the FIFOs at this path.
   *
   * @throws IOException if they are not there any more
   */
  static Fifos open(Path path, int number, String token) throws IOException {
    return new Fifos(path, number, token);
  }

  private static @Nullable Path program() {
    // Elsewhere a FIFO that is open in both directions may behave in another way.
    if (System.getProperty("os.name", "").equals("Linux")) {
      for (Path program : PROGRAMS) {
        if (Files.isExecutable(program)) {
          return program;
        }
      }
    }
    return null;
  }

  private static boolean hasSucceeded(Process making) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          boolean over = making.waitFor(MAKING_SECONDS, TimeUnit.SECONDS);
          making.destroyForcibly();
          return over && making.exitValue() == 0;
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

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Connection accept() throws IOException, InterruptedException {
    try {
      var hello = ByteBuffer.allocate(Hello.BYTES);
      while (hello.hasRemaining()) {
        int _ = up.read(hello); // no end of the stream: this process has opened both ends
      }
      hello.flip();
      if (!Hello.isFrom(number, token, hello)) {
        throw new IOException("what came from it was not its token");
      }
      return FifoConnection.open(
          with(path, UP),
          with(path, DOWN),
          with(path, PARENTS_BELL),
          with(path, WORKERS_BELL),
          () -> false);
    } catch (IOException e) {
      if (Thread.interrupted()) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      if (e instanceof ClosedChannelException || !up.isOpen()) {
        throw (EOFException) new EOFException("it ended before it connected").initCause(e);
      }
      throw e;
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    HandshakeServer.closeQuietly(up);
    HandshakeServer.closeQuietly(down);
    delete(path);
  }

  private static void delete(Path path) {
    try {
      for (String suffix : SUFFIXES) {
        Files.deleteIfExists(with(path, suffix));
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the end of the pool: " + path, e);
    }
  }

  /**
   * Connects to a pool and presents the token. Called by the worker.
   *
   * @throws ConnectException if the pool is gone
   */
  static Connection connect(Path path, int number, String token) throws IOException {
    Optional<ProcessHandle> parent = ProcessHandle.current().parent();
    Connection connection;
    try {
      connection =
          FifoConnection.open(
              with(path, DOWN),
              with(path, UP),
              with(path, WORKERS_BELL),
              with(path, PARENTS_BELL),
              // whoever's parent ends gets another one
              () -> !ProcessHandle.current().parent().equals(parent));
    } catch (NoSuchFileException e) {
      throw gone(e);
    }
    try {
      Hello.send(number, token, connection);
    } catch (IOException e) {
      connection.close();
      throw gone(e);
    }
    return connection;
  }

  private static ConnectException gone(IOException e) {
    return (ConnectException) new ConnectException("the pool is gone").initCause(e);
  }
}
