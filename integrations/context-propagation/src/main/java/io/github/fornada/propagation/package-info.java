/** Carries what Micrometer's context propagation knows to tasks. */
@NullMarked
package io.github.fornada.propagation;

import org.jspecify.annotations.NullMarked;
