package io.github.fornada.benchmarks.async;

import io.github.fornada.benchmarks.peers.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.FutureTask;
import java.util.function.IntFunction;

/** The rows of hand-over between two tasks, for everything that runs in a JVM. */
public final class HandOver {
  /** 0 is a rendezvous: the sender waits until the element is received. */
  private static final int[] CAPACITIES = {0, 1, 16, 256};

  private static final int MESSAGES = 20_000;
  private static final int WARM_UP = 2_000;

  private HandOver() {}

  /** Two tasks that talk; throws UnsupportedOperationException for a capacity they do not have. */
  public interface Talk {
    /** Sends 0 to n - 1 from one task to the other; returns the sum of what was received. */
    long oneWay(int n, int capacity) throws Exception;

    /** The same, each sent after the previous one has come back through a second channel. */
    long thereAndBack(int n) throws Exception;
  }

  /** One setting of a peer. The best of a peer's settings counts, and the note names it. */
  public record Way(String name, Talk talk) {}

  /** A channel as the rows use it. */
  public interface Link {
    void send(Integer value) throws Exception;

    Integer receive() throws Exception;
  }

  /** The main method of a peer that has only channels. */
  public static void main(String[] args, String version, Way... ways) throws Exception {
    switch (args[0]) {
      case "version" -> Programs.version(version);
      case "channel" -> measure(Double.parseDouble(args[1]), "", ways);
      default -> throw new IllegalArgumentException("no row is called " + args[0]);
    }
  }

  /** Measures all rows. The suffix distinguishes several peers of one column. */
  static void measure(double seconds, String suffix, Way... ways) throws Exception {
    warmUp(seconds, ways);
    for (int capacity : CAPACITIES) {
      best(
          seconds,
          "channel-" + capacity + suffix,
          way -> n -> check(n, way.talk.oneWay(n, capacity)),
          ways);
    }
    best(seconds, "channel-back" + suffix, way -> n -> check(n, way.talk.thereAndBack(n)), ways);
  }

  /** Runs everything in turns, so that what is measured first is not what is compiled first. */
  private static void warmUp(double seconds, Way[] ways) throws Exception {
    long end = System.nanoTime() + Measure.nanos(1.5 + seconds);
    do {
      for (Way way : ways) {
        for (int capacity : CAPACITIES) {
          try {
            check(WARM_UP, way.talk.oneWay(WARM_UP, capacity));
          } catch (UnsupportedOperationException e) {
            // Not measured: best() leaves it out.
          }
        }
        check(WARM_UP, way.talk.thereAndBack(WARM_UP));
      }
    } while (System.nanoTime() < end);
  }

  private interface Operations {
    Measure.Operations of(Way way);
  }

  private static void best(double seconds, String row, Operations operations, Way... ways)
      throws Exception {
    List<String> told = new ArrayList<>();
    double best = 0;
    for (Way way : ways) {
      try {
        double rate = Measure.warmRate(seconds, MESSAGES, operations.of(way));
        best = Math.max(best, rate);
        told.add(String.format(Locale.ROOT, "%s %.0f", way.name, rate).strip());
      } catch (UnsupportedOperationException e) {
        told.add((way.name + " none").strip());
      }
    }
    if (best > 0) {
      Measure.emit(row, best, "/s", ways.length > 1 ? String.join(", ", told) : ways[0].name);
    }
  }

  private static void check(int n, long sum) {
    Measure.check(sum == (long) n * (n - 1) / 2, "the sum of what was received");
  }

  /** Two virtual threads and a link. */
  public static Talk between(IntFunction<Link> open) {
    return new Talk() {
      @Override
      public long oneWay(int n, int capacity) throws Exception {
        Link link = open.apply(capacity);
        return together(
            () -> {
              for (int i = 0; i < n; i++) {
                link.send(i);
              }
            },
            () -> {
              long sum = 0;
              for (int i = 0; i < n; i++) {
                sum += link.receive();
              }
              return sum;
            });
      }

      @Override
      public long thereAndBack(int n) throws Exception {
        Link requests = open.apply(1);
        Link replies = open.apply(1);
        return together(
            () -> {
              for (int i = 0; i < n; i++) {
                replies.send(requests.receive());
              }
            },
            () -> {
              long sum = 0;
              for (int i = 0; i < n; i++) {
                requests.send(i);
                sum += replies.receive();
              }
              return sum;
            });
      }
    };
  }

  private interface Sending {
    void run() throws Exception;
  }

  private interface Receiving {
    long run() throws Exception;
  }

  private static long together(Sending sending, Receiving receiving) throws Exception {
    var sent =
        new FutureTask<>(() -> {
          sending.run();
          return true;
        });
    var received = new FutureTask<>(receiving::run);
    Thread.startVirtualThread(sent);
    Thread.startVirtualThread(received);
    sent.get();
    return received.get();
  }
}
