/** Carries SLF4J's MDC to the tasks of a pool or a scope. */
@NullMarked
package io.github.fornada.slf4j;

import org.jspecify.annotations.NullMarked;
