package io.github.fornada.shared.memory;

/** The letters for classes of shared objects, in the names of their files. */
public final class ObjectKind {
  public static final char ARRAY = 'a';
  public static final char COUNTER = 'c';
  public static final char FLAG = 'f';
  public static final char LATCH = 'l';
  public static final char LOCK = 'k';
  public static final char SEMAPHORE = 's';
  public static final char BARRIER = 'b';
  public static final char VALUE = 'v';
  public static final char QUEUE = 'q';

  /** The bytes of the elements of a queue that are on lease: see {@link Leases}. */
  static final char LEASED = 'e';

  private ObjectKind() {}

  /** Returns whether a process can have something of such an object that must be taken back. */
  static boolean hasClaims(char kind) {
    return kind == LOCK || kind == SEMAPHORE || kind == BARRIER || kind == VALUE || kind == QUEUE;
  }
}
