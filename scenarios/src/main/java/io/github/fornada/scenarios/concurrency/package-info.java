/** Cakes: several at a time is concurrency, several hands is parallelism. */
@NullMarked
package io.github.fornada.scenarios.concurrency;

import org.jspecify.annotations.NullMarked;
