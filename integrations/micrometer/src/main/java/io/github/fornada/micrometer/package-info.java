/** Meters of pools and scopes for Micrometer. */
@NullMarked
package io.github.fornada.micrometer;

import org.jspecify.annotations.NullMarked;
