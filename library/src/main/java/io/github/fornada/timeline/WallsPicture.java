package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What limits the rate of a job, for a section of the {@linkplain HtmlReport#withWalls page}: the
 * walls that the number of items in flight meets, the rates that were measured, how an item spends
 * its time, and the way to the setting that was chosen. Immutable.
 *
 * <p>With {@code n} items in flight, at most {@code n / (cpu + wait)}, {@code cores / cpu}, {@code
 * 1 / lock} and {@code capacity} items end in a second (Denning and Buzen, 1978).
 */
public final class WallsPicture {
  private final Walls walls;
  private final List<Dot> dots;
  private final List<String> steps;

  private WallsPicture(Walls walls, List<Dot> dots, List<String> steps) {
    this.walls = walls;
    this.dots = List.copyOf(dots);
    this.steps = List.copyOf(steps);
  }

  /** What an item needs, and what there is. Times are in seconds. */
  record Walls(double cpu, double away, double lock, double cores, double capacity) {}

  /** A rate that was measured. */
  record Dot(String setting, int inFlight, double rate, long items, boolean chosen) {}

  /**
   * Returns a picture of the walls alone.
   *
   * @param cpuSeconds the processor time of an item, that within a lock included
   * @param waitSeconds the time for which an item waits for what is not contended
   * @param lockSeconds the part of both for which it holds the lock that is waited for most; 0 for
   *     none
   * @param cores the cores that can be used, which may be a fraction
   * @param capacity the most that the other side gives, in items a second; infinite if no limit was
   *     seen
   * @throws IllegalArgumentException if a time is negative or not finite, if processor time and
   *     wait are both 0, or if there are no cores or capacity
   */
  public static WallsPicture of(
      double cpuSeconds, double waitSeconds, double lockSeconds, double cores, double capacity) {
    requireTime("cpuSeconds", cpuSeconds);
    requireTime("waitSeconds", waitSeconds);
    requireTime("lockSeconds", lockSeconds);
    if (!(cpuSeconds + waitSeconds > 0)) {
      throw new IllegalArgumentException("cpuSeconds and waitSeconds must not both be 0");
    }
    if (!(cores > 0) || Double.isInfinite(cores)) {
      throw new IllegalArgumentException("cores must be positive, got " + cores);
    }
    if (!(capacity > 0)) {
      throw new IllegalArgumentException("capacity must be positive, got " + capacity);
    }
    var walls = new Walls(cpuSeconds, waitSeconds, lockSeconds, cores, capacity);
    return new WallsPicture(walls, List.of(), List.of());
  }

  private static void requireTime(String name, double seconds) {
    if (!(seconds >= 0) || Double.isInfinite(seconds)) {
      throw new IllegalArgumentException(name + " must be 0 or more, got " + seconds);
    }
  }

  /**
   * Returns this picture with one more rate that was measured.
   *
   * @param setting its name, such as {@code 4 threads}
   * @param inFlight the number of items in flight, at least 1
   * @param itemsPerSecond the rate; one that is not positive is left out of the drawing
   * @param items the number of items it was measured with
   * @param chosen whether this is the setting that was chosen
   */
  public WallsPicture withDot(
      String setting, int inFlight, double itemsPerSecond, long items, boolean chosen) {
    Objects.requireNonNull(setting, "setting");
    if (inFlight < 1) {
      throw new IllegalArgumentException("inFlight must be at least 1, got " + inFlight);
    }
    var more = new ArrayList<>(dots);
    more.add(new Dot(setting, inFlight, itemsPerSecond, items, chosen));
    return new WallsPicture(walls, more, steps);
  }

  /** Returns this picture with one more step on the way to the setting, in a sentence. */
  public WallsPicture withStep(String sentence) {
    var more = new ArrayList<>(steps);
    more.add(Objects.requireNonNull(sentence, "sentence"));
    return new WallsPicture(walls, dots, more);
  }

  Walls walls() {
    return walls;
  }

  List<Dot> dots() {
    return dots;
  }

  List<String> steps() {
    return steps;
  }
}
