/** Computations: primes, Mandelbrot, Monte Carlo, matrices, and a sum that memory bounds. */
@NullMarked
package io.github.fornada.scenarios.math;

import org.jspecify.annotations.NullMarked;
