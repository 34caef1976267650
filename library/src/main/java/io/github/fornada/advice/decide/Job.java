package io.github.fornada.advice.decide;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a job before it runs.
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
    int mostProcesses) {}
