package io.github.fornada.benchmarks.peers;

import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The tasks that the Java peers run. */
public final class Tasks {
  /** The small record: a number, a word, a measure. */
  public record Point(int id, String name, double x) implements Serializable {}

  static final TaskFunction<Integer, Integer> INCREMENT = Tasks::increment;
  static final TaskFunction<byte[], Integer> LENGTH = Tasks::length;
  static final TaskFunction<Point, Point> NEXT = Tasks::next;
  static final TaskFunction<Long, Long> SPIN = Tasks::spin;

  /** For peers that send a class of their own for each task: its number does for the function. */
  public static final List<TaskFunction<?, ?>> NAMED = List.of(INCREMENT, LENGTH, NEXT, SPIN);

  /** A fresh capturing lambda is made of this. */
  static TaskFunction<Integer, Integer> plus(int captured) {
    return n -> n + captured;
  }

  private Tasks() {}

  public static int increment(int n) {
    return n + 1;
  }

  static int length(byte[] data) {
    return data.length;
  }

  /** The length of bytes that no one copies. Each worker maps them once. */
  static int sharedLength(SharedBytes bytes) {
    return (int) bytes.segment().byteSize();
  }

  public static Point next(Point p) {
    return new Point(p.id() + 1, p.name(), p.x() * 2);
  }

  /** Sleeps first, so that two of these go to two workers. */
  static long ownPid(int millis) throws InterruptedException {
    Thread.sleep(millis);
    return ProcessHandle.current().pid();
  }

  /** Says where it is, then waits to be killed. */
  static int hang(String path) throws Exception {
    Path part = Path.of(path + ".part");
    Files.writeString(part, Long.toString(ProcessHandle.current().pid()));
    Files.move(part, Path.of(path), StandardCopyOption.ATOMIC_MOVE);
    Thread.sleep(60_000);
    return 0;
  }

  static int pause(int millis) throws InterruptedException {
    Thread.sleep(millis);
    return millis;
  }

  /** Nothing but processor time. */
  static long spin(long rounds) {
    long x = rounds;
    for (long i = 0; i < rounds; i++) {
      x = x * 6364136223846793005L + 1442695040888963407L;
    }
    return x;
  }
}
