/**
 * Small helpers around the JVM that every package uses: one timer, interrupts, the log, durations,
 * and texts that are made in bounded time. Not exported.
 */
@NullMarked
package io.github.fornada.jvm;

import org.jspecify.annotations.NullMarked;
