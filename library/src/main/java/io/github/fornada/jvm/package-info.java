/**
 * Small helpers around the JVM that every room uses: one timer, interrupts, the log, durations and
 * texts of bounded length. Not exported.
 */
@NullMarked
package io.github.fornada.jvm;

import org.jspecify.annotations.NullMarked;
