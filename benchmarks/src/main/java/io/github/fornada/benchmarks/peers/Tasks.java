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

  /** The functions by index, for peers that send a task class of their own with that index. */
  public static final List<TaskFunction<?, ?>> NAMED =
      List.of(INCREMENT, LENGTH, NEXT, SPIN, StartTask.INCREMENT);

  /** Returns a new lambda that has captured a number. */
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

  /** Returns the length of shared bytes. Each worker maps them once; they are not copied. */
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

  /** Reports the pid of its worker, then waits to be killed. */
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

  /** Uses only processor time. */
  static long spin(long rounds) {
    long x = rounds;
    for (long i = 0; i < rounds; i++) {
      x = x * 6364136223846793005L + 1442695040888963407L;
    }
    return x;
  }
}
