package io.github.fornada.process;

import java.time.Duration;

/**
 * How one place for a worker has spent its time, over all the workers that were in it.
 *
 * @param name name of the place, such as {@code worker-1}
 * @param pid process id of the worker there now; 0 if there is none
 * @param outstanding items sent to it and not yet answered
 * @param tasks items it has answered
 * @param starts workers started in this place
 * @param lost workers that died unasked
 * @param startingTime time spent starting
 * @param workingTime time spent running tasks
 * @param waitingTime time spent ready without a task
 */
public record WorkerStats(
    String name,
    long pid,
    int outstanding,
    long tasks,
    int starts,
    int lost,
    Duration startingTime,
    Duration workingTime,
    Duration waitingTime) {}
