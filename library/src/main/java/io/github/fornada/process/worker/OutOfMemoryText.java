package io.github.fornada.process.worker;

/**
 * Explains an OutOfMemoryError: which resource ran out, and which option gives more of it. The JVM
 * throws the same class for the heap, for classes, for memory outside the heap and for threads.
 */
final class OutOfMemoryText {
  private OutOfMemoryText() {}

  /**
   * Returns the same error with advice added; an error that user code created is returned
   * unchanged.
   */
  static OutOfMemoryError explained(OutOfMemoryError thrown, String heap) {
    if (thrown.getClass() != OutOfMemoryError.class) {
      return thrown;
    }
    String message = String.valueOf(thrown.getMessage());
    var told = new OutOfMemoryError(message + "; " + advice(message, heap));
    told.setStackTrace(thrown.getStackTrace());
    return told;
  }

  /** Returns advice according to the JVM's message, which differs a little between versions. */
  static String advice(String message, String heap) {
    if (message.contains("Metaspace") || message.contains("Compressed class space")) {
      return "the classes of this worker have filled the memory for them: raise it with"
          + " withJvmOptions(\"-XX:MaxMetaspaceSize=...\") (or"
          + " -XX:CompressedClassSpaceSize=...), or replace workers in time with withMaxTasks";
    }
    if (message.contains("irect buffer memory") || message.contains("Unable to allocate")) {
      return "this is memory outside the heap: raise it with"
          + " withJvmOptions(\"-XX:MaxDirectMemorySize=...\"), or let go of buffers sooner";
    }
    if (message.contains("native thread")) {
      return "the system gives this worker no more threads: lower how many the task starts, or"
          + " raise the limit of the user or the container (ulimit -u, pids.max)";
    }
    if (message.contains("array size") || message.contains("implementation limit")) {
      return "no Java array can be that long, however large the heap: split what the item makes";
    }
    return "the heap of this worker is limited to "
        + heap
        + ": raise it with withHeap, or lower what one item needs";
  }
}
