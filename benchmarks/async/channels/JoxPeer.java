package io.github.fornada.benchmarks.async.channels;

import com.softwaremill.jox.Channel;
import io.github.fornada.benchmarks.async.HandOver;

/** Jox's channels between virtual threads. Arguments: the row, and the seconds to measure. */
public final class JoxPeer {
  private JoxPeer() {}

  public static void main(String[] args) throws Exception {
    HandOver.main(
        args,
        "Jox " + System.getProperty("peer.version"),
        new HandOver.Way("", HandOver.between(JoxPeer::open)));
  }

  private static HandOver.Link open(int capacity) {
    Channel<Integer> channel =
        capacity == 0 ? Channel.newRendezvousChannel() : Channel.newBufferedChannel(capacity);
    return new HandOver.Link() {
      @Override
      public void send(Integer value) throws InterruptedException {
        channel.send(value);
      }

      @Override
      public Integer receive() throws InterruptedException {
        return channel.receive();
      }
    };
  }
}
