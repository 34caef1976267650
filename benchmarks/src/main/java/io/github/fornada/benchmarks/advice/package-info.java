/**
 * Workloads for the pool that chooses how to run, and the program that runs one of them in one way.
 * See {@code benchmarks/advice}.
 */
@NullMarked
package io.github.fornada.benchmarks.advice;

import org.jspecify.annotations.NullMarked;
