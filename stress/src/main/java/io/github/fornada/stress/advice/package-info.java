/**
 * A simulator of jobs, to see how good the advisor's decisions are on machines of 1 to 64 cores,
 * where the best setting is known.
 */
@NullMarked
package io.github.fornada.stress.advice;

import org.jspecify.annotations.NullMarked;
