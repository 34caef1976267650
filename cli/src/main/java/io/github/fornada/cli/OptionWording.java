package io.github.fornada.cli;

import java.util.regex.Pattern;

/** Replaces names of methods in the library's messages by options of the command. */
final class OptionWording {
  private static final Pattern HEAP = Pattern.compile("withHeap(\\([^)]*\\))?|the worker heap");
  private static final Pattern WORKERS =
      Pattern.compile("withWorkers(\\([^)]*\\))?|lower workers\\b");
  private static final Pattern TIMEOUT = Pattern.compile("withTimeout(\\([^)]*\\))?");
  private static final Pattern RETRIES = Pattern.compile("withRetries(\\([^)]*\\))?");

  private static final Pattern BACK_OFF = Pattern.compile("withBackOff(\\([^)]*\\))?");

  /** The command has no option for these; a worker's JVM reads an environment variable. */
  private static final Pattern JVM_OPTIONS = Pattern.compile("withJvmOptions\\(\"([^\"]*)\"\\)");

  /** Advice that only a program can follow, and so is removed. */
  private static final Pattern NO_OPTION =
      Pattern.compile(
          ", or replace workers in time with withMaxTasks"
              + "|; raise that with withStartupTimeout if it needs longer");

  private OptionWording() {}

  /** Returns a message of the library, with the options of the command. */
  static String withOptions(String message) {
    String text = HEAP.matcher(message).replaceAll("--heap");
    text =
        WORKERS
            .matcher(text)
            .replaceAll(
                found -> found.group().startsWith("lower") ? "lower --workers" : "--workers");
    text = TIMEOUT.matcher(text).replaceAll("--timeout");
    text = RETRIES.matcher(text).replaceAll("--retries");
    text = BACK_OFF.matcher(text).replaceAll("--back-off");
    text = JVM_OPTIONS.matcher(text).replaceAll("JDK_JAVA_OPTIONS=$1");
    return NO_OPTION.matcher(text).replaceAll("");
  }
}
