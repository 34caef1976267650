/** Fornada's side of benchmarks/pipelines, and queues by hand in the same JVM. */
@NullMarked
package io.github.fornada.benchmarks.pipelines;

import org.jspecify.annotations.NullMarked;
