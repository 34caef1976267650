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
 * @param isForAdvice whether it runs to be measured: then it may take a moment to see what an item
 *     takes alone
 */
public record Job(
    long items,
    @Nullable String threadDoubt,
    @Nullable String processDoubt,
    int mostInFlight,
    int mostProcesses,
    boolean isForAdvice) {
  /** Bound to true where a pool is opened to measure a job, and not to have it done soon. */
  public static final ScopedValue<Boolean> MEASURING = ScopedValue.newInstance();

  /**
   * The doubt of a job that nobody has looked at yet: nothing is risked, and nothing is known. It
   * is in recorded runs, so its words stay as they are.
   */
  public static final String NOT_EXAMINED = "its classes were not examined yet";

  /** Creates a job that is to be done as soon as possible. */
  public Job(
      long items,
      @Nullable String threadDoubt,
      @Nullable String processDoubt,
      int mostInFlight,
      int mostProcesses) {
    this(items, threadDoubt, processDoubt, mostInFlight, mostProcesses, false);
  }

  /** Returns whether a doubt is not one that was found, but that nobody has looked yet. */
  public static boolean isNotExamined(@Nullable String doubt) {
    return NOT_EXAMINED.equals(doubt);
  }
}
