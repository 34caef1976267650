package io.github.fornada.advice.sense;

/**
 * How busy the machine was between two readings of {@link SystemLoad}. Figures are in processors,
 * or parts of the time from 0 to 1. What cannot be measured is NaN.
 *
 * @param nanos the length of the time between the readings, in nanoseconds
 * @param busyCores the processor time of this JVM and its worker processes, per time, without that
 *     of the threads that watch the pool; the part of the just-in-time compilers is {@code
 *     compilerCores}
 * @param foreignCores that of other programs on the processors that this JVM may use, stolen time
 *     included
 * @param stolenCores the time that a hypervisor gave to other machines, per time
 * @param throttledShare the part of the scheduler's periods in which a quota held this program back
 * @param pressure the part of the time in which something in this container, or on this machine,
 *     waited for a processor
 * @param collectorShare the garbage collector's part of the processor time of this JVM
 * @param compilerCores the processor time of the just-in-time compilers, per time
 */
public record Load(
    double nanos,
    double busyCores,
    double foreignCores,
    double stolenCores,
    double throttledShare,
    double pressure,
    double collectorShare,
    double compilerCores) {}
