package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.PayloadFiles;
import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The files of shared bytes that an agent has fetched from its pool's machine. Used by the thread
 * that polls, and at the end by the last one.
 */
final class AgentFiles {
  private static final int FETCH_BYTES = 4 << 20;

  /** The cluster's own way to get shared bytes. */
  interface Fetcher {
    boolean fetch(byte[] way, Path to) throws InterruptedException;
  }

  /** Thrown if this machine, and not the pool, is what fails. */
  private static final class NoRoomException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    NoRoomException(IOException cause) {
      super(cause);
    }
  }

  private final String agent;
  private final PoolContact pool;
  private final Fetcher fetcher;
  private final AgentReports reports;

  /** The copies by the path that each has on the pool's machine. */
  private final Map<String, Path> fetched = new HashMap<>();

  AgentFiles(String agent, PoolContact pool, Fetcher fetcher, AgentReports reports) {
    this.agent = agent;
    this.pool = pool;
    this.fetcher = fetcher;
    this.reports = reports;
  }

  /**
   * Copies a file of the pool's machine into the private folder of this agent's workers, which look
   * for it there: its own folder may be one that this machine does not have, or another user's.
   * Where this machine has no room, only the items fail that use it.
   *
   * @throws IOException if the pool cannot be asked
   */
  void fetch(String path, long size, AgentRunner runner) throws IOException, InterruptedException {
    if (Files.exists(Path.of(path))) {
      return; // it is the same machine
    }
    reports.silent(true);
    try {
      fetchTo(path, size, runner);
    } catch (NoRoomException e) {
      noRoom(size, e);
    } finally {
      reports.silent(false);
    }
  }

  private void noRoom(long size, NoRoomException e) {
    String text =
        "fornada: "
            + agent
            + " could not keep a copy of "
            + size
            + " shared bytes, so items there that use them fail: "
            + e.getCause();
    Log.get().log(System.Logger.Level.WARNING, text, e);
    byte[] line = (text + "\n").getBytes(Charset.defaultCharset());
    reports.add(out -> AgentEntries.printed(true, line, out));
  }

  private void fetchTo(String path, long size, AgentRunner runner)
      throws IOException, InterruptedException, NoRoomException {
    Path file = place(path, runner);
    fetched.put(path, file);
    byte[] way = pool.ask(pool.question(RemoteWire.WAY).putString(path));
    if (way.length > 1) {
      if (fetcher.fetch(Arrays.copyOfRange(way, 1, way.length), file) && hasSize(file, size)) {
        return;
      }
      PayloadFiles.deleteQuietly(file); // whatever there is of it
    }
    try {
      append(file, new byte[1], StandardOpenOption.CREATE_NEW);
      for (long at = 0; at < size; ) {
        byte[] answer =
            pool.ask(
                pool.question(RemoteWire.FETCH)
                    .putString(path)
                    .putLong(at)
                    .putInt((int) Math.min(FETCH_BYTES, size - at)));
        if (answer.length < 2) {
          return; // closed meanwhile: who reads it is told
        }
        append(file, answer, StandardOpenOption.APPEND);
        at += answer.length - 1;
      }
    } catch (NoRoomException e) {
      empty(file);
      throw e;
    }
  }

  private static Path place(String path, AgentRunner runner) throws NoRoomException {
    try {
      return Mappings.placeOf(path, runner.folder());
    } catch (IOException e) {
      throw new NoRoomException(e);
    }
  }

  private static boolean hasSize(Path file, long size) {
    try {
      return Files.size(file) == size;
    } catch (IOException e) {
      return false;
    }
  }

  /** Writes what an answer has behind its first byte. */
  private static void append(Path file, byte[] answer, StandardOpenOption how)
      throws NoRoomException {
    try (var to = FileChannel.open(file, how, StandardOpenOption.WRITE)) {
      ByteBuffer part = ByteBuffer.wrap(answer, 1, answer.length - 1);
      while (part.hasRemaining()) {
        var _ = to.write(part);
      }
    } catch (IOException e) {
      throw new NoRoomException(e);
    }
  }

  /** Gives back its room. It stays: where it is not there, the bytes count as closed. */
  private static void empty(Path file) {
    try (var _ =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
      // that is all
    } catch (IOException e) {
      // then it is not there, or no file
    }
  }

  void unshare(String path) {
    Path file = fetched.remove(path);
    if (file != null) {
      PayloadFiles.deleteQuietly(file);
    }
    Mappings.forget(path);
  }

  /** Deletes all copies; returns the paths that they had on the pool's machine. */
  Set<String> deleteAll() {
    for (Path file : fetched.values()) {
      PayloadFiles.deleteQuietly(file);
    }
    return Set.copyOf(fetched.keySet());
  }
}
