package io.github.fornada.process.wire;

/** The types of messages and frames; {@code docs/protocol.md} describes their contents. */
public final class MessageTypes {
  // Ring, to the worker.
  public static final int FUNCTION = 1;
  public static final int FORGET = 2;
  public static final int TASK = 3;

  /** A row: consecutive items for one function. */
  public static final int TASKS = 4;

  /** Announces a large array: its kind and size, and no item yet. */
  public static final int COMING = 5;

  // Ring, to the parent.
  public static final int STARTED = 10;
  public static final int DONE = 11;
  public static final int FAILED = 12;
  public static final int TIMED_OUT = 13;
  public static final int CANCELLED = 14;
  public static final int OUTPUT = 15;

  /** The result of one of TASKS; the item's number is in the upper bits of the type. */
  static final int VALUE = 16;

  /** The time that the items of one TASKS took together. */
  public static final int SPENT = 17;

  // Control, to the worker.
  static final int CONFIG = 20;
  public static final int CANCEL = 21;
  public static final int CLASS = 22;
  public static final int EXIT = 23;
  public static final int RESOURCE = 24;
  public static final int UNMAP = 26;

  /** The parent has seen {@link #EXITING}: the thread that reads this must not delay the exit. */
  public static final int EXITING_SEEN = 27;

  // Control, both ways.
  public static final int BELL = 25;

  // Control, to the parent.
  public static final int READY = 30;
  public static final int FIND_CLASS = 31;
  public static final int STUCK = 32;
  public static final int SET_UP_FAILED = 33;
  public static final int FIND_RESOURCE = 34;

  /** The worker's JVM has begun to exit: its shutdown hooks run. */
  public static final int EXITING = 35;

  /** The worker has freed a shared object: the path of its file. */
  public static final int FREED = 36;

  /** The first byte of the answer to a request for a class or a resource. */
  public static final int NOT_FOUND = 0;

  public static final int FOUND = 1;

  /** The class belongs to another loader, whose number follows: 0 for the worker's own. */
  public static final int ELSEWHERE = 2;

  /** Flags of a payload. */
  public static final int IN_MESSAGE = 0;

  public static final int IN_FILE = 1;

  /** The raw bytes of one array of primitives are in a file. */
  public static final int ARRAY_IN_FILE = 2;

  /** Exit code of a worker whose parent is gone. */
  public static final int EXIT_ORPHANED = 91;

  /** Exit code of a worker that received data that violates the protocol. */
  public static final int EXIT_PROTOCOL = 92;

  /**
   * Exit code of a worker that has reported a task's OutOfMemoryError and must be replaced by a new
   * one.
   */
  public static final int EXIT_OUT_OF_MEMORY = 93;

  /** Exit code of a worker in which a task has left no file descriptor to report anything. */
  public static final int EXIT_OUT_OF_FILES = 94;

  /** Exit code of a worker whose heap is full, and which does hardly anything but collect it. */
  public static final int EXIT_HEAP_FULL = 95;

  private MessageTypes() {}

  /** Returns the type of a message that is the result of the item with this number. */
  public static int value(long number) {
    return VALUE | (int) number << 8;
  }

  public static boolean isValue(int type) {
    return (type & 0xFF) == VALUE;
  }
}
