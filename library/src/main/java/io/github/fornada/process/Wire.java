package io.github.fornada.process;

/** The types of messages and frames; {@code docs/protocol.md} tells what each holds. */
final class Wire {
  // Ring, to the worker.
  static final int FUNCTION = 1;
  static final int FORGET = 2;
  static final int TASK = 3;

  /** Plain items in a row, for one function. */
  static final int TASKS = 4;

  /** A large array will come: no item yet, only its kind and size. */
  static final int COMING = 5;

  // Ring, to the parent.
  static final int STARTED = 10;
  static final int DONE = 11;
  static final int FAILED = 12;
  static final int TIMED_OUT = 13;
  static final int CANCELLED = 14;
  static final int OUTPUT = 15;

  /** The result of one of TASKS; the item's number is in the upper bits of the type. */
  static final int VALUE = 16;

  /** How long the items of one TASKS took together. */
  static final int SPENT = 17;

  // Control, to the worker.
  static final int CONFIG = 20;
  static final int CANCEL = 21;
  static final int CLASS = 22;
  static final int EXIT = 23;
  static final int RESOURCE = 24;
  static final int UNMAP = 26;

  // Control, both ways.
  static final int BELL = 25;

  // Control, to the parent.
  static final int READY = 30;
  static final int FIND_CLASS = 31;
  static final int STUCK = 32;
  static final int SET_UP_FAILED = 33;
  static final int FIND_RESOURCE = 34;

  /** How the answer to a question for a class or a resource begins. */
  static final int NOT_FOUND = 0;

  static final int FOUND = 1;

  /** Flags of a payload. */
  static final int IN_MESSAGE = 0;

  static final int IN_FILE = 1;

  /** The bare bytes of one array of primitives, in a file. */
  static final int ARRAY_IN_FILE = 2;

  /** Exit code of a worker whose parent is gone. */
  static final int EXIT_ORPHANED = 91;

  /** Exit code of a worker that lost its way in the protocol. */
  static final int EXIT_PROTOCOL = 92;

  /**
   * Exit code of a worker that has reported a task's OutOfMemoryError and makes room for another.
   */
  static final int EXIT_OUT_OF_MEMORY = 93;

  private Wire() {}

  /** The type of a message that is the result of the item of this number. */
  static int value(long number) {
    return VALUE | (int) number << 8;
  }

  static boolean isValue(int type) {
    return (type & 0xFF) == VALUE;
  }
}
