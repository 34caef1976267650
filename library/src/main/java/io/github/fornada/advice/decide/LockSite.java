package io.github.fornada.advice.decide;

/**
 * A lock for which items were seen to wait.
 *
 * @param place the first frame of the waiting thread that belongs to the user or to a library, such
 *     as {@code com.acme.Parser.parse(Parser.java:42)}
 * @param holderPlace what the holder was doing meanwhile, in the same form; empty if it was not
 *     seen
 * @param lockClass the class of the lock object
 * @param holders the name of the thread that held it most often; empty if it was not seen
 * @param waitShare the part of all waiting for locks that was here, from 0 to 1
 * @param heldShare the part of the time in which somebody held it, from 0 to 1; NaN if unknown
 */
public record LockSite(
    String place,
    String holderPlace,
    String lockClass,
    String holders,
    double waitShare,
    double heldShare) {}
