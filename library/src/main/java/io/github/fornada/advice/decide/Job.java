package io.github.fornada.advice.decide;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a job before it runs. A doubt is {@link #NOT_EXAMINED} until somebody has
 * looked.
 *
 * @param items the number of items; -1 if unknown
 * @param threadDoubt why it may be wrong to run the function on several threads of one JVM at once,
 *     such as {@code com.acme.Parser.format is a static SimpleDateFormat}; null if nothing was
 *     found
 * @param processDoubt why items, function or results cannot be sent to a worker process; null if
 *     nothing was found
 * @param mostInFlight the maximum number of items in flight that the user allows
 * @param mostProcesses the maximum number of worker processes that user and memory allow
 */
public record Job(
    long items,
    @Nullable String threadDoubt,
    @Nullable String processDoubt,
    int mostInFlight,
    int mostProcesses) {
  /**
   * The doubt of a job that nobody has looked at yet: nothing is risked, and nothing is known. It
   * is in recorded runs, so its words stay as they are.
   */
  public static final String NOT_EXAMINED = "its classes were not examined yet";

  /** Returns whether a doubt is not one that was found, but that nobody has looked yet. */
  public static boolean isNotExamined(@Nullable String doubt) {
    return NOT_EXAMINED.equals(doubt);
  }
}
