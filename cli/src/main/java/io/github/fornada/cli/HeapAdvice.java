package io.github.fornada.cli;

/** What the command says where its own memory is over. */
final class HeapAdvice {
  private static final long GIGABYTE = 1L << 30;

  /** Less is not worth to be asked for. */
  private static final long LEAST_GIGABYTES = 4;

  private HeapAdvice() {}

  /**
   * Returns whether more heap would help: the JVM throws the same error for an array or a text that
   * is longer than any can be.
   */
  static boolean isOver(OutOfMemoryError e) {
    String why = String.valueOf(e.getMessage());
    return !why.contains("array size exceeds") // of the JVM
        && !why.contains("Required length exceeds") // of ArraysSupport
        && !why.contains("String size"); // of StringUTF16
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
