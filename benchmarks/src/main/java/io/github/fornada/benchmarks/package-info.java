/** What Fornada's own work costs, beside what one would use without it. */
@NullMarked
package io.github.fornada.benchmarks;

import org.jspecify.annotations.NullMarked;
