package io.github.fornada.benchmarks.async.channels;

import io.github.fornada.benchmarks.async.HandOver;
import kotlin.KotlinVersion;

/** Channels of kotlinx-coroutines. Arguments: the row, and the seconds to measure. */
public final class KotlinPeer {
  private KotlinPeer() {}

  public static void main(String[] args) throws Exception {
    HandOver.main(
        args,
        "kotlinx-coroutines " + System.getProperty("peer.version") + ", Kotlin " + KotlinVersion.CURRENT,
        new HandOver.Way("Dispatchers.Default", new Talk(true)),
        new HandOver.Way("runBlocking's own thread", new Talk(false)));
  }

  private record Talk(boolean spread) implements HandOver.Talk {
    @Override
    public long oneWay(int n, int capacity) {
      return Coroutines.oneWay(n, capacity, spread);
    }

    @Override
    public long thereAndBack(int n) {
      return Coroutines.thereAndBack(n, spread);
    }
  }
}
