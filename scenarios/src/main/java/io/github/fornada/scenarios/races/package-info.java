/** Counting together: what is lost without synchronisation, and what synchronisation costs. */
@NullMarked
package io.github.fornada.scenarios.races;

import org.jspecify.annotations.NullMarked;
