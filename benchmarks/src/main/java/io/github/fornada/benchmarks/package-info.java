/** The cost of Fornada itself, compared with the JDK's own means. */
@NullMarked
package io.github.fornada.benchmarks;

import org.jspecify.annotations.NullMarked;
