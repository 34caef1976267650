package io.github.fornada.cli;

import java.util.regex.Pattern;

/** The library's messages in the words of the command line: an option rather than a method. */
final class Spoken {
  private static final Pattern HEAP = Pattern.compile("withHeap(\\([^)]*\\))?|the worker heap");
  private static final Pattern WORKERS =
      Pattern.compile("withWorkers(\\([^)]*\\))?|lower workers\\b");
  private static final Pattern TIMEOUT = Pattern.compile("with(TimeLimit|Timeout)(\\([^)]*\\))?");
  private static final Pattern RETRIES = Pattern.compile("withRetries(\\([^)]*\\))?");

  private Spoken() {}

  /** A message of the library, with the options of the command. */
  static String withOptions(String message) {
    String text = HEAP.matcher(message).replaceAll("--heap");
    text =
        WORKERS
            .matcher(text)
            .replaceAll(
                found -> found.group().startsWith("lower") ? "lower --workers" : "--workers");
    text = TIMEOUT.matcher(text).replaceAll("--timeout");
    return RETRIES.matcher(text).replaceAll("--retries");
  }
}
