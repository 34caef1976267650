package io.github.fornada.async;

/**
 * Where a thread is in user code: the innermost frame that belongs neither to the JDK nor to this
 * library, and what it has called.
 *
 * @param frame such as {@code Users.find:42}; empty if there is none
 * @param called such as {@code Thread.sleep}; empty if that frame is the innermost
 * @param isJoin whether it waits for the tasks of a scope
 */
record StackLocation(String frame, String called, boolean isJoin) {
  static final StackLocation UNSEEN = new StackLocation("", "", false);

  private static final String OURS = StackLocation.class.getPackageName() + ".";

  static StackLocation of(Thread thread) {
    return of(thread.getStackTrace());
  }

  static StackLocation of(StackTraceElement[] stack) {
    StackTraceElement callee = null;
    boolean join = false;
    for (StackTraceElement element : stack) {
      if (!isOutside(element.getClassName())) {
        return new StackLocation(text(element), callee == null ? "" : callText(callee), join);
      }
      join |= isJoin(element);
      callee = element;
    }
    return new StackLocation("", "", join);
  }

  private static boolean isJoin(StackTraceElement element) {
    return element.getClassName().equals(TaskScope.class.getName())
        && (element.getMethodName().equals("join") || element.getMethodName().equals("close"));
  }

  private static boolean isOutside(String type) {
    return type.startsWith("java.")
        || type.startsWith("javax.")
        || type.startsWith("jdk.")
        || type.startsWith("sun.")
        || type.startsWith(OURS);
  }

  /**
   * Returns whether there is no such frame: the thread has not reached the task, or has left it.
   */
  boolean isNowhere() {
    return frame.isEmpty();
  }

  private static String text(StackTraceElement element) {
    String method = element.getMethodName();
    if (method.startsWith("lambda$")) {
      int end = method.indexOf('$', 7);
      method = end > 7 ? method.substring(7, end) : method;
    }
    String line = element.getLineNumber() > 0 ? ":" + element.getLineNumber() : "";
    return simple(element.getClassName()) + "." + method + line;
  }

  private static String callText(StackTraceElement element) {
    return simple(element.getClassName()) + "." + element.getMethodName();
  }

  private static String simple(String type) {
    String name = type.substring(type.lastIndexOf('.') + 1);
    int lambda = name.indexOf("$$");
    return (lambda > 0 ? name.substring(0, lambda) : name).replace('$', '.');
  }

  /**
   * Returns a text of at most {@code columns} characters: to fit, the call loses its class, then is
   * left out, then the frame is cut.
   */
  String within(int columns) {
    String whole = toString();
    if (whole.length() <= columns) {
      return whole;
    }
    if (!called.isEmpty() && !isJoin) {
      String shorter = frame + " in " + called.substring(called.lastIndexOf('.') + 1);
      if (shorter.length() <= columns) {
        return shorter;
      }
    }
    if (frame.length() <= columns) {
      return frame;
    }
    return "…" + frame.substring(frame.length() - columns + 1);
  }

  @Override
  public String toString() {
    return called.isEmpty() || isJoin ? frame : frame + " in " + called;
  }
}
