package io.github.fornada.process.host;

/** What runs when this JVM exits. */
public final class ExitHooks {
  private ExitHooks() {}

  /**
   * Adds a hook as {@link Runtime#addShutdownHook} does, with an exception that says what its
   * failure means here.
   */
  public static void add(Thread hook) {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      var ending =
          new IllegalStateException(
              "no worker JVMs can be started any more: this JVM is shutting down");
      // The usual reason is Ctrl-C at this moment, so a stack on the terminal does not help.
      ending.setStackTrace(new StackTraceElement[0]);
      throw ending;
    }
  }

  /** Removes a hook, unless the JVM is shutting down: then it runs. */
  public static void remove(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down.
    }
  }
}
