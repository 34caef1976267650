package io.github.fornada.cli;

import io.github.fornada.jvm.HeapShortage;

/** What the command says where its own memory is over. */
final class HeapAdvice {
  private static final long GIGABYTE = 1L << 30;

  /** Less is not worth to be asked for. */
  private static final long LEAST_GIGABYTES = 4;

  private HeapAdvice() {}

  /**
   * Returns whether more heap would help: the JVM throws the same error where it can start no
   * thread, load no class, and for an array or a text that is longer than any can be.
   */
  static boolean isOver(OutOfMemoryError e) {
    return HeapShortage.isOfHeap(e)
        // as much as the heap, unless it is set
        || String.valueOf(e.getMessage()).contains("direct buffer memory");
  }

  /** Returns why the command has ended, and what to do. */
  static String words(OutOfMemoryError e) {
    String why = String.valueOf(e.getMessage());
    if (why.contains("native thread")) {
      return "the command could start no thread: "
          + why
          + ". Look at the limits of the process, such as ulimit -u and the pids limit of its"
          + " container";
    }
    return "the command is out of memory: "
        + why
        + (isOver(e) ? ". Give it more: " + more() + " fornada ..." : "");
  }

  /** Returns the setting for the JVM that gives the command more heap than it has. */
  static String more() {
    return "JDK_JAVA_OPTIONS=-Xmx" + more(Runtime.getRuntime().maxMemory()) + "g";
  }

  /** Returns how many gigabytes are more than so many bytes. */
  static long more(long bytes) {
    return Math.max(LEAST_GIGABYTES, Math.ceilDiv(bytes, GIGABYTE) * 2);
  }
}
