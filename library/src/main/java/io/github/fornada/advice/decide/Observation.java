package io.github.fornada.advice.decide;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What was measured during one stretch of time under one setting. Times are in nanoseconds; a
 * figure that could not be measured is NaN.
 *
 * @param setting the setting; while a change to it is under way, the new one
 * @param settled whether all items that ended in this stretch also began under this setting
 * @param nanos the length of the stretch
 * @param begun the number of items that began
 * @param done the number of items that ended well
 * @param failed the number of items that ended otherwise, {@code refused} included
 * @param refused the number of items that failed in a way that looks like overload of the other
 *     side: a refused connection, a time-out, an HTTP 429 or 503 in the message
 * @param inFlight the mean number of items in flight
 * @param responseNanos the mean time of an item that ended, from its start to its end
 * @param responseSquareNanos the mean of the squares of those times
 * @param cpuNanos the processor time of an item
 * @param allocatedBytes the heap that an item allocated
 * @param argumentBytes the size of an item as it is, or would be, sent to a worker process
 * @param resultBytes the size of a result, likewise
 * @param waits the time of an item spent waiting, by what it waited for; empty if nobody looked,
 *     and not empty, if only by a zero, if somebody did
 * @param locks the locks that were waited for, the most waited for first
 * @param queueNanos the time that an item spent ready to run without a processor
 * @param offProcessorNanos how long the items in flight have all been off the processor at the end
 *     of the stretch; 0 if one of them is running
 * @param busyCores the processor time of this JVM and its worker processes, per time, without what
 *     watching takes
 * @param foreignCores that of everything else on the machine, stolen time included
 * @param throttledShare the part of the time in which a quota held this program back
 * @param collectorShare the garbage collector's part of the processor time
 * @param compilerCores the processor time of the just-in-time compilers, per time
 * @param idleForInputShare the part of the time in which fewer items were in flight than the
 *     setting allows because the source gave none
 * @param itemsLeft the number of items that have not begun; -1 if unknown
 */
public record Observation(
    Setting setting,
    boolean settled,
    double nanos,
    long begun,
    long done,
    long failed,
    long refused,
    double inFlight,
    double responseNanos,
    double responseSquareNanos,
    double cpuNanos,
    double allocatedBytes,
    double argumentBytes,
    double resultBytes,
    Map<WaitKind, Double> waits,
    List<LockSite> locks,
    double queueNanos,
    double offProcessorNanos,
    double busyCores,
    double foreignCores,
    double throttledShare,
    double collectorShare,
    double compilerCores,
    double idleForInputShare,
    long itemsLeft) {
  /** Copies the collections. */
  public Observation {
    var inOrder = new EnumMap<WaitKind, Double>(WaitKind.class); // the same in each run
    inOrder.putAll(waits);
    waits = Collections.unmodifiableMap(inOrder);
    locks = List.copyOf(locks);
  }

  /** Returns the same with another number of items left. */
  public Observation withItemsLeft(long left) {
    return new Observation(
        setting,
        settled,
        nanos,
        begun,
        done,
        failed,
        refused,
        inFlight,
        responseNanos,
        responseSquareNanos,
        cpuNanos,
        allocatedBytes,
        argumentBytes,
        resultBytes,
        waits,
        locks,
        queueNanos,
        offProcessorNanos,
        busyCores,
        foreignCores,
        throttledShare,
        collectorShare,
        compilerCores,
        idleForInputShare,
        left);
  }
}
