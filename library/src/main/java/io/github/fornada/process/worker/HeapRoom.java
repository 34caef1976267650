package io.github.fornada.process.worker;

/** How much room the heap of this worker has. */
final class HeapRoom {
  /** If less than one part in this many of the heap is free, it is full. */
  private static final int MIN_FREE = 16; // Guess

  private HeapRoom() {}

  /** Returns whether hardly anything is free. Allocates nothing. */
  static boolean isFull() {
    Runtime runtime = Runtime.getRuntime();
    long most = runtime.maxMemory();
    return most - runtime.totalMemory() + runtime.freeMemory() < most / MIN_FREE;
  }
}
