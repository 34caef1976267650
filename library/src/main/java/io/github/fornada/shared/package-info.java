/**
 * Objects that the tasks of a pool share, in worker processes too: arrays, values, counters, flags,
 * latches, barriers, locks, semaphores and queues, made by {@link
 * io.github.fornada.shared.SharedSpace}. A process that dies takes none of them with it, and
 * whatever it held is given back.
 */
@NullMarked
package io.github.fornada.shared;

import org.jspecify.annotations.NullMarked;
