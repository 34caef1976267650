package io.github.fornada.advice.decide;

/** What an item waits for while it is off the processor. */
public enum WaitKind {
  /** A monitor or a java.util.concurrent lock of this JVM. */
  LOCK,
  /** A lock within a native library. */
  NATIVE_LOCK,
  /** A connection, or another permit, of a pool of them. */
  CONNECTION_POOL,
  /** A socket, or an asynchronous client that reads one. */
  SOCKET,
  /** A file. */
  FILE,
  /** The end of a sleep. */
  SLEEP,
  /** Another task's result, a latch, a queue. */
  SIGNAL,
  /** Something that could not be told. */
  UNKNOWN
}
