package io.github.fornada.process;

import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.PayloadFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

  private final PoolContact pool;
  private final Fetcher fetcher;
  private final AgentReports reports;

  /** The copies by the path that each has on the pool's machine. */
  private final Map<String, Path> fetched = new HashMap<>();

  AgentFiles(PoolContact pool, Fetcher fetcher, AgentReports reports) {
    this.pool = pool;
    this.fetcher = fetcher;
    this.reports = reports;
  }

  /**
   * Copies a file of the pool's machine into the private folder of this agent's workers, which look
   * for it there: its own folder may be one that this machine does not have, or another user's.
   */
  void fetch(String path, long size, AgentRunner runner) throws IOException, InterruptedException {
    if (Files.exists(Path.of(path))) {
      return; // it is the same machine
    }
    reports.silent(true);
    try {
      fetchTo(Mappings.placeOf(path, runner.folder()), path, size);
    } finally {
      reports.silent(false);
    }
  }

  private void fetchTo(Path file, String path, long size) throws IOException, InterruptedException {
    fetched.put(path, file);
    byte[] way = pool.ask(pool.question(RemoteWire.WAY).putString(path));
    if (way.length > 1) {
      if (fetcher.fetch(Arrays.copyOfRange(way, 1, way.length), file)) {
        return;
      }
      PayloadFiles.deleteQuietly(file); // whatever there is of it
    }
    try (var to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
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
        ByteBuffer part = ByteBuffer.wrap(answer, 1, answer.length - 1);
        at += part.remaining();
        while (part.hasRemaining()) {
          var _ = to.write(part);
        }
      }
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
