package io.github.fornada.advice.decide;

/** What decides how fast a job runs: the reason that comes first in its advice. */
public enum Cause {
  /** Nothing was measured yet. */
  UNKNOWN("unknown"),
  /** Items compute, and each more in flight keeps one more core busy. */
  COMPUTES("computes"),
  /** Items wait for sockets. */
  SOCKETS("sockets"),
  /** Items wait for a connection or another permit of a pool of them. */
  CONNECTION_POOL("connection-pool"),
  /** Items sleep. */
  SLEEPS("sleeps"),
  /** Items wait for files. */
  FILES("files"),
  /** Items wait for other tasks: results, latches, queues. */
  SIGNALS("signals"),
  /** Items wait, and it could not be told for what. */
  WAITS("waits"),
  /** One item at a time is within a lock of this JVM. */
  LOCK("lock"),
  /** One item at a time is within a lock of a native library. */
  NATIVE_LOCK("native-lock"),
  /** Items slow each other down without waiting, in one JVM but not in several. */
  SHARED_STATE("shared-state"),
  /** Items slow each other down in one JVM and in several: memory bandwidth, or the cache. */
  MEMORY("memory"),
  /** The garbage collector takes much of the processor time. */
  COLLECTOR("collector"),
  /** A quota holds this program back. */
  QUOTA("quota"),
  /** Other programs keep the machine busy. */
  BUSY_MACHINE("busy-machine"),
  /** There are too few items for more than one at a time to matter. */
  FEW_ITEMS("few-items"),
  /** An item takes hardly longer than handing it over. */
  SMALL_ITEMS("small-items"),
  /** Most of the time so far went into starting and compiling. */
  WARM_UP("warm-up"),
  /** Sending items and results to worker processes costs more than they gain. */
  SHIPPING("shipping"),
  /** Items are taken faster than their source gives them. */
  SLOW_SOURCE("slow-source"),
  /** A single item keeps several cores busy. */
  PARALLEL_INSIDE("parallel-inside");

  private final String label;

  Cause(String label) {
    this.label = label;
  }

  /** Returns the short lower-case name, as in JSON. It does not change between versions. */
  public String label() {
    return label;
  }
}
