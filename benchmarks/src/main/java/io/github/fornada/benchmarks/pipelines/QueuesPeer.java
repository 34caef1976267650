package io.github.fornada.benchmarks.pipelines;

import static io.github.fornada.benchmarks.peers.Measure.say;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Stages by hand: a thread each, and bounded queues. Arguments: the row, and the seconds. */
public final class QueuesPeer {
  /** As many places as Fornada gives to tiny items. */
  private static final int PLACES = 4096;

  private static final Integer END = Integer.MIN_VALUE;

  private QueuesPeer() {}

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    switch (args[0]) {
      case "version" -> say("version", "", "");
      case "empty" -> Rows.tiny("empty", seconds, "4096 places", 3, n -> run(n, 3));
      default -> throw new IllegalArgumentException("no such row: " + args[0]);
    }
  }

  private static long run(int items, int stages) throws InterruptedException {
    var queues = new ArrayList<BlockingQueue<Integer>>();
    for (int k = 0; k <= stages; k++) {
      queues.add(new ArrayBlockingQueue<>(PLACES));
    }
    var threads = new ArrayList<Thread>();
    threads.add(
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int k = 0; k < items; k++) {
                  queues.getFirst().put(k);
                }
                queues.getFirst().put(END);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }));
    for (int k = 0; k < stages; k++) {
      BlockingQueue<Integer> in = queues.get(k);
      BlockingQueue<Integer> out = queues.get(k + 1);
      threads.add(Thread.ofPlatform().start(() -> stage(in, out)));
    }
    long sum = 0;
    for (Integer n = queues.getLast().take(); !n.equals(END); n = queues.getLast().take()) {
      sum += n;
    }
    for (Thread thread : List.copyOf(threads)) {
      thread.join();
    }
    return sum;
  }

  private static void stage(BlockingQueue<Integer> in, BlockingQueue<Integer> out) {
    try {
      for (Integer n = in.take(); !n.equals(END); n = in.take()) {
        out.put(Rows.increment(n));
      }
      out.put(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
