package io.github.fornada.timeline;

import io.github.fornada.TaskUsage;

/**
 * The figures of one measured run.
 *
 * <p>Durations are of attempts: a task that was tried twice has two. The quantiles are by nearest
 * rank, so each is the duration of some attempt; all are 0 where nothing ran.
 *
 * @param wallNanos from {@link Timeline#begin} to {@link Timeline#end}; where those were not
 *     called, from the first start to the last end
 * @param tasks how many have their outcome; the sum of the next five
 * @param done how many have a result
 * @param failed how many threw
 * @param timedOut how many were over their limit
 * @param cancelled how many were not wanted any more
 * @param lost how many went down with their worker
 * @param inFlight mean number of tasks in progress: the sum of all durations divided by the wall
 *     time
 * @param cpuNanos processor time of all tasks together; {@link TaskUsage#UNKNOWN} where it was
 *     measured of none, as on virtual threads, and too low where it was measured of some
 * @param p50Nanos half of the attempts took no longer
 * @param p95Nanos 95 of 100 attempts took no longer
 * @param p99Nanos 99 of 100 attempts took no longer
 * @param maxNanos the longest attempt
 * @param workers how many threads or worker processes were seen, by name
 */
public record TimelineSummary(
    long wallNanos,
    long tasks,
    long done,
    long failed,
    long timedOut,
    long cancelled,
    long lost,
    double inFlight,
    long cpuNanos,
    long p50Nanos,
    long p95Nanos,
    long p99Nanos,
    long maxNanos,
    int workers) {}
