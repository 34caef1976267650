package io.github.fornada.stress.advice;

import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Machine;
import java.util.SplittableRandom;

/** A job on a machine, both drawn at random. Times are in seconds. */
final class World {
  static final double HAND_OVER = 1e-6;
  static final double PROCESS_HAND_OVER = 40e-6;
  static final double SECONDS_PER_BYTE = 1e-9;
  static final double WORKER_START = 0.25;
  static final double WORKER_START_CPU = 0.3;

  final Shape first;

  /** What items are like from {@link #changesAt} on. */
  final Shape second;

  final long seed;
  final long items;

  /** The index of the item at which the work changes; {@code items} if it does not. */
  final long changesAt;

  /** The time of an item alone, on average, before and after the change. */
  final double unit;

  final double unitAfter;

  /** The factor by which items grow from the first to the last. */
  final double drift;

  /** The processor time that a new JVM loses before it is warm. */
  final double debt;

  final double bytes;

  /** More than this many in flight are refused. */
  final int refuses;

  final boolean threadsUnsafe;
  final boolean notSerializable;
  final double noise;
  final boolean seesHolder;
  private final double[] phases = new double[3];

  World(SplittableRandom random, Shape[] shapes) {
    seed = random.nextLong();
    first = shapes[random.nextInt(shapes.length)];
    boolean changes = random.nextDouble() < 0.15;
    second = changes ? other(random, shapes) : first;
    unit = Math.pow(10, -5.5 + 6 * random.nextDouble());
    unitAfter = changes ? unit * Math.pow(10, -0.7 + 1.4 * random.nextDouble()) : unit;
    drift = drift(random.nextDouble(), random.nextDouble());
    double seconds = 0.05 * Math.pow(2000, random.nextDouble());
    double best = 0;
    for (int size : Shape.SIZES) {
      best = Math.max(best, first.rate(size, false));
    }
    double count = seconds * Math.min(best / unit, 1 / HAND_OVER);
    items = (long) Math.clamp(count, 1, 2e8);
    changesAt = changes ? (long) (items * (0.2 + 0.6 * random.nextDouble())) : items;
    debt = 0.02 * Math.pow(50, random.nextDouble());
    bytes = 100 * Math.pow(10, random.nextDouble() < 0.7 ? 1 : 5 * random.nextDouble());
    boolean refusing = first.wait > 0.3 && random.nextDouble() < 0.2;
    refuses =
        refusing
            ? (int) Math.round(Math.pow(10, 0.5 + 2 * random.nextDouble()))
            : Integer.MAX_VALUE;
    threadsUnsafe = random.nextDouble() < 0.05;
    notSerializable = random.nextDouble() < 0.1;
    noise = random.nextDouble() < 0.5 ? 0.01 : 0.08 * random.nextDouble();
    seesHolder = random.nextBoolean();
    for (int i = 0; i < phases.length; i++) {
      phases[i] = 2 * Math.PI * random.nextDouble();
    }
  }

  /** Items stay as they are; or get a little shorter or longer; or up to four times as long. */
  private static double drift(double kind, double how) {
    return kind < 0.22 ? 0.7 + 0.8 * how : kind < 0.3 ? 1.5 + 2.5 * how : 1;
  }

  private Shape other(SplittableRandom random, Shape[] shapes) {
    while (true) {
      Shape shape = shapes[random.nextInt(shapes.length)];
      if (shape.cores == first.cores) {
        return shape;
      }
    }
  }

  Shape shape(long index) {
    return index < changesAt ? first : second;
  }

  /** Returns the size of an item in terms of the first unit, on average. */
  double mean(long index) {
    double grown = 1 + (drift - 1) * index / Math.max(1, items);
    return index < changesAt ? grown : grown * unitAfter / unit;
  }

  double size(long index) {
    return mean(index) * Sizes.of(shape(index).variation, seed, index);
  }

  /** Returns how fast everything goes at a time: 1 on average. Neighbours, clocks, networks. */
  double speed(double time) {
    return 1
        + noise
            * (Math.sin(phases[0] + time * 31) * 0.6
                + Math.sin(phases[1] + time * 4.1)
                + Math.sin(phases[2] + time * 0.37));
  }

  Machine machine() {
    double scaling = first.sharing == Shape.Sharing.MEMORY ? 2 / (1 + first.growth) : 1.8;
    return new Machine(
        first.cores,
        first.cores,
        64L << 30,
        60L << 20,
        WORKER_START * 1e9,
        WORKER_START_CPU * 1e9,
        HAND_OVER * 1e9,
        PROCESS_HAND_OVER * 1e9,
        SECONDS_PER_BYTE * 1e9,
        Math.clamp(scaling, 1, 2));
  }

  Job job() {
    return new Job(
        items,
        threadsUnsafe ? "Parser.FORMAT is a static SimpleDateFormat" : null,
        notSerializable ? "Parser.socket is not serializable" : null,
        Shape.MOST,
        first.cores);
  }

  @Override
  public String toString() {
    String text =
        String.format(
            java.util.Locale.ROOT,
            "cores=%d items=%,d unit=%.2gs %s drift=%.2f change=%.2f debt=%.2fs bytes=%.0f"
                + " refuses=%d unsafe=%b notSerializable=%b noise=%.3f",
            first.cores,
            items,
            unit,
            first,
            drift,
            (double) changesAt / items,
            debt,
            bytes,
            refuses,
            threadsUnsafe,
            notSerializable,
            noise);
    return changesAt == items
        ? text
        : String.format(java.util.Locale.ROOT, "%s, then unit=%.2gs %s", text, unitAfter, second);
  }
}
