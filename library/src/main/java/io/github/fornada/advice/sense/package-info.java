/**
 * The sensors of the advisor: what the threads of a job wait for, how much of the machine there is,
 * whether a function may run on threads, and what it costs to send its items elsewhere. Nothing
 * here decides anything.
 */
@NullMarked
package io.github.fornada.advice.sense;

import org.jspecify.annotations.NullMarked;
