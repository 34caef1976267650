/**
 * What all scenarios share: the same function run under each model in turn, every result checked,
 * and the figures with their intervals.
 */
@NullMarked
package io.github.fornada.scenarios.harness;

import org.jspecify.annotations.NullMarked;
