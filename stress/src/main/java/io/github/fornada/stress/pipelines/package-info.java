/**
 * Random pipelines, each drawn from a seed, and an oracle that knows what a plain loop would give.
 */
@NullMarked
package io.github.fornada.stress.pipelines;

import org.jspecify.annotations.NullMarked;
