/** Carries the current trace of OpenTelemetry to tasks, and spans for tasks. */
@NullMarked
package io.github.fornada.opentelemetry;

import org.jspecify.annotations.NullMarked;
