/** Chooses how to run a function over many items, by measuring it while the work goes on. */
@NullMarked
package io.github.fornada.advice;

import org.jspecify.annotations.NullMarked;
