/**
 * The decisions: observations in, decision and reasons out. Nothing here reads a clock, starts a
 * thread or touches the machine, so that a decision can be replayed, tested and simulated.
 */
@NullMarked
package io.github.fornada.advice.decide;

import org.jspecify.annotations.NullMarked;
