package io.github.fornada.benchmarks.pipelines.jox;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.ChannelDone;
import io.github.fornada.benchmarks.peers.Measure;
import io.github.fornada.benchmarks.pipelines.Rows;
import java.util.ArrayList;

/**
 * Stages on virtual threads, joined by Jox's buffered channels: what its flows are made of. Arguments:
 * the row, and the seconds.
 */
public final class JoxPeer {
  private static final int PLACES = 4096;

  private JoxPeer() {}

  public static void main(String[] args) throws Exception {
    double seconds = Double.parseDouble(args[1]);
    switch (args[0]) {
      case "version" -> Measure.say("version", System.getProperty("peer.version"), "");
      case "empty" -> Rows.tiny("empty", seconds, "4096 places", 3, n -> run(n, 3, 1));
      case "threads" -> Rows.tiny("threads", seconds, "two stages of two", 2, n -> run(n, 2, 2));
      default -> throw new IllegalArgumentException("no such row: " + args[0]);
    }
  }

  private static long run(int items, int stages, int workers) throws Exception {
    var channels = new ArrayList<Channel<Integer>>();
    for (int k = 0; k <= stages; k++) {
      channels.add(Channel.newBufferedChannel(PLACES));
    }
    Thread.startVirtualThread(() -> {
      try {
        for (int k = 0; k < items; k++) {
          channels.getFirst().send(k);
        }
        channels.getFirst().done();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    for (int k = 0; k < stages; k++) {
      Channel<Integer> in = channels.get(k);
      Channel<Integer> out = channels.get(k + 1);
      var left = new java.util.concurrent.atomic.AtomicInteger(workers);
      for (int w = 0; w < workers; w++) {
        Thread.startVirtualThread(() -> stage(in, out, left));
      }
    }
    long sum = 0;
    for (Object next = channels.getLast().receiveOrClosed();
        !(next instanceof ChannelDone);
        next = channels.getLast().receiveOrClosed()) {
      sum += (Integer) next;
    }
    return sum;
  }

  private static void stage(
      Channel<Integer> in, Channel<Integer> out, java.util.concurrent.atomic.AtomicInteger left) {
    try {
      for (Object next = in.receiveOrClosed();
          !(next instanceof ChannelDone);
          next = in.receiveOrClosed()) {
        out.send(Rows.increment((Integer) next));
      }
      if (left.decrementAndGet() == 0) {
        out.done();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
