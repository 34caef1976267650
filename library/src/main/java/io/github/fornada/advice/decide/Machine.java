package io.github.fornada.advice.decide;

/**
 * What is known of the machine. Times are in nanoseconds.
 *
 * @param processors the processors that the JVM sees
 * @param usableCores the cores that can be used: fewer than {@code processors} under a quota
 * @param memoryBytes the memory that worker processes may use in all
 * @param workerBytes the memory of one idle worker process
 * @param workerStartNanos the time from asking for a worker process until it is ready
 * @param workerStartCpuNanos the processor time of that start
 * @param handOverNanos the time to hand an item over to another thread
 * @param processHandOverNanos the time to hand a small item over to a worker process and back
 * @param nanosPerByte the time to send one byte to a worker process, both sides together
 * @param memoryScaling how much memory bandwidth two threads get, in terms of one: from 1 to 2
 */
public record Machine(
    int processors,
    double usableCores,
    long memoryBytes,
    long workerBytes,
    double workerStartNanos,
    double workerStartCpuNanos,
    double handOverNanos,
    double processHandOverNanos,
    double nanosPerByte,
    double memoryScaling) {}
