package io.github.fornada.stress;

import io.github.fornada.TaskFunction;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Items of many shapes and a function whose correct result is known: small items with an encoding
 * of their own, records that are serialized, arrays in the ring, and arrays too large for it.
 *
 * @param tally counts the runs; null if items occur more than once
 * @param longestMicros the longest an item takes
 */
record Work(long seed, @Nullable Tally tally, int longestMicros)
    implements TaskFunction<Object, Object> {
  /** Larger than the longest message of a ring, so it goes through a file. */
  private static final int LARGE = 200_000;

  record Job(int id, String text) implements Serializable {}

  record Answer(int id, long value, String text) implements Serializable {}

  static long mix(long seed, long id) {
    long z = seed + id * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Returns the item with this number. */
  Object item(int id) {
    long h = mix(seed, id);
    int kind = (int) Math.floorMod(h, 1000L);
    if (kind < 700) {
      return id;
    } else if (kind < 850) {
      return "job " + id;
    } else if (kind < 950) {
      return new Job(id, "text of " + id);
    } else {
      byte[] data = new byte[kind < 998 ? 100 + (int) Math.floorMod(h >> 20, 20_000L) : LARGE];
      Arrays.fill(data, (byte) h);
      for (int i = 0; i < 4; i++) {
        data[i] = (byte) (id >>> (8 * i));
      }
      return data;
    }
  }

  /** Returns the first {@code count} items, created as they are taken. */
  Iterable<Object> items(int count) {
    return () -> IntStream.range(0, count).mapToObj(this::item).iterator();
  }

  static int idOf(Object item) {
    return switch (item) {
      case Integer id -> id;
      case String text -> Integer.parseInt(text.substring(4));
      case Job job -> job.id();
      case byte[] data ->
          (data[0] & 0xFF)
              | (data[1] & 0xFF) << 8
              | (data[2] & 0xFF) << 16
              | (data[3] & 0xFF) << 24;
      default -> throw new IllegalArgumentException("no item of these: " + item.getClass());
    };
  }

  @Override
  public Object apply(Object item) {
    int id = idOf(item);
    if (tally != null && tally.ran(id) > 0) {
      throw new IllegalStateException("item " + id + " is run again");
    }
    if (longestMicros > 0) {
      busy(Math.floorMod(mix(seed + 1, id), (long) longestMicros) * 1000);
    }
    return result(item);
  }

  @SuppressWarnings("ThreadPriorityCheck") // onSpinWait is intended
  static void busy(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private Object result(Object item) {
    return switch (item) {
      case Integer id -> mix(seed + 2, id);
      case String text -> text + " done";
      case Job job -> new Answer(job.id(), mix(seed + 3, job.id()), job.text() + " done");
      case byte[] data -> {
        byte[] turned = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
          turned[i] = (byte) ~data[data.length - 1 - i];
        }
        yield turned;
      }
      default -> throw new IllegalArgumentException("no item of these: " + item.getClass());
    };
  }

  /** Returns whether this is the correct result for the item. */
  boolean isRight(Object item, Object result) {
    Object wanted = result(item);
    return wanted instanceof byte[] bytes
        ? result instanceof byte[] got && Arrays.equals(bytes, got)
        : Objects.equals(wanted, result);
  }
}
