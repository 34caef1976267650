package io.github.fornada.stress;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts how often each item was run. The workers count in a file that all of them map, so the
 * counts of a killed worker remain. Also counts how often each item got an outcome.
 */
final class Tally implements Serializable, AutoCloseable {
  private static final long serialVersionUID = 1;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final Map<String, MemorySegment> MAPPED = new ConcurrentHashMap<>();

  private final String file;

  private Tally(String file) {
    this.file = file;
  }

  static Tally of(int items) throws IOException {
    Path file = Files.createTempFile("storm-tally-", "");
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.allocate(1), 8L * items - 1);
    }
    return new Tally(file.toString());
  }

  private static MemorySegment map(String file) {
    try (var channel =
        FileChannel.open(Path.of(file), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), Arena.ofAuto());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private MemorySegment memory() {
    return MAPPED.computeIfAbsent(file, Tally::map);
  }

  /** Counts a run of this item. Returns how often it was run before. */
  int ran(int id) {
    return (int) INT.getAndAdd(memory(), 8L * id, 1);
  }

  /** Counts an outcome of this item. Returns how many it had before. */
  int ended(int id) {
    return (int) INT.getAndAdd(memory(), 8L * id + 4, 1);
  }

  int runs(int id) {
    return (int) INT.getVolatile(memory(), 8L * id);
  }

  int outcomes(int id) {
    return (int) INT.getVolatile(memory(), 8L * id + 4);
  }

  @Override
  public void close() throws IOException {
    MAPPED.remove(file);
    Files.deleteIfExists(Path.of(file));
  }
}
